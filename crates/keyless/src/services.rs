use crate::WebError;
use crate::web::parse;
use jiff::Timestamp;
use reqwest::Url;
use sigstore_trust_root::{
    SIGSTORE_PRODUCTION_SIGNING_CONFIG, ServiceConfiguration, ServiceEndpoint, ServiceSelector, SigningConfig,
};

/// Largest `signing_config.json`, in bytes.
const LIMIT: usize = 1 << 20;
/// Hosts of the public services, and of those on which they are tried out, with all below them.
const PUBLIC: [&str; 2] = ["sigstore.dev", "sigstage.dev"];

/// Who is asked for what is needed to sign without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services {
    pub(crate) authority: Url,
    pub(crate) issuer: Option<Url>,
    pub(crate) logs: Vec<LogService>,
    /// Those that cosign's older form has a place for.
    pub(crate) legacy_logs: Vec<LogService>,
    pub(crate) timestamps: Vec<Url>,
}

/// A transparency log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogService {
    /// Where it is.
    pub url: Url,
    /// How it is spoken to.
    pub version: LogVersion,
}

/// How a transparency log is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogVersion {
    /// As Rekor's version 1: it says when an entry was made.
    V1,
    /// As Rekor's version 2: that is for timestamps to say.
    V2,
}

/// Which logs are told of signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Log {
    /// Those that the services name.
    #[default]
    Default,
    /// None.
    None,
    /// This one.
    Service(LogService),
}

