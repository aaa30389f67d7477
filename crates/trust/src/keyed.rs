use crate::keyless::{evidence, explain, first_good, known_logs};
use crate::trusted_root::Instance;
use crate::{Artifact, Evidence, Log, TrustError, TrustedRoot, bundle};
use consign_sign::PublicKey;
use sigstore_types::{
    Bundle, DerPublicKey, DigestBytes, SignatureBytes, SignatureContent, Statement, VerificationMaterialContent,
};
use sigstore_verify::PublicKeyVerificationPolicy;
use sigstore_verify::crypto::{KeyAlgorithm, SigningScheme, verify_signature, verify_signature_prehashed};

/// Verifies signatures of a key.
#[derive(Clone, Debug)]
pub struct Keyed {
    /// The key.
    pub key: PublicKey,
    /// Whose logs and timestamps count, where a bundle has such.
    pub root: TrustedRoot,
    /// What is asked of a log. With [`Log::IfPresent`] a bundle may be without: who trusts a key needs nobody else.
    pub log: Log,
}

/// A signature of a key that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// What shows when it was signed, and that it is in a log.
    pub evidence: Evidence,
    /// The exact bytes of the statement, if one is signed. Whoever gave [`Artifact::Statement`] has to look at what it is about.
    pub statement: Option<Vec<u8>>,
}

impl Keyed {
    /// Returns what a bundle shows, if the key signed the artifact. Timestamps and log entries that are there must be true.
    pub fn verify(&self, bundle: &Bundle, artifact: Artifact<'_>) -> Result<Vouched, TrustError> {
        bundle::check(bundle)?;
        let material = &bundle.verification_material;
        if !matches!(material.content, VerificationMaterialContent::PublicKey(_)) {
            return Err(TrustError::ByCertificate);
        }
        // First the key: what others say of a signature by somebody else is of no interest.
        self.verify_signature(&bundle.content, artifact)?;
        let entries = &material.tlog_entries;
        let has_timestamps = !material.timestamp_verification_data.rfc3161_timestamps.is_empty();
        if self.log == Log::Required && entries.is_empty() {
            return Err(TrustError::NotLogged);
        }
        let evidence = match entries.is_empty() && !has_timestamps {
            true => Evidence::default(),
            false => first_good(&self.root, |instance| self.verify_by(instance, bundle, artifact))?,
        };
        Ok(Vouched { evidence, statement: bundle::statement(bundle).map(<[u8]>::to_vec) })
    }

    /// Returns whether a bare signature is the key's over an artifact.
    pub fn verify_bare(&self, signature: &[u8], artifact: Artifact<'_>) -> Result<(), TrustError> {
        let message = sigstore_types::MessageSignature::new(SignatureBytes::from_bytes(signature));
        self.verify_signature(&SignatureContent::MessageSignature(message), artifact)
    }

    fn verify_by(&self, instance: &Instance, bundle: &Bundle, artifact: Artifact<'_>) -> Result<Evidence, TrustError> {
        let mut policy = PublicKeyVerificationPolicy::new(self.der()?);
        if self.log == Log::Ignored || bundle.verification_material.tlog_entries.is_empty() {
            policy = policy.skip_tlog_unsafe();
        } else {
            known_logs(instance, bundle)?;
        }
        let artifact = artifact.resolve(&bundle.content)?;
        let result =
            instance.verifier.verify(artifact, bundle, &policy).map_err(|error| explain(error, instance, bundle))?;
        evidence(bundle, &result, instance)
    }

    fn der(&self) -> Result<DerPublicKey, TrustError> {
        DerPublicKey::from_pem(&self.key.to_pem()).map_err(|error| TrustError::Input { detail: error.to_string() })
    }

    fn verify_signature(&self, content: &SignatureContent, artifact: Artifact<'_>) -> Result<(), TrustError> {
        let key = self.der()?;
        let algorithm =
            KeyAlgorithm::from_spki(&key).map_err(|error| TrustError::Input { detail: error.to_string() })?;
        let refused = |_| TrustError::KeySignature { key: self.key.fingerprint() };
        match content {
            SignatureContent::DsseEnvelope(envelope) => {
                let scheme = algorithm.default_signing_scheme();
                verify_signature(&key, &envelope.pae(), &envelope.signature.sig, scheme).map_err(refused)?;
                is_about(envelope.payload.as_bytes(), artifact)
            }
            SignatureContent::MessageSignature(message) => {
                let scheme = match &message.message_digest {
                    None => algorithm.default_signing_scheme(),
                    Some(digest) => algorithm
                        .resolve_signing_scheme(digest.algorithm)
                        .map_err(|error| TrustError::Unsupported { detail: error.to_string() })?,
                };
                verify_message(&key, scheme, &message.signature, artifact, content, refused)
            }
            _ => Err(TrustError::Unsupported { detail: "the kind of its signature".to_owned() }),
        }
    }
}

/// Returns whether a statement has the artifact among its subjects. What the caller looks at is not looked at here.
fn is_about(payload: &[u8], artifact: Artifact<'_>) -> Result<(), TrustError> {
    let statement: Statement =
        serde_json::from_slice(payload).map_err(|source| TrustError::Statement { detail: source.to_string() })?;
    let digest = match artifact {
        Artifact::Statement => return Ok(()),
        Artifact::Bytes(bytes) => consign_oci::Digest::of(bytes),
        Artifact::Digest(digest) => digest.clone(),
    };
    let bytes = DigestBytes::from_hex(digest.hex()).map(DigestBytes::into_bytes).unwrap_or_default();
    let has = |subject: &sigstore_types::Subject| {
        let (sha256, sha512) = (subject.digest.sha256.as_ref(), subject.digest.sha512.as_ref());
        sha256.is_some_and(|digest| digest.as_slice() == bytes)
            || sha512.is_some_and(|digest| digest.as_slice() == bytes)
    };
    match statement.subject.iter().any(has) {
        true => Ok(()),
        false => Err(TrustError::OtherArtifact { detail: format!("no subject of the statement is {digest}") }),
    }
}

fn verify_message(
    key: &DerPublicKey,
    scheme: SigningScheme,
    signature: &SignatureBytes,
    artifact: Artifact<'_>,
    content: &SignatureContent,
    refused: impl Fn(sigstore_verify::crypto::Error) -> TrustError,
) -> Result<(), TrustError> {
    if let Artifact::Bytes(bytes) = artifact {
        return verify_signature(key, bytes, signature, scheme).map_err(refused);
    }
    let artifact = artifact.resolve(content)?;
    let digest = artifact.digest().filter(|digest| scheme.hash_algorithm() == Some(digest.algorithm()));
    match digest {
        Some(digest) => verify_signature_prehashed(key, digest.as_bytes(), signature, scheme).map_err(refused),
        None => Err(TrustError::Input {
            detail: format!("signatures of the kind {} are not over this digest", scheme.name()),
        }),
    }
}
