//! The trusted root of a private deployment, from what whoever runs it has at hand: certificates and public keys in PEM.

mod certificates;
mod key;

use crate::{TrustedRoot, TrustedRootError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use certificates::Chain;
use jiff::Timestamp;
use key::Key;
use serde_json::{Value, json};

/// Whose logs, certificates and timestamps count in a private deployment.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    /// Who issues certificates.
    pub authorities: Vec<DeployedAuthority>,
    /// Who logs these.
    pub certificate_logs: Vec<DeployedLog>,
    /// Who logs signatures.
    pub logs: Vec<DeployedLog>,
    /// Who gives timestamps.
    pub timestamp_authorities: Vec<DeployedAuthority>,
}

/// An authority, of certificates or timestamps.
#[derive(Clone, Debug)]
pub struct DeployedAuthority {
    /// Its address.
    pub url: String,
    /// Its certificates in PEM, each before the one that vouches for it: for an authority of timestamps that which signs them is the first.
    pub certificates: String,
    /// From when on it counts; if not said, from when on its root does, or the certificate that signs timestamps.
    pub from: Option<Timestamp>,
    /// Until when it counts; ever after if not said.
    pub until: Option<Timestamp>,
}

/// A log, of certificates or signatures.
#[derive(Clone, Debug)]
pub struct DeployedLog {
    /// Its address.
    pub url: String,
    /// Its public key in PEM.
    pub key: String,
    /// The name that it signs its checkpoints with, for a log whose identity is made of that, too: one of Rekor 2 (C2SP, `signed-note.md`).
    pub origin: Option<String>,
    /// From when on it counts; always before `until` if not said.
    pub from: Option<Timestamp>,
    /// Until when it counts; ever after if not said.
    pub until: Option<Timestamp>,
}

/// Why a deployment has no trusted root.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// Certificates are none.
    #[error("the certificates of {url} cannot be used: {detail}")]
    Certificates {
        /// Whose they are.
        url: String,
        /// What is wrong.
        detail: String,
    },
    /// A key is none.
    #[error("the public key of {url} cannot be used: {detail}")]
    Key {
        /// Whose it is.
        url: String,
        /// What is wrong.
        detail: String,
    },
    /// A time of end is before one of begin.
    #[error("{url} counts until {until}, which is before {from}, from when on it does")]
    Times {
        /// Who.
        url: String,
        /// The begin.
        from: Timestamp,
        /// The end.
        until: Timestamp,
    },
    /// Nobody could verify by it.
    #[error("who is described would not make a trusted root")]
    Root {
        /// Why not.
        source: TrustedRootError,
    },
}

impl Deployment {
    /// Writes its `trusted_root.json` (protobuf-specs, `sigstore_trustroot.proto`, `TrustedRoot`). The same deployment gives the same bytes.
    pub fn trusted_root(&self) -> Result<Vec<u8>, DeploymentError> {
        let all = |logs: &[DeployedLog]| logs.iter().map(log).collect::<Result<Vec<_>, _>>();
        let chains = |authorities: &[DeployedAuthority], signs: bool| {
            authorities.iter().map(|one| authority(one, signs)).collect::<Result<Vec<_>, _>>()
        };
        let root = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": all(&self.logs)?,
            "certificateAuthorities": chains(&self.authorities, false)?,
            "ctlogs": all(&self.certificate_logs)?,
            "timestampAuthorities": chains(&self.timestamp_authorities, true)?,
        });
        let text = format!("{root:#}\n");
        TrustedRoot::read(text.as_bytes()).map_err(|source| DeploymentError::Root { source })?;
        Ok(text.into_bytes())
    }
}

fn authority(authority: &DeployedAuthority, signs: bool) -> Result<Value, DeploymentError> {
    let url = &authority.url;
    let wrong = |detail| DeploymentError::Certificates { url: url.clone(), detail };
    let chain = Chain::read(&authority.certificates).map_err(wrong)?;
    if signs {
        chain.check_signer().map_err(wrong)?;
    }
    let from = authority.from.unwrap_or(if signs { chain.first_from } else { chain.root_from });
    let certificates = chain.certificates.iter().map(|bytes| json!({ "rawBytes": BASE64.encode(bytes) }));
    Ok(json!({
        "subject": { "organization": chain.organization, "commonName": chain.name },
        "uri": url,
        "certChain": { "certificates": certificates.collect::<Vec<_>>() },
        "validFor": times(url, from, authority.until)?,
    }))
}

fn log(log: &DeployedLog) -> Result<Value, DeploymentError> {
    let wrong = |detail| DeploymentError::Key { url: log.url.clone(), detail };
    let key = Key::read(&log.key).map_err(wrong)?;
    let times = times(&log.url, log.from.unwrap_or(Timestamp::UNIX_EPOCH), log.until)?;
    Ok(json!({
        "baseUrl": log.url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": { "rawBytes": BASE64.encode(&key.der), "keyDetails": key.details, "validFor": times },
        "logId": { "keyId": BASE64.encode(key.identity(log.origin.as_deref())) },
    }))
}

fn times(url: &str, from: Timestamp, until: Option<Timestamp>) -> Result<Value, DeploymentError> {
    match until {
        Some(until) if until < from => Err(DeploymentError::Times { url: url.to_owned(), from, until }),
        Some(until) => Ok(json!({ "start": from.to_string(), "end": until.to_string() })),
        None => Ok(json!({ "start": from.to_string() })),
    }
}
