use super::verifier::Verifier;
use super::{DigestAlgorithm, KeyError, pem};
use consign_oci::Digest;
use consign_receipt::Identity;
use std::fmt;
use std::sync::Arc;

const LABEL: &str = "PUBLIC KEY";

/// A key that verifies signatures: ECDSA on P-256, P-384 or P-521, RSA of 2048 to 8192 bits (PKCS#1 v1.5), or Ed25519.
///
/// cosign hashes with SHA-256 whatever the key, until version 2.5 where it signs, and still where it verifies with a key that is a file. Since
/// then, and for keys of key management services, it signs with the digest that belongs to the size of the curve. Signatures with either count,
/// and for Ed25519 those of what was hashed before (Ed25519ph), too.
#[derive(Clone)]
pub struct PublicKey {
    der: Vec<u8>,
    verifier: Arc<Verifier>,
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
        let verifier = Arc::new(Verifier::read(&der)?);
        Ok(Self { der, verifier })
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

    /// Returns the digest algorithms whose signatures count, the one that belongs to the key first; none for Ed25519, which signs messages.
    pub fn digest_algorithms(&self) -> &'static [DigestAlgorithm] {
        self.verifier.digest_algorithms()
    }

    /// Returns whether `signature` is this key's over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify(message, signature)
    }

    /// Returns whether `signature` is this key's over a message of which only the digest is here. None is where [`PublicKey::digest_algorithms`] does
    /// not have the algorithm.
    pub fn verify_digest(&self, algorithm: DigestAlgorithm, digest: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify_digest(algorithm, digest, signature)
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
    const P521: &str = include_str!("../../tests/data/p521.pub");

    #[test]
    fn reads_what_it_writes() {
        for text in [COSIGN, RSA, ED25519, P384, P521] {
            let key = PublicKey::from_pem(text).unwrap();
            assert_eq!(key.to_pem(), text);
            assert!(!key.verify(b"message", b"not a signature"));
        }
    }

    #[test]
    fn refuses_what_is_not_a_public_key() {
        let algorithm = |text| matches!(PublicKey::from_pem(text), Err(KeyError::PublicAlgorithm { .. }));
        assert!(algorithm(include_str!("../../tests/data/rsa-1024.pub")), "too short");
        assert!(algorithm(include_str!("../../tests/data/rsa-16384.pub")), "too long");
        assert!(algorithm(include_str!("../../tests/data/rsa-exponent-3.pub")), "its exponent is too small");
        assert!(algorithm(include_str!("../../tests/data/secp256k1.pub")), "another curve");
        assert!(algorithm(include_str!("../../tests/data/x25519.pub")), "signs nothing");
        assert!(matches!(PublicKey::from_pem(&pem::write(LABEL, b"x")), Err(KeyError::Public { .. })));
        assert!(matches!(PublicKey::from_pem(&pem::write("CERTIFICATE", b"x")), Err(KeyError::Label { .. })));
        assert!(matches!(PublicKey::from_pem("ssh-ed25519 AAAA"), Err(KeyError::NoPem { .. })));
    }

    #[test]
    fn refuses_points_that_are_not_on_the_curve() {
        for text in [COSIGN, P384, P521] {
            let der = PublicKey::from_pem(text).unwrap().der;
            for altered in [der.len() - 1, der.len() - 40] {
                let mut der = der.clone();
                der[altered] ^= 1;
                assert!(matches!(PublicKey::from_der(der), Err(KeyError::Public { .. })), "{text}");
            }
            assert!(matches!(PublicKey::from_der([der.as_slice(), &[0]].concat()), Err(KeyError::Public { .. })));
        }
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
