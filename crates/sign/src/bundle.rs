use crate::{KeyError, PayloadError, PublicKey, Signer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
    /// A layer of cosign's older form has no signature beside it, or one that cannot be read.
    #[error("there is no signature beside it")]
    NoSignature,
    /// What is signed in cosign's older form does not name the image.
    #[error(transparent)]
    Payload(#[from] PayloadError),
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
/// the key by its hint and holds no log entry. The same statement and key give the same bytes, where signatures of the key do.
pub fn sign(statement: &Exact<Statement>, signer: &dyn Signer) -> Result<Vec<u8>, BundleError> {
    let hint = PublicKeyIdentifier::new(signer.public().hint());
    let material = VerificationMaterial::new(VerificationMaterialContent::PublicKey(hint));
    let content = SignatureContent::DsseEnvelope(envelope(statement, signer)?);
    let bundle = sigstore_types::Bundle::new(MediaType::Bundle0_3, material, content);
    serde_json::to_vec(&bundle).map_err(|source| BundleError::Write { source })
}

/// Signs a statement's exact bytes.
pub(crate) fn envelope(statement: &Exact<Statement>, signer: &dyn Signer) -> Result<DsseEnvelope, BundleError> {
    let signature = signer.sign(&pae(media_type::IN_TOTO, statement.bytes()))?;
    let signature = DsseSignature::new(SignatureBytes::new(signature), KeyId::default());
    Ok(DsseEnvelope::new(media_type::IN_TOTO, PayloadBytes::from_bytes(statement.bytes()), signature))
}

/// A Sigstore bundle with a statement, whose signature nobody has checked yet, so that it shows nothing of what is signed.
#[derive(Clone, Debug)]
pub struct Bundle {
    bundle: Box<sigstore_types::Bundle>,
    envelope: DsseEnvelope,
}

impl Bundle {
    /// Reads a bundle of version 0.1 to 0.3 with a DSSE envelope of one signature over an in-toto statement.
    pub fn read(bytes: &[u8]) -> Result<Self, BundleError> {
        check_length(bytes)?;
        Self::of(serde_json::from_slice(bytes).map_err(|source| BundleError::Read { source })?)
    }

    /// Reads an envelope without a bundle around it, as cosign attached them before it had bundles. Such name no key.
    pub fn of_envelope(bytes: &[u8]) -> Result<Self, BundleError> {
        check_length(bytes)?;
        let envelope: DsseEnvelope = serde_json::from_slice(bytes).map_err(|source| BundleError::Read { source })?;
        let material =
            VerificationMaterial::new(VerificationMaterialContent::PublicKey(PublicKeyIdentifier::new(String::new())));
        Self::of(sigstore_types::Bundle::new(MediaType::Bundle0_1, material, SignatureContent::DsseEnvelope(envelope)))
    }

    /// Takes a bundle with such an envelope.
    pub fn of(bundle: sigstore_types::Bundle) -> Result<Self, BundleError> {
        let SignatureContent::DsseEnvelope(envelope) = &bundle.content else { return Err(BundleError::NoEnvelope) };
        if envelope.payload_type != media_type::IN_TOTO {
            return Err(BundleError::PayloadType { payload_type: clip(&envelope.payload_type) });
        }
        let envelope = envelope.clone();
        Ok(Self { bundle: Box::new(bundle), envelope })
    }

    /// Returns the whole bundle, for whoever judges certificates, log entries and timestamps in it.
    pub fn content(&self) -> &sigstore_types::Bundle {
        &self.bundle
    }

    /// Returns whether the bundle says that this key signed it. Nothing vouches for that.
    pub fn names(&self, key: &PublicKey) -> bool {
        self.hint().is_some_and(|hint| hint == key.hint())
    }

    /// Returns the hint at the key that the bundle names, if it names one. Nothing vouches for it.
    pub fn hint(&self) -> Option<&str> {
        match &self.bundle.verification_material.content {
            VerificationMaterialContent::PublicKey(identifier) => Some(&identifier.hint),
            _ => None,
        }
    }

    /// Writes the envelope alone, as JSON.
    pub fn envelope_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&self.envelope)
    }

    /// Returns the fingerprint of the key that the bundle names, as far as its hint is one. Nothing vouches for it.
    pub fn named_key(&self) -> Option<String> {
        let bytes = STANDARD.decode(self.hint()?).ok().filter(|bytes| bytes.len() == 32)?;
        Some(bytes.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}")))
    }

    /// Returns the statement, if this key signed it and it is about this digest alone.
    pub fn verify(&self, key: &PublicKey, subject: &Digest) -> Result<Exact<Statement>, BundleError> {
        if !key.verify(&self.envelope.pae(), self.envelope.signature.sig.as_bytes()) {
            return Err(BundleError::Signature { key: key.fingerprint() });
        }
        self.statement(subject)
    }

    /// Returns the statement, if it is about this digest alone. For whoever has checked the signature.
    pub fn statement(&self, subject: &Digest) -> Result<Exact<Statement>, BundleError> {
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

fn check_length(bytes: &[u8]) -> Result<(), BundleError> {
    let length = bytes.len() as u64;
    if length > LIMIT { Err(BundleError::TooLarge { length }) } else { Ok(()) }
}

fn clip(text: &str) -> String {
    text.chars().take(160).collect()
}
