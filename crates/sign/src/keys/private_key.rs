use super::{KeyError, PublicKey, encrypted, pem};
use p256::SecretKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::zeroize::Zeroizing;
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use std::fmt;

/// The label that cosign writes.
const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
/// The label that cosign wrote before version 2.
const OLD_LABEL: &str = "ENCRYPTED COSIGN PRIVATE KEY";
/// Length of a P-256 scalar, in bytes.
const SCALAR_LENGTH: usize = 32;

/// A key that signs: ECDSA on the curve P-256 with SHA-256. Wiped from memory when dropped, and never printed.
pub struct PrivateKey {
    signing: SigningKey,
    public: PublicKey,
}

impl PrivateKey {
    /// Makes a new key.
    pub fn generate() -> Result<Self, KeyError> {
        let mut scalar = Zeroizing::new([0; SCALAR_LENGTH]);
        loop {
            encrypted::fill(scalar.as_mut_slice())?;
            // About one number in 2^32 is zero or not less than the group's order.
            if let Ok(secret) = SecretKey::from_slice(scalar.as_slice()) {
                return Self::new(&secret);
            }
        }
    }

    /// Returns whether a text is a key file as far as can be seen without its password.
    pub fn check_pem(text: &str) -> Result<(), KeyError> {
        block(text).map(drop)
    }

    /// Reads cosign's `cosign.key`: a PKCS#8 key, encrypted with NaCl's secretbox under a key that scrypt derives from the password.
    pub fn from_pem(text: &str, password: &[u8]) -> Result<Self, KeyError> {
        let block = block(text)?;
        let document = encrypted::decrypt(&block.content, password)?;
        let secret = SecretKey::from_pkcs8_der(&document).map_err(|source| KeyError::Algorithm { source })?;
        Self::new(&secret)
    }

    /// Writes the file that [`PrivateKey::from_pem`] and cosign read. Each time with other random bytes.
    pub fn to_encrypted_pem(&self, password: &[u8]) -> Result<String, KeyError> {
        let document = self.signing.to_pkcs8_der().map_err(|source| KeyError::Algorithm { source })?;
        Ok(pem::write(LABEL, &encrypted::encrypt(document.as_bytes(), password)?))
    }

    /// Returns the key that verifies what this one signs.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs the SHA-256 hash of `message`; returns the signature in DER. The same message gives the same signature (RFC 6979).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature: Signature = self.signing.try_sign(message).map_err(|source| KeyError::Signing { source })?;
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn new(secret: &SecretKey) -> Result<Self, KeyError> {
        let document = secret.public_key().to_public_key_der().map_err(|source| KeyError::Encoding { source })?;
        let public = PublicKey::from_der(document.into_vec())?;
        Ok(Self { signing: SigningKey::from(secret), public })
    }
}

fn block(text: &str) -> Result<pem::Block, KeyError> {
    let block = pem::read(text, LABEL)?;
    match block.label.as_str() {
        LABEL | OLD_LABEL => Ok(block),
        "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => Err(KeyError::Unencrypted { label: block.label }),
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
        for label in ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"] {
            let error = PrivateKey::check_pem(&pem::write(label, b"x")).unwrap_err();
            assert!(matches!(&error, KeyError::Unencrypted { label: found } if found == label), "{error}");
            assert!(error.to_string().contains("import-key-pair"), "{error}");
        }
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
        assert!(matches!(PrivateKey::from_pem(&pem::write(LABEL, &not_a_key), b""), Err(KeyError::Algorithm { .. })));
    }

    #[test]
    fn prints_nothing_secret() {
        let key = PrivateKey::from_pem(COSIGN_KEY, b"pass word").unwrap();
        assert_eq!(format!("{key:?}"), format!("PrivateKey(of {})", key.public().fingerprint()));
    }
}
