//! Ed25519 (RFC 8032), and its keys' forms in DER (RFC 8410).

use super::{KeyError, encrypted};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use pkcs8::{ObjectIdentifier, PrivateKeyInfo};
use sha2::{Digest as _, Sha512};
use zeroize::Zeroizing;

/// id-Ed25519.
pub(super) const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// What stands before the 32 bytes of a private key in PKCS#8, version 1.
const BEFORE_PRIVATE: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// What stands before the 32 bytes of a public key in a SubjectPublicKeyInfo.
const BEFORE_PUBLIC: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

pub(super) struct Secret(SigningKey);

impl Secret {
    pub(super) fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        encrypted::fill(seed.as_mut_slice())?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Takes the key out of PKCS#8. A public half that is beside it must be its own.
    pub(super) fn from_pkcs8(info: &PrivateKeyInfo<'_>) -> Result<Self, KeyError> {
        let refused = |message: &str| KeyError::Private { form: "PKCS#8", source: message.into() };
        if info.algorithm.parameters.is_some() {
            return Err(refused("its algorithm has parameters"));
        }
        let [0x04, 0x20, seed @ ..] = info.private_key else {
            return Err(refused("it does not hold 32 bytes"));
        };
        let seed = seed.try_into().map_err(|_| refused("it does not hold 32 bytes"))?;
        let key = SigningKey::from_bytes(seed);
        if info.public_key.is_some_and(|public| public != key.verifying_key().as_bytes()) {
            return Err(refused("the public key in it is another one's"));
        }
        Ok(Self(key))
    }

    pub(super) fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        let mut document = Zeroizing::new(Vec::with_capacity(BEFORE_PRIVATE.len() + 32));
        document.extend(BEFORE_PRIVATE);
        document.extend(self.0.as_bytes());
        document
    }

    pub(super) fn public(&self) -> Vec<u8> {
        [BEFORE_PUBLIC.as_slice(), self.0.verifying_key().as_bytes()].concat()
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).to_bytes().to_vec()
    }
}

pub(super) struct Public(VerifyingKey);

impl Public {
    /// Reads the 32 bytes of a point; `None` if it is none, or one of so few that anybody could have signed.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
        (!key.is_weak()).then_some(Self(key))
    }

    /// Returns whether a signature is of the message, or of its SHA-512 digest (Ed25519ph without a context), as cosign has it since 2.6.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = Signature::from_slice(signature) else { return false };
        let digest = || Sha512::new_with_prefix(message);
        self.0.verify_strict(message, &signature).is_ok()
            || self.0.verify_prehashed_strict(digest(), None, &signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.3.
    #[test]
    fn verifies_what_was_hashed_before() {
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
        };
        let key = Public::read(&hex("ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf")).unwrap();
        let signature = hex("98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41\
                             31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406");
        assert!(key.verify(b"abc", &signature));
        assert!(!key.verify(b"abd", &signature));
        assert!(!key.verify(b"abc", &signature[1..]));
    }

    #[test]
    fn points_of_small_order_are_no_keys() {
        let mut identity = [0; 32];
        identity[0] = 1;
        for bytes in [&identity[..], &[0; 32], &[0; 31], &[]] {
            assert!(Public::read(bytes).is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn a_public_half_must_be_its_own() {
        let key = Secret::generate().unwrap();
        let document = key.to_pkcs8();
        let mut info = PrivateKeyInfo::try_from(document.as_slice()).unwrap();
        assert_eq!(info.algorithm.oid, OID);
        Secret::from_pkcs8(&info).unwrap();
        let public = key.0.verifying_key();
        info.public_key = Some(public.as_bytes());
        Secret::from_pkcs8(&info).unwrap();
        info.public_key = Some(&[7; 32]);
        assert!(matches!(Secret::from_pkcs8(&info), Err(KeyError::Private { .. })));
    }
}
