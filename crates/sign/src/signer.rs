use crate::{KeyError, PrivateKey, PublicKey};

/// Whoever signs: a key that is here, or one that lies where only somebody else can use it.
pub trait Signer: Send + Sync {
    /// Returns the key that verifies what is signed.
    fn public(&self) -> &PublicKey;

    /// Signs a message; returns the signature as cosign has it.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError>;
}

impl Signer for PrivateKey {
    fn public(&self) -> &PublicKey {
        self.public()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.sign(message)
    }
}
