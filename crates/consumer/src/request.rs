use crate::{Certificate, ExportError, Form, Images, Signer};

/// Longest name of a resource, so that whatever is derived from it is one, too (RFC 1123, section 2.1).
const NAME_LIMIT: usize = 63;

/// What a policy is to say: whose signatures of which images count.
#[derive(Clone, Debug)]
pub struct Request {
    /// Name of the policy, where it has one.
    pub name: String,
    /// The images. Others are not touched.
    pub images: Vec<Images>,
    /// Whose signatures count; that of one of them is enough.
    pub signers: Vec<Signer>,
    /// In which forms they sign.
    pub forms: Forms,
    /// Whether a release record by one of them is asked for, too.
    pub released: bool,
}

/// Forms of signatures that an image has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forms {
    /// Sigstore bundles.
    pub bundle: bool,
    /// cosign's older form.
    pub legacy: bool,
}

impl Request {
    /// Fails unless it says something.
    pub(crate) fn check(&self) -> Result<(), ExportError> {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let name = self.name.as_bytes();
        let is_name = name.len() <= NAME_LIMIT
            && name.iter().all(|byte| is_letter(*byte) || *byte == b'-')
            && [name.first(), name.last()].into_iter().all(|end| end.is_some_and(|byte| is_letter(*byte)));
        if !is_name {
            return Err(ExportError::Name { name: self.name.clone() });
        }
        if self.signers.is_empty() {
            return Err(ExportError::NoSigner);
        }
        if self.images.is_empty() {
            return Err(ExportError::NoImage);
        }
        Ok(())
    }

    /// Returns the images, each once, in order.
    pub(crate) fn sorted_images(&self) -> Vec<&Images> {
        let mut images: Vec<&Images> = self.images.iter().collect();
        images.sort();
        images.dedup();
        images
    }

    /// Returns the keys, each once, with their names, as they were given.
    pub(crate) fn keys(&self) -> Vec<(&Signer, &str)> {
        let mut keys: Vec<(&Signer, &str)> = Vec::new();
        for signer in &self.signers {
            if let Signer::Key { pem, .. } = signer
                && !keys.iter().any(|(_, known)| known == pem)
            {
                keys.push((signer, pem));
            }
        }
        keys
    }

    /// Returns what certificates must say, as it was given.
    pub(crate) fn certificates(&self) -> Vec<&Certificate> {
        self.signers.iter().filter_map(Signer::certificate).collect()
    }
}

impl Forms {
    /// Returns them, that which consumers prefer first.
    pub fn all(self) -> impl Iterator<Item = Form> {
        let forms = [(Form::Bundle, self.bundle), (Form::Legacy, self.legacy)];
        forms.into_iter().filter_map(|(form, is_there)| is_there.then_some(form))
    }
}
