use super::{Finding, pattern};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Packages as lists of other tools name them: as they are installed, without the group that Java's have, by their version and by what kind they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedPackage {
    /// The name; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The version that is installed, or that of its source; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The type of its package URL, such as `deb` or `maven`; `None`: any.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub purl_type: Option<String>,
}

impl ListedPackage {
    /// Returns whether a finding is about this package, and about no other.
    pub fn matches(&self, finding: &Finding) -> bool {
        self.name.as_ref().is_none_or(|name| has_name(finding, name))
            && self.version.as_ref().is_none_or(|version| has_version(finding, version))
            && self.purl_type.as_ref().is_none_or(|purl_type| all_purls(finding, |purl| is_of_type(purl, purl_type)))
    }
}

/// Archives of Java are known by the artifact alone where nobody says the group.
fn has_name(finding: &Finding, name: &str) -> bool {
    let artifact = || finding.package.rsplit_once(':').map(|(_, artifact)| artifact);
    finding.is_about(name) || artifact() == Some(name) && all_purls(finding, |purl| is_of_type(purl, "maven"))
}

fn has_version(finding: &Finding, version: &str) -> bool {
    finding.version == version
        || all_purls(finding, |purl| pattern::version(purl).is_some_and(|installed| installed == version))
}

fn all_purls(finding: &Finding, is_meant: impl Fn(&str) -> bool) -> bool {
    !finding.purls.is_empty() && finding.purls.iter().all(|purl| is_meant(purl))
}

fn is_of_type(purl: &str, purl_type: &str) -> bool {
    purl.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')).is_some_and(|(found, _)| found == purl_type)
}

impl fmt::Display for ListedPackage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("package ", &self.name), ("version ", &self.version), ("type ", &self.purl_type)];
        let parts = parts.into_iter().filter_map(|(what, value)| Some(format!("{what}{}", value.as_ref()?)));
        formatter.write_str(&parts.collect::<Vec<_>>().join(", "))
    }
}
