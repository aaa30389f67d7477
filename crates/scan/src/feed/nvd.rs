use super::Failure;
use super::scores::{time, vectors};
use crate::DatabaseError;
use crate::reading::Reading;
use crate::vulnerability::Vulnerability;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const FEED: &str = "NVD";

/// A page or feed of the NVD (its CVE API 2.0).
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    #[serde(default)]
    timestamp: Option<String>,
    vulnerabilities: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    cve: Cve,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cve {
    id: String,
    #[serde(default)]
    vuln_status: Option<String>,
    #[serde(default)]
    metrics: BTreeMap<String, Vec<Metric>>,
    #[serde(default)]
    descriptions: Vec<Description>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    #[serde(default)]
    source: String,
    #[serde(default)]
    cvss_data: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Description {
    lang: String,
    value: String,
}

pub(super) fn read(bytes: &[u8]) -> Result<Page, Failure> {
    Ok(serde_json::from_slice(bytes)?)
}

impl Page {
    pub(super) fn import(self, place: &str, reading: &mut Reading) -> Result<(), DatabaseError> {
        reading.feed(FEED, self.timestamp.as_deref().and_then(time));
        for Item { cve } in self.vulnerabilities {
            // What was rejected is no vulnerability.
            if cve.vuln_status.as_deref() == Some("Rejected") {
                continue;
            }
            let mut known = Vulnerability { title: title(&cve.descriptions), ..Vulnerability::default() };
            for (kind, metrics) in &cve.metrics {
                for Metric { source, cvss_data } in metrics {
                    let source = if source.is_empty() { FEED } else { source };
                    known.stated.extend(vectors(source, cvss_data.iter().map(|data| (kind.as_str(), data))));
                }
            }
            reading.vulnerability(place, FEED, &cve.id.to_ascii_uppercase(), known)?;
        }
        Ok(())
    }
}

fn title(descriptions: &[Description]) -> String {
    let english = descriptions.iter().find(|description| description.lang == "en");
    english
        .map(|description| description.value.lines().next().unwrap_or_default().chars().take(300).collect())
        .unwrap_or_default()
}
