use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

/// Characters of a line of PEM (RFC 7468, section 2).
const LINE: usize = 64;

/// Whose certificates, logs and timestamps count: one Sigstore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The file, for people; `None` for the public Sigstore, which others know by themselves.
    pub name: Option<String>,
    pub(crate) json: String,
    pub(crate) parts: Parts,
}

/// What counts by it (protobuf-specs, `sigstore_trustroot.proto`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parts {
    #[serde(default, rename = "tlogs")]
    pub(crate) logs: Vec<Log>,
    #[serde(default, rename = "ctlogs")]
    pub(crate) certificate_logs: Vec<Log>,
    #[serde(default)]
    pub(crate) certificate_authorities: Vec<Authority>,
    #[serde(default)]
    pub(crate) timestamp_authorities: Vec<Authority>,
}

/// A log, of signatures or of certificates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Log {
    #[serde(default)]
    pub(crate) base_url: String,
    public_key: Key,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    raw_bytes: String,
    #[serde(default)]
    key_details: String,
}

/// Somebody who issues certificates, or timestamps.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Authority {
    #[serde(default)]
    pub(crate) subject: Subject,
    #[serde(default)]
    pub(crate) uri: Option<String>,
    cert_chain: Chain,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subject {
    pub(crate) organization: Option<String>,
    pub(crate) common_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Chain {
    certificates: Vec<Bytes>,
}

/// A certificate, in DER.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bytes {
    raw_bytes: String,
}

/// A trusted root that cannot be passed on.
#[derive(Debug, thiserror::Error)]
#[error("it is no trusted root of Sigstore")]
pub struct RootError(#[from] serde_json::Error);

impl Root {
    /// Takes one over, as the JSON of `trusted_root.json`. `name` is its file; `None` says that it is that of the public Sigstore.
    pub fn new(name: Option<String>, document: &Value) -> Result<Self, RootError> {
        let parts = serde_json::from_value(document.clone())?;
        Ok(Self { name, json: document.to_string(), parts })
    }

    /// Returns how it is called, for people.
    pub(crate) fn label(&self) -> String {
        self.name.clone().unwrap_or_else(|| "the public Sigstore".to_owned())
    }
}

impl Log {
    /// Returns whether it promises with ECDSA, as Rekor 1 does, and is not known to do otherwise.
    pub(crate) fn has_ecdsa(&self) -> bool {
        self.public_key.key_details.is_empty() || self.public_key.key_details.contains("ECDSA")
    }

    pub(crate) fn pem(&self) -> String {
        pem("PUBLIC KEY", &self.public_key.raw_bytes)
    }
}

impl Authority {
    /// Returns all its certificates, the root last.
    pub(crate) fn pem(&self) -> String {
        self.cert_chain.certificates.iter().map(|certificate| pem("CERTIFICATE", &certificate.raw_bytes)).collect()
    }
}

/// Puts base64 between the lines of PEM (RFC 7468).
fn pem(label: &str, base64: &str) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = base64;
    while let Some((line, more)) = rest.split_at_checked(LINE) {
        text.extend([line, "\n"]);
        rest = more;
    }
    let end = if rest.is_empty() { "" } else { "\n" };
    text.extend([rest, end, "-----END ", label, "-----\n"]);
    text
}

/// Writes a text in base64.
pub(crate) fn base64(text: &str) -> String {
    STANDARD.encode(text)
}
