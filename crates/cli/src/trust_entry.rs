//! One of those who count, or who are asked, as it is printed.

use consign_keyless::{LogVersion, Services};
use consign_trust::{Member, TrustedRoot};
use serde::Serialize;
use std::collections::BTreeSet;

/// Characters of an identity in a table.
const SHORT: usize = 12;
/// The heads of the columns of tables.
pub(crate) const COLUMNS: [&str; 5] = ["what", "name", "id", "from", "until"];

/// One of those who count, or who are asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct TrustEntry {
    kind: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    id: Option<String>,
    key: Option<String>,
    from: Option<String>,
    until: Option<String>,
}

impl TrustEntry {
    /// Returns all who count by a root, for each Sigstore.
    pub(crate) fn of_root(root: &TrustedRoot) -> Vec<Vec<Self>> {
        root.members().iter().map(|members| members.iter().map(Self::from).collect()).collect()
    }

    /// Returns all who are asked by those who sign.
    pub(crate) fn of_services(services: &Services) -> Vec<Self> {
        let entry = |kind, name: &str, version| Self {
            kind,
            name: name.to_owned(),
            version,
            id: None,
            key: None,
            from: None,
            until: None,
        };
        let authority = entry("certificate-service", services.authority().as_str(), None);
        let issuer = services.issuer().map(|url| entry("token-service", url.as_str(), None));
        let logs = services.logs().iter().map(|log| {
            let version = if log.version == LogVersion::V1 { 1 } else { 2 };
            entry("log-service", log.url.as_str(), Some(version))
        });
        let timestamps = services.timestamps().iter().map(|url| entry("timestamp-service", url.as_str(), None));
        [authority].into_iter().chain(issuer).chain(logs).chain(timestamps).collect()
    }

    /// Returns the cells of its line in a table.
    pub(crate) fn row(&self) -> Vec<String> {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let id = match (&self.id, self.version) {
            (Some(id), _) => id.chars().take(SHORT).collect(),
            (None, Some(version)) => format!("version {version}"),
            (None, None) => "-".to_owned(),
        };
        vec![self.kind.to_owned(), self.name.clone(), id, or_none(&self.from), or_none(&self.until)]
    }
}

impl From<&Member> for TrustEntry {
    fn from(member: &Member) -> Self {
        Self {
            kind: member.kind.word(),
            name: member.name.clone(),
            version: None,
            id: Some(member.id.clone()),
            key: member.key.clone(),
            from: member.from.map(|time| time.to_string()),
            until: member.until.map(|time| time.to_string()),
        }
    }
}

/// Returns those of `some` who are not among `others`.
pub(crate) fn without(some: &BTreeSet<TrustEntry>, others: &BTreeSet<TrustEntry>) -> Vec<TrustEntry> {
    some.difference(others).cloned().collect()
}
