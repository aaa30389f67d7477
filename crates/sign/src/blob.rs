use crate::{BundleError, Signer};
use sigstore_types::bundle::{
    MediaType, MessageDigest, MessageSignature, PublicKeyIdentifier, SignatureContent, VerificationMaterial,
    VerificationMaterialContent,
};
use sigstore_types::{HashAlgorithm, SignatureBytes};

/// A file's signature by a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobSignature {
    /// The signature itself, in DER.
    pub signature: Vec<u8>,
    /// A Sigstore bundle v0.3 with it, as JSON. It names the key by its hint, and holds no log entry.
    pub bundle: Vec<u8>,
}

/// Signs a file's bytes, as `cosign sign-blob` does. The same bytes and key give the same signature.
pub fn sign_blob(bytes: &[u8], key: &dyn Signer) -> Result<BlobSignature, BundleError> {
    let signature = key.sign(bytes)?;
    let digest = MessageDigest::new(HashAlgorithm::Sha2256, sigstore_crypto::sha256(bytes).into());
    let message = MessageSignature::new(SignatureBytes::from_bytes(&signature)).with_message_digest(digest);
    let signer = VerificationMaterialContent::PublicKey(PublicKeyIdentifier::new(key.public().hint()));
    let bundle = sigstore_types::Bundle::new(
        MediaType::Bundle0_3,
        VerificationMaterial::new(signer),
        SignatureContent::MessageSignature(message),
    );
    let bundle = serde_json::to_vec(&bundle).map_err(|source| BundleError::Write { source })?;
    Ok(BlobSignature { signature, bundle })
}
