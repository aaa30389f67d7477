use crate::{KeyError, PublicKey, Signer};
use consign_oci::{Digest, Exact, media_type};
use consign_receipt::Statement;
use sigstore_types::bundle::{
    MediaType, PublicKeyIdentifier, SignatureContent, VerificationMaterial, VerificationMaterialContent,
};
use sigstore_types::dsse::{DsseEnvelope, DsseSignature, pae};
use sigstore_types::encoding::{KeyId, PayloadBytes, SignatureBytes};

/// Largest bundle that is read, in bytes. Bundles of SBOMs are the largest; those of big distributions have some megabytes.
pub const LIMIT: u64 = 16 * 1024 * 1024;

/// The value of `_type` before version 1, which cosign still writes in attestations.
const OLD_STATEMENT: &str = "https://in-toto.io/Statement/v0.1";

/// A bundle that cannot be made, or does not show what it should.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The key does not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The bundle cannot be written.
    #[error("the bundle cannot be written")]
    Write {
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The bundle is larger than is read.
    #[error("the bundle has {length} bytes: at most {LIMIT} are read")]
    TooLarge {
        /// Its length in bytes.
        length: u64,
    },
    /// The bytes are not a bundle, or one with other than one signature.
    #[error("not a Sigstore bundle")]
    Read {
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The bundle is of another version.
    #[error("the bundle is a `{media_type}`: expected version 0.3")]
    Version {
        /// What it says.
        media_type: &'static str,
    },
    /// The bundle signs a file, not a statement.
    #[error("the bundle has no DSSE envelope")]
    NoEnvelope,
    /// The envelope holds something else.
    #[error("the envelope holds a `{payload_type}`: expected `application/vnd.in-toto+json`")]
    PayloadType {
        /// What it says.
        payload_type: String,
    },
    /// The signature is not that key's over these bytes.
    #[error("the signature is not one of key {key} over these bytes")]
    Signature {
        /// The key's fingerprint.
        key: Digest,
    },
    /// What is signed is not a statement.
    #[error("the signed bytes are not an in-toto statement")]
    Statement {
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The statement is of another version.
    #[error("the signed statement is a `{kind}`: expected an in-toto statement v1")]
    StatementType {
        /// What it says.
        kind: String,
    },
    /// The statement is about something else, or about more than one thing.
    #[error("the signed statement is not about {expected} alone")]
    Subject {
        /// What it should be about.
        expected: Digest,
    },
}

/// Signs a statement's exact bytes: a DSSE envelope (DSSE 1.0, `protocol.md`) in a Sigstore bundle v0.3, as JSON. The bundle names
/// the key by its hint and holds no log entry. The same statement and key give the same bytes.
pub fn sign(statement: &Exact<Statement>, key: &dyn Signer) -> Result<Vec<u8>, BundleError> {
    let signature = key.sign(&pae(media_type::IN_TOTO, statement.bytes()))?;
    let signature = DsseSignature::new(SignatureBytes::new(signature), KeyId::default());
    let envelope = DsseEnvelope::new(media_type::IN_TOTO, PayloadBytes::from_bytes(statement.bytes()), signature);
    let material = VerificationMaterial::new(VerificationMaterialContent::PublicKey(PublicKeyIdentifier::new(
        key.public().hint(),
    )));
    let bundle = sigstore_types::Bundle::new(MediaType::Bundle0_3, material, SignatureContent::DsseEnvelope(envelope));
    serde_json::to_vec(&bundle).map_err(|source| BundleError::Write { source })
}

/// A Sigstore bundle whose signature nobody has checked yet, so that it shows nothing of what is signed.
#[derive(Clone, Debug)]
pub struct Bundle {
    hint: Option<String>,
    envelope: DsseEnvelope,
}

impl Bundle {
    /// Reads a bundle v0.3 with a DSSE envelope of one signature over an in-toto statement.
    pub fn read(bytes: &[u8]) -> Result<Self, BundleError> {
        let length = bytes.len() as u64;
        if length > LIMIT {
            return Err(BundleError::TooLarge { length });
        }
        let bundle: sigstore_types::Bundle =
            serde_json::from_slice(bytes).map_err(|source| BundleError::Read { source })?;
        if bundle.media_type != MediaType::Bundle0_3 {
            return Err(BundleError::Version { media_type: bundle.media_type.as_str() });
        }
        let SignatureContent::DsseEnvelope(envelope) = bundle.content else { return Err(BundleError::NoEnvelope) };
        if envelope.payload_type != media_type::IN_TOTO {
            return Err(BundleError::PayloadType { payload_type: clip(&envelope.payload_type) });
        }
        let hint = match bundle.verification_material.content {
            VerificationMaterialContent::PublicKey(identifier) => Some(identifier.hint),
            _ => None,
        };
        Ok(Self { hint, envelope })
    }

    /// Returns whether the bundle says that this key signed it. Nothing vouches for that.
    pub fn names(&self, key: &PublicKey) -> bool {
        self.hint.as_deref() == Some(key.hint().as_str())
    }

    /// Returns the statement, if this key signed it and it is about this digest alone.
    pub fn verify(&self, key: &PublicKey, subject: &Digest) -> Result<Exact<Statement>, BundleError> {
        if !key.verify(&self.envelope.pae(), self.envelope.signature.sig.as_bytes()) {
            return Err(BundleError::Signature { key: key.fingerprint() });
        }
        let statement = Exact::<Statement>::read(self.envelope.payload.as_bytes().to_vec())
            .map_err(|source| BundleError::Statement { source })?;
        if statement.kind != Statement::TYPE && statement.kind != OLD_STATEMENT {
            return Err(BundleError::StatementType { kind: clip(&statement.kind) });
        }
        if !statement.is_about(subject) {
            return Err(BundleError::Subject { expected: subject.clone() });
        }
        Ok(statement)
    }
}

fn clip(text: &str) -> String {
    text.chars().take(160).collect()
}
