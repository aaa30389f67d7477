use consign_trust::SignedBy;

/// A signature of a manifest that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Who signed.
    pub by: SignedBy,
    /// In which form: not every consumer reads all.
    pub form: Form,
}

/// In which form something is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// A Sigstore bundle in a manifest about the image.
    Bundle,
    /// A layer under a tag that is made of the image's digest: cosign's older form.
    Tag,
    /// The same layer in a manifest about the image, which cosign 2 wrote as an experiment.
    Referrer,
}

impl Form {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Tag => "tag",
            Self::Referrer => "referrer",
        }
    }
}
