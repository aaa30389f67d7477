//! Keys on the curve P-256.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePublicKey as _, EncodePublicKey as _};
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};
use std::io;

/// A key of one of the services.
pub(super) struct Key {
    signing: SigningKey,
    /// The public half, as SubjectPublicKeyInfo in DER.
    pub(super) public: Vec<u8>,
}

impl Key {
    pub(super) fn new() -> io::Result<Self> {
        let signing = SigningKey::random(&mut OsRng);
        let public = signing.verifying_key().to_public_key_der().map_err(io::Error::other)?.into_vec();
        Ok(Self { signing, public })
    }

    /// Returns the signature of a message's SHA-256 hash, in DER.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.signing.sign(message);
        signature.to_der().as_bytes().to_vec()
    }

    /// Returns the same as JWTs have it: two numbers of 32 bytes (RFC 7518, section 3.4).
    pub(super) fn sign_plain(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.signing.sign(message);
        signature.to_bytes().to_vec()
    }

    /// Returns whether that is this key's.
    pub(super) fn verifies_plain(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.signing.verifying_key().verify(message, &signature).is_ok())
    }

    /// Returns the two coordinates of the public point, of 32 bytes each.
    pub(super) fn point(&self) -> (Vec<u8>, Vec<u8>) {
        let point = self.signing.verifying_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&p256::FieldBytes>| bytes.map(|bytes| bytes.to_vec()).unwrap_or_default();
        (coordinate(point.x()), coordinate(point.y()))
    }

    /// Returns the SHA-256 hash of the public half, by which logs are known (RFC 6962, section 3.2).
    pub(super) fn identifier(&self) -> [u8; 32] {
        hash(&self.public)
    }
}

/// Returns whether a signature in DER is that of a public key over a message.
pub(super) fn verifies(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    verifies_hash(public, &hash(message), signature)
}

/// Does the same, given the message's SHA-256 hash.
pub(super) fn verifies_hash(public: &[u8], hash: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (VerifyingKey::from_public_key_der(public), Signature::from_der(signature)) else {
        return false;
    };
    key.verify_prehash(hash, &signature).is_ok()
}

pub(super) fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
