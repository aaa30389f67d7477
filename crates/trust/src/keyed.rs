use crate::artifact::{algorithm_of, bytes_of};
use crate::keyless::{first_good, verify_all};
use crate::logged::{evidence, known_logs};
use crate::statement::Statement;
use crate::trusted_root::Instance;
use crate::{Artifact, Evidence, Log, TrustError, TrustedRoot, bundle};
use consign_oci::{Algorithm, Digest};
use consign_sign::{DigestAlgorithm, PublicKey};
use sigstore_types::{
    Bundle, DerPublicKey, HashAlgorithm, MessageSignature, SignatureBytes, SignatureContent,
    VerificationMaterialContent,
};
use sigstore_verify::PublicKeyVerificationPolicy;

/// Verifies signatures of a key.
#[derive(Clone, Debug)]
pub struct Keyed {
    /// The key.
    pub key: PublicKey,
    /// Whose logs and timestamps count, where a bundle has such.
    pub root: TrustedRoot,
    /// What is asked of a log: with [`Log::Required`] an entry, whatever the root has. With [`Log::IfPresent`] a bundle may be without: who trusts a key
    /// needs nobody else.
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
        let statement = bundle::check(bundle)?;
        let statement = statement.as_ref();
        let material = &bundle.verification_material;
        if !matches!(material.content, VerificationMaterialContent::PublicKey(_)) {
            return Err(TrustError::ByCertificate);
        }
        // First the key: what others say of a signature by somebody else is of no interest.
        self.verify_signature(&bundle.content, statement, artifact)?;
        let entries = &material.tlog_entries;
        let has_timestamps = !material.timestamp_verification_data.rfc3161_timestamps.is_empty();
        if self.log == Log::Required && entries.is_empty() {
            return Err(TrustError::NotLogged);
        }
        let evidence = match entries.is_empty() && !has_timestamps {
            true => Evidence::default(),
            false => first_good(&self.root, |instance| self.verify_by(instance, bundle, statement, artifact))?,
        };
        Ok(Vouched { evidence, statement: bundle::statement(bundle).map(<[u8]>::to_vec) })
    }

    /// Returns whether a bare signature is the key's over an artifact.
    pub fn verify_bare(&self, signature: &[u8], artifact: Artifact<'_>) -> Result<(), TrustError> {
        let message = MessageSignature::new(SignatureBytes::from_bytes(signature));
        self.verify_signature(&SignatureContent::MessageSignature(message), None, artifact)
    }

    fn verify_by(
        &self,
        instance: &Instance,
        bundle: &Bundle,
        statement: Option<&Statement>,
        artifact: Artifact<'_>,
    ) -> Result<Evidence, TrustError> {
        let key = DerPublicKey::from_pem(&self.key.to_pem());
        let key = key.map_err(|error| TrustError::Input { detail: error.to_string() })?;
        let mut policy = PublicKeyVerificationPolicy::new(key);
        if self.log == Log::Ignored || bundle.verification_material.tlog_entries.is_empty() {
            policy = policy.skip_tlog_unsafe();
        } else {
            known_logs(instance, bundle)?;
        }
        let result = verify_all(instance, bundle, statement, artifact, &policy)?;
        evidence(bundle, &result, instance)
    }

    /// Fails unless the key signed this, and this is the artifact. Any digest counts that keys of its kind sign: which one it was, bundles do not
    /// always say.
    fn verify_signature(
        &self,
        content: &SignatureContent,
        statement: Option<&Statement>,
        artifact: Artifact<'_>,
    ) -> Result<(), TrustError> {
        let is_signed = match (content, artifact) {
            (SignatureContent::DsseEnvelope(envelope), _) => {
                self.key.verify(&envelope.pae(), envelope.signature.sig.as_bytes())
            }
            (SignatureContent::MessageSignature(message), Artifact::Bytes(bytes)) => {
                self.key.verify(bytes, message.signature.as_bytes())
            }
            (SignatureContent::MessageSignature(message), Artifact::Digest(digest)) => {
                self.verify_digest(digest, message.signature.as_bytes())?
            }
            (SignatureContent::MessageSignature(_), Artifact::Statement) => return Err(TrustError::NoStatement),
            _ => return Err(TrustError::Unsupported { detail: "the kind of its signature".to_owned() }),
        };
        if !is_signed {
            return Err(TrustError::KeySignature { key: self.key.fingerprint() });
        }
        match (content, statement) {
            (SignatureContent::MessageSignature(message), _) => check_digest(message, artifact),
            (_, Some(statement)) => statement.check_subject(artifact),
            (_, None) => Err(TrustError::NoStatement),
        }
    }

    fn verify_digest(&self, digest: &Digest, signature: &[u8]) -> Result<bool, TrustError> {
        let algorithm = match digest.algorithm() {
            Algorithm::Sha256 => DigestAlgorithm::Sha256,
            Algorithm::Sha512 => DigestAlgorithm::Sha512,
        };
        if !self.key.digest_algorithms().contains(&algorithm) {
            let detail = format!("the key {} signs no digests of {}", self.key.fingerprint(), algorithm.name());
            return Err(TrustError::Input { detail });
        }
        Ok(self.key.verify_digest(algorithm, &bytes_of(digest), signature))
    }
}

/// Fails if a bundle says that its signature is of something else. A digest of another kind than is given cannot be compared.
fn check_digest(message: &MessageSignature, artifact: Artifact<'_>) -> Result<(), TrustError> {
    let Some(stated) = &message.message_digest else { return Ok(()) };
    let found = match (artifact, stated.algorithm) {
        (Artifact::Bytes(bytes), HashAlgorithm::Sha2256) => DigestAlgorithm::Sha256.digest(bytes),
        (Artifact::Bytes(bytes), HashAlgorithm::Sha2384) => DigestAlgorithm::Sha384.digest(bytes),
        (Artifact::Bytes(bytes), HashAlgorithm::Sha2512) => DigestAlgorithm::Sha512.digest(bytes),
        (Artifact::Digest(digest), algorithm) if algorithm_of(digest) == algorithm => bytes_of(digest),
        _ => return Ok(()),
    };
    match stated.digest.as_bytes() == found {
        true => Ok(()),
        false => Err(TrustError::OtherArtifact { detail: "the digest in the bundle is another".to_owned() }),
    }
}
