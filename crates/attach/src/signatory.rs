use crate::{AttachError, Forms, KeylessSigner};
use consign_oci::Exact;
use consign_receipt::Statement;
use consign_sign::{LegacyLayer, Payload, Signer, attestation_layer, sign, signature_layer};
use consign_trust::Authority;

/// Whoever signs statements about images.
pub enum Signatory {
    /// The holder of a key.
    Key(Box<dyn Signer>),
    /// Whom an identity token names.
    Keyless(Box<KeylessSigner>),
}

impl Signatory {
    /// Returns whose signatures these are, as others ask for them; `None` as long as that is not known: nobody has given a certificate yet.
    pub async fn authority(&self) -> Result<Option<Authority>, AttachError> {
        match self {
            Self::Key(key) => Ok(Some(Authority::Key(key.public().clone()))),
            Self::Keyless(keyless) => keyless.authority().await,
        }
    }

    /// Fails if something could not be signed in these forms. Asked before anything is: of what is signed without a key the public may learn.
    pub(crate) fn check(&self, forms: Forms) -> Result<(), AttachError> {
        match self {
            Self::Keyless(keyless) if forms.has_legacy() => keyless.check_legacy(),
            Self::Keyless(_) | Self::Key(_) => Ok(()),
        }
    }

    /// Signs a statement's exact bytes and returns a Sigstore bundle v0.3.
    pub async fn bundle(&self, statement: &Exact<Statement>) -> Result<Vec<u8>, AttachError> {
        match self {
            Self::Key(key) => Ok(sign(statement, &**key)?),
            Self::Keyless(keyless) => keyless.bundle(statement).await,
        }
    }

    /// Signs a statement's exact bytes in cosign's older form.
    pub(crate) async fn attestation_layer(&self, statement: &Exact<Statement>) -> Result<LegacyLayer, AttachError> {
        match self {
            Self::Key(key) => Ok(attestation_layer(statement, &**key)?),
            Self::Keyless(keyless) => keyless.attestation_layer(statement).await,
        }
    }

    /// Signs the document that says in cosign's older form that an image is signed.
    pub async fn signature_layer(&self, payload: &Payload) -> Result<LegacyLayer, AttachError> {
        match self {
            Self::Key(key) => Ok(signature_layer(payload, &**key)?),
            Self::Keyless(keyless) => keyless.signature_layer(payload).await,
        }
    }
}

impl<S: Signer + 'static> From<S> for Signatory {
    fn from(signer: S) -> Self {
        Self::Key(Box::new(signer))
    }
}
