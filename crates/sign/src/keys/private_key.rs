use super::secret::Secret;
use super::{KeyAlgorithm, KeyError, PublicKey, encrypted, foreign, pem};
use std::fmt;

/// The label that cosign writes.
const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
/// The label that cosign wrote before version 2.
const OLD_LABEL: &str = "ENCRYPTED COSIGN PRIVATE KEY";

/// A key that signs, of any [`KeyAlgorithm`]. Wiped from memory when dropped, and never printed.
///
/// ECDSA and RSA sign SHA-256 digests whatever the size of the key, and Ed25519 signs messages themselves: that is what every version of cosign
/// verifies with the public key in a file. The same message gives the same signature.
pub struct PrivateKey {
    secret: Secret,
    public: PublicKey,
}

impl PrivateKey {
    /// Makes a new key as cosign does: ECDSA on P-256.
    pub fn generate() -> Result<Self, KeyError> {
        Self::generate_with(KeyAlgorithm::default())
    }

    /// Makes a new key.
    pub fn generate_with(algorithm: KeyAlgorithm) -> Result<Self, KeyError> {
        Self::new(Secret::generate(algorithm)?)
    }

    /// Returns whether a text is a key file as far as can be seen without its password.
    pub fn check_pem(text: &str) -> Result<(), KeyError> {
        block(text).map(drop)
    }

    /// Reads cosign's `cosign.key`: a PKCS#8 key, encrypted with NaCl's secretbox under a key that scrypt derives from the password.
    pub fn from_pem(text: &str, password: &[u8]) -> Result<Self, KeyError> {
        let block = block(text)?;
        let document = encrypted::decrypt(&block.content, password)?;
        Self::new(Secret::from_pkcs8(&document)?)
    }

    /// Reads a key of another tool: PKCS#1 (`RSA PRIVATE KEY`), SEC 1 (`EC PRIVATE KEY`) or PKCS#8 (`PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`).
    /// Only the last has a password; without it the error is [`KeyError::NoPassword`].
    pub fn import(text: &str, password: Option<&[u8]>) -> Result<Self, KeyError> {
        Self::new(foreign::read(text, password)?)
    }

    /// Writes the file that [`PrivateKey::from_pem`] and cosign read. Each time with other random bytes.
    pub fn to_encrypted_pem(&self, password: &[u8]) -> Result<String, KeyError> {
        Ok(pem::write(LABEL, &encrypted::encrypt(&self.secret.to_pkcs8()?, password)?))
    }

    /// Returns the key that verifies what this one signs.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs a message. Signatures of ECDSA are in DER.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.secret.sign(message)
    }

    fn new(secret: Secret) -> Result<Self, KeyError> {
        let public = PublicKey::from_der(secret.public()?)?;
        Ok(Self { secret, public })
    }
}

