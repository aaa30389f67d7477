use super::{KeyError, PrivateKey, PublicKey};

/// Whatever signs: a key in this process, or a program, a service or a device that keeps one.
pub trait Signer: Send + Sync {
    /// Returns the key that verifies what this signs.
    fn public(&self) -> &PublicKey;

    /// Signs a message, in a way that [`PublicKey::verify`] accepts. Signatures of ECDSA are in DER (RFC 3279, section 2.2.3).
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
