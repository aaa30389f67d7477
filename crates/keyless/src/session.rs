use crate::bundle::{Evidence, annotations, bundle};
use crate::log::{self, Logged};
use crate::web::shown;
use crate::{
    Certificate, Disclosure, IdentityToken, KeylessError, LogService, LogVersion, Services, Signed, Source, Visibility,
    Web, authority, timestamp,
};
use consign_oci::{Exact, media_type};
use consign_receipt::Statement;
use jiff::Timestamp;
use reqwest::Url;
use sigstore_crypto::{KeyPair, sha256};
use sigstore_types::{
    Bundle, DigestBytes, DsseEnvelope, DsseSignature, HashAlgorithm, KeyId, MessageDigest, MessageSignature,
    PayloadBytes, Sha256Hash, SignatureBytes, SignatureContent, TimestampToken, TransparencyLogEntry, pae,
};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long a certificate must still hold for it to be used: until the log and the timestamp authority have answered.
const MARGIN: Duration = Duration::from_secs(60);

/// Judges a finished bundle, as whoever verifies it will.
pub type Check = Arc<dyn Fn(&Bundle) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync>;

/// How a session signs.
#[derive(Clone, Default)]
pub struct Options {
    /// Whether the public may learn of a repository that it does not see.
    pub disclosure: Disclosure,
    /// Judges each bundle before it is handed out, by a trusted root that the caller has.
    pub check: Option<Check>,
}

/// Signs for as long as a release takes, with one key and one certificate. When the certificate is about to end, it is followed by another.
pub struct Session {
    web: Web,
    services: Services,
    source: Source,
    options: Options,
    current: Mutex<Arc<Credential>>,
}

/// A key that nobody keeps, and who has it.
struct Credential {
    key: KeyPair,
    certificate: Certificate,
    until: Instant,
}

impl Session {
    /// Gets a token and a certificate. Nothing is asked of services that show everybody what they are told, if the token is for a repository that not
    /// everybody sees, unless that is allowed.
    pub async fn open(source: Source, services: Services, options: Options, web: Web) -> Result<Self, KeylessError> {
        let has_time = services.logs.iter().any(|log| log.version == LogVersion::V1);
        if !has_time && services.timestamps.is_empty() {
            return Err(KeylessError::NoTime);
        }
        let first = credential(&web, &services, &source, options.disclosure).await?;
        Ok(Self { web, services, source, options, current: Mutex::new(Arc::new(first)) })
    }

    /// Returns the certificate that the next signature would have.
    pub async fn certificate(&self) -> Result<Certificate, KeylessError> {
        Ok(self.credential().await?.certificate.clone())
    }

    /// Signs a statement's exact bytes: a DSSE envelope (DSSE 1.0, `protocol.md`) in a bundle.
    pub async fn sign(&self, statement: &Exact<Statement>) -> Result<Signed, KeylessError> {
        self.sign_payload(media_type::IN_TOTO, statement.bytes()).await
    }

    /// Signs bytes of any media type in the same way.
    pub async fn sign_payload(&self, media_type: &str, payload: &[u8]) -> Result<Signed, KeylessError> {
        let credential = self.credential().await?;
        let envelope = credential.envelope(media_type, payload)?;
        let evidence = self.evidence(&credential, &Logged::Envelope(&envelope), &envelope.signature.sig).await?;
        let signature = envelope.signature.sig.as_bytes().to_vec();
        self.finish(&credential, SignatureContent::DsseEnvelope(envelope), signature, &evidence)
    }

    /// Signs a file, by its SHA-256 hash.
    pub async fn sign_blob(&self, blob: &[u8]) -> Result<Signed, KeylessError> {
        self.sign_hash(*sha256(blob).as_bytes()).await
    }

    /// Signs a file of which only the SHA-256 hash is here.
    pub async fn sign_hash(&self, hash: [u8; 32]) -> Result<Signed, KeylessError> {
        let credential = self.credential().await?;
        let hash = Sha256Hash::from(hash);
        let signature = credential.sign(&hash)?;
        let logged = Logged::Hash(&hash, &signature);
        let evidence = self.evidence(&credential, &logged, &signature).await?;
        let digest = MessageDigest::new(HashAlgorithm::Sha2256, DigestBytes::from(hash.as_bytes().as_slice()));
        let bytes = signature.as_bytes().to_vec();
        let message = MessageSignature::new(signature).with_message_digest(digest);
        self.finish(&credential, SignatureContent::MessageSignature(message), bytes, &evidence)
    }

    /// Signs a payload as cosign did before version 3, and returns the annotations of its layer (cosign, `SIGNATURE_SPEC.md`). They have no place for
    /// entries of logs of version 2, which are not told of it.
    pub async fn sign_annotations(&self, payload: &[u8]) -> Result<BTreeMap<String, String>, KeylessError> {
        self.check_legacy()?;
        let credential = self.credential().await?;
        let hash = sha256(payload);
        let signature = credential.sign(&hash)?;
        let timestamps = self.timestamps(&signature).await?;
        let entries = self.log(&self.services.legacy_logs, &credential, &Logged::Hash(&hash, &signature)).await?;
        Ok(annotations(&credential.certificate, &signature, &Evidence { entries, timestamps }))
    }