fn block(text: &str) -> Result<pem::Block, KeyError> {
    let block = pem::read(text, LABEL)?;
    match block.label.as_str() {
        LABEL | OLD_LABEL => Ok(block),
        open if foreign::OPEN.contains(&open) => Err(KeyError::Unencrypted { label: block.label }),
        foreign::ENCRYPTED => Err(KeyError::Foreign { label: block.label }),
        _ => Err(KeyError::Label { expected: LABEL, found: block.label }),
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrivateKey(of {})", self.public.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by cosign 2.5.0 with the password `pass word`.
    const COSIGN_KEY: &str = include_str!("../../tests/data/cosign.key");
    const COSIGN_PUBLIC_KEY: &str = include_str!("../../tests/data/cosign.pub");

    #[test]
    fn reads_cosigns_key_files() {
        for text in [COSIGN_KEY.to_owned(), COSIGN_KEY.replace("SIGSTORE", "COSIGN")] {
            let key = PrivateKey::from_pem(&text, b"pass word").unwrap();
            assert_eq!(key.public().to_pem(), COSIGN_PUBLIC_KEY);
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let key = PrivateKey::generate().unwrap();
        for password in ["", "x", "pass word ü"] {
            let text = key.to_encrypted_pem(password.as_bytes()).unwrap();
            let read = PrivateKey::from_pem(&text, password.as_bytes()).unwrap();
            assert_eq!(read.public(), key.public(), "{password}");
        }
        assert_ne!(PrivateKey::generate().unwrap().public(), key.public());
    }

    #[test]
    fn a_wrong_password_is_an_error_of_its_own() {
        assert!(matches!(PrivateKey::from_pem(COSIGN_KEY, b"password"), Err(KeyError::Password)));
    }

    #[test]
    fn signs_the_same_bytes_each_time() {
        let key = PrivateKey::from_pem(COSIGN_KEY, b"pass word").unwrap();
        let signature = key.sign(b"message").unwrap();
        assert_eq!(signature, key.sign(b"message").unwrap());
        assert_ne!(signature, key.sign(b"other").unwrap());
        assert!(key.public().verify(b"message", &signature));
        assert!(!key.public().verify(b"other", &signature));
        assert!(!PrivateKey::generate().unwrap().public().verify(b"message", &signature));
    }

    #[test]
    fn refuses_keys_that_lie_open() {
        for label in foreign::OPEN {
            let error = PrivateKey::check_pem(&pem::write(label, b"x")).unwrap_err();
            assert!(matches!(&error, KeyError::Unencrypted { label: found } if found == label), "{error}");
            assert!(error.to_string().contains("consign import-key-pair"), "{error}");
        }
        let error = PrivateKey::check_pem(&pem::write(foreign::ENCRYPTED, b"x")).unwrap_err();
        assert!(matches!(&error, KeyError::Foreign { label } if label == foreign::ENCRYPTED), "{error}");
    }

    #[test]
    fn refuses_what_is_not_a_private_key() {
        let file = |content: &str| PrivateKey::from_pem(&pem::write(LABEL, content.as_bytes()), b"").unwrap_err();
        assert!(matches!(PrivateKey::from_pem(COSIGN_PUBLIC_KEY, b""), Err(KeyError::Label { .. })));
        assert!(matches!(PrivateKey::check_pem(COSIGN_PUBLIC_KEY), Err(KeyError::Label { .. })));
        assert!(PrivateKey::check_pem(COSIGN_KEY).is_ok(), "whatever its password");
        assert!(matches!(file("{}"), KeyError::Json { .. }));
        let document = |kdf: &str, n: u64, salt: &str, cipher: &str, nonce: &str| {
            format!(
                r#"{{"kdf":{{"name":"{kdf}","params":{{"N":{n},"r":8,"p":1}},"salt":"{salt}"}},"cipher":{{"name":"{cipher}","nonce":"{nonce}"}},"ciphertext":"AAAA"}}"#
            )
        };
        let (salt, nonce) = ("A".repeat(43) + "=", "A".repeat(32));
        assert!(matches!(
            file(&document("pbkdf2", 65536, &salt, "nacl/secretbox", &nonce)),
            KeyError::Unsupported { .. }
        ));
        assert!(matches!(file(&document("scrypt", 65536, &salt, "aes", &nonce)), KeyError::Unsupported { .. }));
        for n in [0, 1, 16384, 1 << 40, u64::MAX] {
            assert!(
                matches!(file(&document("scrypt", n, &salt, "nacl/secretbox", &nonce)), KeyError::Cost { .. }),
                "{n}"
            );
        }
        assert!(matches!(
            file(&document("scrypt", 65536, "AAAA", "nacl/secretbox", &nonce)),
            KeyError::Length { what: "salt", .. }
        ));
        assert!(matches!(
            file(&document("scrypt", 65536, &salt, "nacl/secretbox", "AAAA")),
            KeyError::Length { what: "nonce", .. }
        ));
        assert!(matches!(file(&document("scrypt", 32768, &salt, "nacl/secretbox", &nonce)), KeyError::Password));
        let not_a_key = encrypted::encrypt(b"not a key", b"").unwrap();
        assert!(matches!(PrivateKey::from_pem(&pem::write(LABEL, &not_a_key), b""), Err(KeyError::Private { .. })));
    }

    #[test]
    fn refuses_keys_that_do_not_sign() {
        let document = pem::read(include_str!("../../tests/data/import/refused-x25519.pem"), "").unwrap().content;
        let file = pem::write(LABEL, &encrypted::encrypt(&document, b"").unwrap());
        assert!(matches!(PrivateKey::from_pem(&file, b""), Err(KeyError::PrivateAlgorithm { .. })));
    }

    #[test]
    fn prints_nothing_secret() {
        let key = PrivateKey::from_pem(COSIGN_KEY, b"pass word").unwrap();
        assert_eq!(format!("{key:?}"), format!("PrivateKey(of {})", key.public().fingerprint()));
    }
}
