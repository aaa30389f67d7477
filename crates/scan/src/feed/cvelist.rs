use super::Failure;
use super::scores::{time, vectors};
use crate::DatabaseError;
use crate::reading::Reading;
use crate::vulnerability::Vulnerability;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const FEED: &str = "CVE list";

/// A CVE record (CVE JSON 5).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    cve_metadata: Metadata,
    #[serde(default)]
    containers: Containers,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    cve_id: String,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    date_updated: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Containers {
    cna: Option<Container>,
    adp: Vec<Container>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    title: Option<String>,
    provider_metadata: Provider,
    metrics: Vec<BTreeMap<String, Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Provider {
    short_name: Option<String>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Record, Failure> {
    Ok(serde_json::from_slice(bytes)?)
}

impl Record {
    pub(super) fn import(self, place: &str, reading: &mut Reading) -> Result<(), DatabaseError> {
        let updated = self.cve_metadata.date_updated.as_deref();
        reading.feed(FEED, updated.and_then(time));
        // What was rejected is no vulnerability.
        if self.cve_metadata.state.as_deref() == Some("REJECTED") {
            return Ok(());
        }
        let title = self.containers.cna.as_ref().and_then(|container| container.title.as_deref()).unwrap_or_default();
        let mut known = Vulnerability { title: title.chars().take(300).collect(), ..Vulnerability::default() };
        for container in self.containers.cna.iter().chain(&self.containers.adp) {
            let source = container.provider_metadata.short_name.as_deref().unwrap_or(FEED);
            let metrics = container.metrics.iter().flatten();
            known.stated.extend(vectors(source, metrics.map(|(kind, data)| (kind.as_str(), data))));
        }
        reading.vulnerability(place, FEED, &self.cve_metadata.cve_id.to_ascii_uppercase(), known)
    }
}