    /// Signs a statement's exact bytes as cosign did before version 3: returns the envelope, as JSON, and the annotations of its layer.
    pub async fn sign_envelope(
        &self,
        statement: &Exact<Statement>,
    ) -> Result<(Vec<u8>, BTreeMap<String, String>), KeylessError> {
        self.check_legacy()?;
        let credential = self.credential().await?;
        let envelope = credential.envelope(media_type::IN_TOTO, statement.bytes())?;
        // The older form has timestamps of whole envelopes, which say nothing that the log's entry does not.
        let entries = self.log(&self.services.legacy_logs, &credential, &Logged::Envelope(&envelope)).await?;
        let bytes = serde_json::to_vec(&envelope).map_err(|source| KeylessError::Write { source })?;
        let evidence = Evidence { entries, timestamps: Vec::new() };
        Ok((bytes, annotations(&credential.certificate, &SignatureBytes::new(Vec::new()), &evidence)))
    }

    /// Fails if the older form could not show when something was signed.
    fn check_legacy(&self) -> Result<(), KeylessError> {
        if self.services.has_legacy_log() { Ok(()) } else { Err(KeylessError::NoLegacyLog) }
    }

    /// Gets timestamps, then tells the logs: what was logged stays, so that comes when nothing else can fail.
    async fn evidence(
        &self,
        credential: &Credential,
        logged: &Logged<'_>,
        signature: &SignatureBytes,
    ) -> Result<Evidence, KeylessError> {
        let timestamps = self.timestamps(signature).await?;
        let entries = self.log(&self.services.logs, credential, logged).await?;
        Ok(Evidence { entries, timestamps })
    }

    async fn timestamps(&self, signature: &SignatureBytes) -> Result<Vec<TimestampToken>, KeylessError> {
        let mut timestamps = Vec::new();
        for authority in &self.services.timestamps {
            timestamps.push(timestamp::timestamp(&self.web, authority, signature).await?);
        }
        Ok(timestamps)
    }

    async fn log(
        &self,
        logs: &[LogService],
        credential: &Credential,
        logged: &Logged<'_>,
    ) -> Result<Vec<(Url, TransparencyLogEntry)>, KeylessError> {
        let mut entries = Vec::new();
        for log in logs {
            let entry = log::add(&self.web, log, logged, &credential.certificate.leaf).await?;
            entries.push((log.url.clone(), entry));
        }
        Ok(entries)
    }

    fn finish(
        &self,
        credential: &Credential,
        content: SignatureContent,
        signature: Vec<u8>,
        evidence: &Evidence,
    ) -> Result<Signed, KeylessError> {
        let bundle = bundle(&credential.certificate, content, evidence);
        if let Some(check) = &self.options.check {
            check(&bundle).map_err(|source| KeylessError::Rejected { source })?;
        }
        let bytes = serde_json::to_vec(&bundle).map_err(|source| KeylessError::Write { source })?;
        Ok(Signed { bundle: bytes, signature, entries: evidence.facts() })
    }

    /// Returns the key and its certificate; new ones if the certificate is about to end. Whoever comes meanwhile waits for the same ones.
    async fn credential(&self) -> Result<Arc<Credential>, KeylessError> {
        let mut current = self.current.lock().await;
        if Instant::now() + MARGIN >= current.until {
            let next = credential(&self.web, &self.services, &self.source, self.options.disclosure).await?;
            *current = Arc::new(next);
        }
        Ok(Arc::clone(&current))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Session(by {})", self.source)
    }
}

impl Credential {
    fn sign(&self, hash: &Sha256Hash) -> Result<SignatureBytes, KeylessError> {
        self.key.sign_digest(hash).map_err(|source| KeylessError::Key { source })
    }

    fn envelope(&self, media_type: &str, payload: &[u8]) -> Result<DsseEnvelope, KeylessError> {
        let signature = self.sign(&sha256(&pae(media_type, payload)))?;
        let signature = DsseSignature::new(signature, KeyId::default());
        Ok(DsseEnvelope::new(media_type, PayloadBytes::from_bytes(payload), signature))
    }
}

async fn credential(
    web: &Web,
    services: &Services,
    source: &Source,
    disclosure: Disclosure,
) -> Result<Credential, KeylessError> {
    let token = source.token(web).await?;
    token.check(Timestamp::now())?;
    if disclosure == Disclosure::Refused {
        refuse_disclosure(services, &token)?;
    }
    let key = KeyPair::generate_ecdsa_p256().map_err(|source| KeylessError::Key { source })?;
    // By the clock of this machine, whatever day it shows: the certificate began after this moment.
    let asked = Instant::now();
    let certificate = authority::certificate(web, &services.authority, &token, &key).await?;
    let until = asked + certificate.validity();
    Ok(Credential { key, certificate, until })
}

fn refuse_disclosure(services: &Services, token: &IdentityToken) -> Result<(), KeylessError> {
    let Some(service) = services.public_ones().next() else { return Ok(()) };
    // What is not known to be public is not shown to the public: a person's address, or a repository of which the token says nothing.
    match token.visibility() {
        Some(Visibility::Public) => Ok(()),
        visibility => Err(KeylessError::Disclosure {
            service: shown(service),
            repository: token.claims().repository().map(|name| name.chars().take(200).collect()),
            visibility,
        }),
    }
}
