use crate::{AttachError, Signatory};
use consign_oci::{Descriptor, Exact};
use consign_receipt::Statement;
use consign_sign::{Annotations, Artifact, LegacyKind, LegacyLayer, Payload, artifact, signature_statement};

/// In which forms signatures and attestations are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Forms {
    /// Sigstore bundles, as cosign 3 writes them.
    #[default]
    Bundle,
    /// Layers under digest tags, as cosign before version 3 wrote them: what podman, skopeo and policy engines that are older read.
    Legacy,
    /// Both.
    Both,
}

impl Forms {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bundle, Self::Legacy, Self::Both];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Legacy => "legacy",
            Self::Both => "both",
        }
    }

    /// Returns whether bundles are written.
    pub fn has_bundle(self) -> bool {
        self != Self::Legacy
    }

    /// Returns whether the older form is written.
    pub fn has_legacy(self) -> bool {
        self != Self::Bundle
    }
}

/// Something to attach to an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// A manifest about the image.
    Artifact(Box<Artifact>),
    /// A layer of the manifest under a tag that is made of the image's digest.
    Layer(LegacyKind, Box<LegacyLayer>),
}

/// Signs an image. `identity` is the repository that the older form names; `created` is an RFC 3339 time, which bundles' manifests have.
pub async fn signature(
    subject: &Descriptor,
    identity: &str,
    annotations: &Annotations,
    forms: Forms,
    signatory: &Signatory,
    created: &str,
) -> Result<Vec<Attachment>, AttachError> {
    signatory.check(forms)?;
    let mut made = Vec::new();
    if forms.has_bundle() {
        let statement = signature_statement(&subject.digest, annotations)?;
        made.extend(attestation(subject, &statement, Forms::Bundle, signatory, created).await?);
    }
    if forms.has_legacy() {
        let payload = Payload::new(identity, &subject.digest, annotations);
        let layer = signatory.signature_layer(&payload).await?;
        made.push(Attachment::Layer(LegacyKind::Signatures, Box::new(layer)));
    }
    Ok(made)
}

/// Signs a statement about an image.
pub async fn attestation(
    subject: &Descriptor,
    statement: &Exact<Statement>,
    forms: Forms,
    signatory: &Signatory,
    created: &str,
) -> Result<Vec<Attachment>, AttachError> {
    signatory.check(forms)?;
    let mut made = Vec::new();
    if forms.has_bundle() {
        let bundle = signatory.bundle(statement).await?;
        made.push(Attachment::Artifact(Box::new(artifact(subject, &bundle, &statement.predicate_type, created)?)));
    }
    if forms.has_legacy() {
        let layer = signatory.attestation_layer(statement).await?;
        made.push(Attachment::Layer(LegacyKind::Attestations, Box::new(layer)));
    }
    Ok(made)
}
