use crate::AttachError;
use consign_oci::Exact;
use consign_receipt::Statement;
use consign_sign::{LegacyLayer, Payload, PublicKey, Signer, attestation_layer, sign, signature_layer};

/// Whoever signs statements about images.
pub enum Signatory {
    /// The holder of a key.
    Key(Box<dyn Signer>),
}

impl Signatory {
    /// Returns the key that verifies what is signed; `None` where each signature has its own, which a certificate vouches for.
    pub fn key(&self) -> Option<&PublicKey> {
        match self {
            Self::Key(key) => Some(key.public()),
        }
    }

    /// Signs a statement's exact bytes and returns a Sigstore bundle v0.3.
    pub async fn bundle(&self, statement: &Exact<Statement>) -> Result<Vec<u8>, AttachError> {
        match self {
            Self::Key(key) => Ok(sign(statement, &**key)?),
        }
    }

    /// Signs a statement's exact bytes in cosign's older form.
    pub(crate) async fn attestation_layer(&self, statement: &Exact<Statement>) -> Result<LegacyLayer, AttachError> {
        match self {
            Self::Key(key) => Ok(attestation_layer(statement, &**key)?),
        }
    }

    /// Signs the document that says in cosign's older form that an image is signed.
    pub async fn signature_layer(&self, payload: &Payload) -> Result<LegacyLayer, AttachError> {
        match self {
            Self::Key(key) => Ok(signature_layer(payload, &**key)?),
        }
    }
}

impl<S: Signer + 'static> From<S> for Signatory {
    fn from(signer: S) -> Self {
        Self::Key(Box::new(signer))
    }
}
