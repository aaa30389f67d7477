use super::{KeyError, pem};
use consign_oci::Digest;
use consign_receipt::Identity;
use sigstore_crypto::{VerificationKey, validate_raw_public_key};
use sigstore_types::{DerPublicKey, SignatureBytes};
use std::fmt;
use std::sync::Arc;

const LABEL: &str = "PUBLIC KEY";

/// A key that verifies signatures: ECDSA P-256 or P-384, RSA (PKCS#1 v1.5), Ed25519.
#[derive(Clone)]
pub struct PublicKey {
    der: Vec<u8>,
    key: Arc<VerificationKey>,
}

impl PublicKey {
    /// Reads cosign's `cosign.pub`: a PEM file of a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let block = pem::read(text, LABEL)?;
        if block.label != LABEL {
            return Err(KeyError::Label { expected: LABEL, found: block.label });
        }
        Self::from_der(block.content.to_vec())
    }

    /// Reads a SubjectPublicKeyInfo in DER.
    pub(super) fn from_der(der: Vec<u8>) -> Result<Self, KeyError> {
        let error = |source| KeyError::Public { source };
        let key = VerificationKey::from_spki(&DerPublicKey::from_bytes(&der)).map_err(error)?;
        validate_raw_public_key(key.scheme(), key.as_bytes()).map_err(error)?;
        Ok(Self { der, key: Arc::new(key) })
    }

    /// Writes the file that [`PublicKey::from_pem`] and cosign read.
    pub fn to_pem(&self) -> String {
        pem::write(LABEL, &self.der)
    }

    /// Returns the SHA-256 digest of the SubjectPublicKeyInfo in DER.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.der)
    }

    /// Returns the identity that receipts signed with this key have.
    pub fn identity(&self) -> Identity {
        Identity::Key(self.fingerprint())
    }

    /// Returns the hint by which bundles name the key: the fingerprint's bytes in Base64, as cosign writes it. Nothing vouches for a hint.
    pub fn hint(&self) -> String {
        sigstore_crypto::sha256(&self.der).to_base64()
    }

    /// Returns whether `signature` is this key's over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify(message, &SignatureBytes::from_bytes(signature)).is_ok()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COSIGN: &str = include_str!("../../tests/data/cosign.pub");
    const RSA: &str = include_str!("../../tests/data/rsa.pub");
    const ED25519: &str = include_str!("../../tests/data/ed25519.pub");
    const P384: &str = include_str!("../../tests/data/p384.pub");
    const SMALL_RSA: &str = include_str!("../../tests/data/rsa-1024.pub");

    #[test]
    fn reads_what_it_writes() {
        for text in [COSIGN, RSA, ED25519, P384] {
            let key = PublicKey::from_pem(text).unwrap();
            assert_eq!(key.to_pem(), text);
            assert!(!key.verify(b"message", b"not a signature"));
        }
    }

    #[test]
    fn refuses_what_is_not_a_public_key() {
        assert!(matches!(PublicKey::from_pem(SMALL_RSA), Err(KeyError::Public { .. })));
        assert!(matches!(PublicKey::from_pem(&pem::write(LABEL, b"x")), Err(KeyError::Public { .. })));
        assert!(matches!(PublicKey::from_pem(&pem::write("CERTIFICATE", b"x")), Err(KeyError::Label { .. })));
        assert!(matches!(PublicKey::from_pem("ssh-ed25519 AAAA"), Err(KeyError::NoPem { .. })));
    }

    #[test]
    fn the_hint_is_the_fingerprint() {
        use base64::Engine as _;
        let key = PublicKey::from_pem(COSIGN).unwrap();
        let bytes = base64::engine::general_purpose::STANDARD.decode(key.hint()).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(key.fingerprint().hex(), hex);
        assert_eq!(key.identity(), Identity::Key(key.fingerprint()));
    }
}