/// Why services cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// The file is larger than is read.
    #[error("the list of services has {length} bytes: at most {LIMIT} are read")]
    TooLarge {
        /// Its length in bytes.
        length: usize,
    },
    /// The file is none, or one of another version.
    #[error("not a `signing_config.json` of version 0.2")]
    Form {
        /// What is wrong with it.
        source: sigstore_trust_root::Error,
    },
    /// Nobody does something now in a version that is known.
    #[error("the list of services names no {service} that can be used now")]
    Missing {
        /// What is missing.
        service: &'static str,
    },
    /// Fewer do it than are wanted.
    #[error("the list of services wants {wanted} of {service} by different operators, and names {found}")]
    TooFew {
        /// What there is too little of.
        service: &'static str,
        /// How many are wanted.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
    /// How many are wanted is not said.
    #[error("the list of services does not say how many of {service} are wanted")]
    Undefined {
        /// What it does not say it of.
        service: &'static str,
    },
    /// An address cannot be asked.
    #[error(transparent)]
    Address(#[from] WebError),
}

impl Services {
    /// Returns the public services, as they were known when consign was built.
    pub fn public(now: Timestamp) -> Result<Self, ServicesError> {
        Self::read(SIGSTORE_PRODUCTION_SIGNING_CONFIG.as_bytes(), now)
    }

    /// Reads a `signing_config.json`, and chooses from it who is to be asked now (sigstore protobuf-specs, `sigstore_trustroot.proto`,
    /// `SigningConfig`): of each operator one, with the highest version that is known, and of these the one that began last.
    pub fn read(bytes: &[u8], now: Timestamp) -> Result<Self, ServicesError> {
        if bytes.len() > LIMIT {
            return Err(ServicesError::TooLarge { length: bytes.len() });
        }
        let list = SigningConfig::from_json(&String::from_utf8_lossy(bytes));
        let list = list.map_err(|source| ServicesError::Form { source })?;
        let one = ServiceConfiguration::default();
        let authority = choose("certificate authority", &list.ca_urls, &[1], &one, now)?;
        let authority = authority.first().ok_or(ServicesError::Missing { service: "certificate authority" })?;
        let issuer = choose("issuer", &list.oidc_urls, &[1], &one, now)?;
        let logs = choose("log", &list.rekor_tlog_urls, &[1, 2], &list.rekor_tlog_config, now)?;
        // Where there is none, nothing in the older form can be signed, and all else can.
        let legacy_logs = choose("log", &list.rekor_tlog_urls, &[1], &list.rekor_tlog_config, now).unwrap_or_default();
        let log = |log: &ServiceEndpoint| -> Result<LogService, WebError> {
            let version = if log.major_api_version == 1 { LogVersion::V1 } else { LogVersion::V2 };
            Ok(LogService { url: parse(&log.url)?, version })
        };
        let timestamps = choose("timestamp authority", &list.tsa_urls, &[1], &list.tsa_config, now)?;
        Ok(Self {
            authority: parse(&authority.url)?,
            issuer: issuer.first().map(|issuer| parse(&issuer.url)).transpose()?,
            logs: logs.into_iter().map(log).collect::<Result<_, _>>()?,
            legacy_logs: legacy_logs.into_iter().map(log).collect::<Result<_, _>>()?,
            timestamps: timestamps.iter().map(|service| parse(&service.url)).collect::<Result<_, _>>()?,
        })
    }

    /// Returns the same services with other logs.
    pub fn with_log(mut self, log: Log) -> Self {
        match log {
            Log::Default => {}
            Log::None => {
                self.logs.clear();
                self.legacy_logs.clear();
            }
            Log::Service(service) => {
                self.legacy_logs =
                    [&service].into_iter().filter(|log| log.version == LogVersion::V1).cloned().collect();
                self.logs = vec![service];
            }
        }
        self
    }

    /// Returns who gives certificates.
    pub fn authority(&self) -> &Url {
        &self.authority
    }

    /// Returns who gives timestamps.
    pub fn timestamps(&self) -> &[Url] {
        &self.timestamps
    }

    /// Returns where persons log in.
    pub fn issuer(&self) -> Option<&Url> {
        self.issuer.as_ref()
    }

    /// Returns the logs that are told of signatures.
    pub fn logs(&self) -> &[LogService] {
        &self.logs
    }

    /// Returns whether a log is named that can vouch for cosign's older form: one of version 1.
    pub fn has_legacy_log(&self) -> bool {
        !self.legacy_logs.is_empty()
    }

    /// Returns whether everybody can see what this service is told.
    pub fn is_public(service: &Url) -> bool {
        let host = service.host_str().unwrap_or_default().trim_end_matches('.');
        PUBLIC
            .iter()
            .any(|public| host.strip_suffix(public).is_some_and(|before| before.is_empty() || before.ends_with('.')))
    }

    /// Returns the services that show everybody what they are told: the authority logs its certificates, too.
    pub fn public_ones(&self) -> impl Iterator<Item = &Url> {
        let told = std::iter::once(&self.authority).chain(self.logs.iter().map(|log| &log.url));
        told.filter(|service| Self::is_public(service))
    }
}

/// Returns who of those that do something are to be asked.
fn choose<'l>(
    service: &'static str,
    all: &'l [ServiceEndpoint],
    versions: &[u32],
    wanted: &ServiceConfiguration,
    now: Timestamp,
) -> Result<Vec<&'l ServiceEndpoint>, ServicesError> {
    let mut usable: Vec<_> =
        all.iter().filter(|one| one.valid_for.contains(now) && versions.contains(&one.major_api_version)).collect();
    usable.sort_by_key(|one| std::cmp::Reverse((one.major_api_version, one.valid_for.start)));
    let mut chosen: Vec<&ServiceEndpoint> = Vec::new();
    for one in usable {
        // Those who do not say who they are may be anybody.
        if one.operator.is_none() || chosen.iter().all(|other| other.operator != one.operator) {
            chosen.push(one);
        }
    }
    // Whoever names none has none: GitHub's own services have no log.
    if all.is_empty() {
        return Ok(chosen);
    }
    if chosen.is_empty() {
        return Err(ServicesError::Missing { service });
    }
    let count = match wanted.selector {
        ServiceSelector::Any => 1,
        ServiceSelector::All => chosen.len(),
        ServiceSelector::Exact => wanted.count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0),
        _ => 0,
    };
    match count {
        0 => Err(ServicesError::Undefined { service }),
        count if count > chosen.len() => Err(ServicesError::TooFew { service, wanted: count, found: chosen.len() }),
        count => {
            chosen.truncate(count);
            Ok(chosen)
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn list(logs: &Value, wanted: &Value) -> Vec<u8> {
        let one =
            |url: &str| json!([{"url": url, "majorApiVersion": 1, "validFor": {"start": "2020-01-01T00:00:00Z"}}]);
        let list = json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": one("https://ca.example"),
            "rekorTlogUrls": logs,
            "tsaUrls": one("https://tsa.example"),
            "rekorTlogConfig": wanted,
            "tsaConfig": {"selector": "ANY"},
        });
        list.to_string().into_bytes()
    }

    #[test]
    fn the_public_services_are_known() {
        let services = Services::public(now()).unwrap();
        assert_eq!(services.authority.as_str(), "https://fulcio.sigstore.dev/");
        assert_eq!(services.issuer().unwrap().as_str(), "https://oauth2.sigstore.dev/auth");
        let log = LogService { url: "https://rekor.sigstore.dev".parse().unwrap(), version: LogVersion::V1 };
        assert_eq!(services.logs(), &[log]);
        assert_eq!(services.timestamps[0].as_str(), "https://timestamp.sigstore.dev/api/v1/timestamp");
        assert_eq!(services.public_ones().count(), 2);
        assert_eq!(services.with_log(Log::None).public_ones().count(), 1);
    }

    #[test]
    fn chooses_as_the_list_wants() {
        let log = |url: &str, version: u32, operator: &str, start: &str, end: Option<&str>| {
            json!({"url": format!("https://{url}.example"), "majorApiVersion": version, "operator": operator,
                "validFor": {"start": format!("{start}-01-01T00:00:00Z"), "end": end.map(|end| format!("{end}-01-01T00:00:00Z"))}})
        };
        let logs = json!([
            log("old", 1, "a", "2021", None),
            log("ended", 2, "a", "2022", Some("2023")),
            log("new", 2, "a", "2024", None),
            log("newer", 2, "a", "2025", None),
            log("later", 2, "a", "2030", None),
            log("strange", 3, "a", "2020", None),
            log("other", 1, "b", "2020", None),
        ]);
        for (wanted, expected) in [
            (json!({"selector": "ANY"}), "newer"),
            (json!({}), "newer"),
            (json!({"selector": "ALL"}), "newer other"),
            (json!({"selector": "EXACT", "count": 2}), "newer other"),
            (json!({"selector": "EXACT", "count": 3}), "wants 3 of log by different operators, and names 2"),
            (json!({"selector": "EXACT"}), "does not say how many"),
            (json!({"selector": "SERVICE_SELECTOR_UNDEFINED"}), "does not say how many"),
        ] {
            let found = match Services::read(&list(&logs, &wanted), now()) {
                Ok(services) => {
                    let hosts = services.logs.iter().filter_map(|log| log.url.host_str()?.split('.').next());
                    hosts.collect::<Vec<_>>().join(" ")
                }
                Err(error) => error.to_string(),
            };
            assert!(found.contains(expected), "{wanted}: {found}");
        }
    }

    #[test]
    fn refuses_lists_that_cannot_be_used() {
        let later =
            json!([{"url": "https://x.example", "majorApiVersion": 1, "validFor": {"start": "2030-01-01T00:00:00Z"}}]);
        let plain =
            json!([{"url": "http://x.example", "majorApiVersion": 1, "validFor": {"start": "2020-01-01T00:00:00Z"}}]);
        for (bytes, expected) in [
            (b"{}".to_vec(), "not a `signing_config.json`"),
            (b"\xff".to_vec(), "not a `signing_config.json`"),
            (vec![b' '; LIMIT + 1], "at most"),
            (list(&later, &json!({"selector": "ANY"})), "no log that can be used now"),
            (list(&plain, &json!({"selector": "ANY"})), "not reached by HTTPS"),
        ] {
            let error = Services::read(&bytes, now()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(Services::read(&list(&json!([]), &json!({})), now()).unwrap().logs(), &[]);
    }

    #[test]
    fn knows_what_is_public() {
        for (url, expected) in [
            ("https://rekor.sigstore.dev", true),
            ("https://sigstore.dev", true),
            ("https://rekor.sigstore.dev.", true),
            ("https://fulcio.sigstage.dev", true),
            ("https://notsigstore.dev", false),
            ("https://rekor.sigstore.dev.example", false),
            ("https://fulcio.githubapp.com", false),
            ("http://127.0.0.1:1", false),
        ] {
            assert_eq!(Services::is_public(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
