use crate::web::parse;
use crate::{Services, ServicesError};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt;
use std::str::FromStr;

/// The services of a private deployment, of which those who sign choose.
#[derive(Clone, Debug, Default)]
pub struct ServiceList {
    /// Who gives certificates.
    pub authorities: Vec<ListedService>,
    /// Who gives identity tokens to persons.
    pub issuers: Vec<ListedService>,
    /// Who logs signatures.
    pub logs: Vec<ListedService>,
    /// How many of the logs are told.
    pub log_selection: Selection,
    /// Who gives timestamps.
    pub timestamps: Vec<ListedService>,
    /// How many of those are asked.
    pub timestamp_selection: Selection,
}

/// A service.
#[derive(Clone, Debug)]
pub struct ListedService {
    /// Its address.
    pub url: String,
    /// How it is spoken to: 1, or 2 for a log that is Rekor's version 2.
    pub version: u32,
    /// Who runs it; its host if not said.
    pub operator: Option<String>,
    /// From when on it may be asked; always before `until` if not said.
    pub from: Option<Timestamp>,
    /// Until when it may be asked; ever after if not said.
    pub until: Option<Timestamp>,
}

/// How many of several services are asked (protobuf-specs, `sigstore_trustroot.proto`, `ServiceSelector`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// One.
    #[default]
    Any,
    /// All.
    All,
    /// As many.
    Exact(u32),
}

/// A text that is no [`Selection`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `ANY`, `ALL` or `EXACT:COUNT`")]
pub struct SelectionError;

impl FromStr for Selection {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, SelectionError> {
        match text {
            "ANY" => Ok(Self::Any),
            "ALL" => Ok(Self::All),
            _ => {
                let count = text.strip_prefix("EXACT:").and_then(|count| count.parse().ok());
                count.filter(|count| *count > 0).map(Self::Exact).ok_or(SelectionError)
            }
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("ANY"),
            Self::All => formatter.write_str("ALL"),
            Self::Exact(count) => write!(formatter, "EXACT:{count}"),
        }
    }
}

impl ServiceList {
    /// Writes its `signing_config.json` (protobuf-specs, `sigstore_trustroot.proto`, `SigningConfig`), from which somebody could sign now. The same list
    /// gives the same bytes.
    pub fn write(&self, now: Timestamp) -> Result<Vec<u8>, ServicesError> {
        let all = |services: &[ListedService]| services.iter().map(written).collect::<Result<Vec<_>, _>>();
        let list = json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": all(&self.authorities)?,
            "oidcUrls": all(&self.issuers)?,
            "rekorTlogUrls": all(&self.logs)?,
            "rekorTlogConfig": selector(self.log_selection),
            "tsaUrls": all(&self.timestamps)?,
            "tsaConfig": selector(self.timestamp_selection),
        });
        let text = format!("{list:#}\n");
        Services::read(text.as_bytes(), now)?;
        Ok(text.into_bytes())
    }
}

fn written(service: &ListedService) -> Result<Value, ServicesError> {
    let host = parse(&service.url)?.host_str().unwrap_or_default().to_owned();
    let mut times = json!({ "start": service.from.unwrap_or(Timestamp::UNIX_EPOCH).to_string() });
    if let Some(until) = service.until {
        times["end"] = until.to_string().into();
    }
    Ok(json!({
        "url": service.url,
        "majorApiVersion": service.version,
        "operator": service.operator.as_ref().unwrap_or(&host),
        "validFor": times,
    }))
}

fn selector(selection: Selection) -> Value {
    match selection {
        Selection::Any => json!({ "selector": "ANY" }),
        Selection::All => json!({ "selector": "ALL" }),
        Selection::Exact(count) => json!({ "selector": "EXACT", "count": count }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn service(url: &str, version: u32) -> ListedService {
        ListedService { url: url.to_owned(), version, operator: None, from: None, until: None }
    }

    #[test]
    fn is_read_as_it_was_written() {
        let list = ServiceList {
            authorities: vec![service("https://fulcio.example", 1)],
            issuers: vec![service("https://issuer.example/auth", 1)],
            logs: vec![service("https://rekor.example", 1), service("https://log.example", 2)],
            log_selection: Selection::Exact(2),
            timestamps: vec![service("https://tsa.example/api/v1/timestamp", 1)],
            ..ServiceList::default()
        };
        let now = Timestamp::now();
        let services = Services::read(&list.write(now).unwrap(), now).unwrap();
        assert_eq!(services.authority().as_str(), "https://fulcio.example/");
        assert_eq!((services.logs().len(), services.timestamps().len()), (2, 1));
        assert_eq!(list.write(now).unwrap(), list.write(now).unwrap());

        let ended = ListedService { until: Some(Timestamp::UNIX_EPOCH), ..service("https://fulcio.example", 1) };
        for (list, expected) in [
            (ServiceList::default(), "no certificate authority"),
            (ServiceList { authorities: vec![ended], ..list.clone() }, "no certificate authority"),
            (ServiceList { authorities: vec![service("http://fulcio.example", 1)], ..list.clone() }, "HTTPS"),
            (ServiceList { log_selection: Selection::Exact(3), ..list.clone() }, "wants 3 of log"),
        ] {
            let error = list.write(now).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn selections() {
        for text in ["ANY", "ALL", "EXACT:2"] {
            assert_eq!(text.parse::<Selection>().unwrap().to_string(), text);
        }
        for text in ["", "any", "EXACT", "EXACT:0", "EXACT:-1", "EXACT:x"] {
            assert_eq!(text.parse::<Selection>(), Err(SelectionError), "{text}");
        }
    }
}
