use super::{Finding, ListedPackage, PackagePattern};
use crate::Exception;
use consign_oci::Platform;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An advisory that does not count for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IgnoredAdvisory {
    /// Any name of the advisory.
    pub advisory: String,
    /// Only in this package, source or installed; `None`: in all. An installed package covers no other of the same source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Only in packages with this package URL, of any version and with any qualifiers where it has none; `None`: in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<PackagePattern>,
    /// Only in exactly these packages, by their whole package URLs, all of a finding; none: in all. So it is where a document of OpenVEX says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purls: Vec<String>,
    /// Only in packages that a list of another tool means; `None`: in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<ListedPackage>,
    /// Where, why and how long.
    #[serde(flatten)]
    pub exception: Exception,
}

impl IgnoredAdvisory {
    /// Returns whether it is about this finding, whether or not it has ended.
    pub fn is_about(&self, platform: &Platform, finding: &Finding) -> bool {
        self.names(platform, finding)
            && self.package.as_ref().is_none_or(|package| finding.is_about(package))
            && self.listed.as_ref().is_none_or(|listed| listed.matches(finding))
            && (self.purls.is_empty()
                || !finding.purls.is_empty() && finding.purls.iter().all(|purl| self.purls.contains(purl)))
            && self.purl.as_ref().is_none_or(|purl| {
                !finding.purls.is_empty() && finding.purls.iter().all(|installed| purl.matches(installed))
            })
    }

    /// Returns the source package of a finding that it is not about, since other installed packages of the same source have it too.
    pub(crate) fn falls_short_of<'a>(&self, platform: &Platform, finding: &'a Finding) -> Option<&'a str> {
        let package = self.package.as_ref().or(self.listed.as_ref().and_then(|listed| listed.name.as_ref()));
        let package = package.filter(|package| !finding.is_about(package))?;
        (self.names(platform, finding) && finding.installed.contains(package)).then_some(&finding.package)
    }

    fn names(&self, platform: &Platform, finding: &Finding) -> bool {
        finding.is_named(&self.advisory) && self.exception.covers(platform)
    }
}

/// Something about an entry of the ignore list that its owner should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IgnoredNote {
    /// Its last day is over, so that it has no effect.
    Ended(IgnoredAdvisory),
    /// It matches nothing.
    Unused(IgnoredAdvisory),
    /// It names one installed package, and others of the same source have the advisory too.
    Short {
        /// The entry.
        entry: IgnoredAdvisory,
        /// The source package.
        source: String,
    },
}

impl fmt::Display for IgnoredNote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Ended(entry) | Self::Unused(entry) | Self::Short { entry, .. }) = self;
        let IgnoredAdvisory { advisory, exception: Exception { owner, until, .. }, .. } = entry;
        write!(formatter, "ignored advisory {advisory}")?;
        if let Some(package) = &entry.package {
            write!(formatter, " in {package}")?;
        }
        if let Some(listed) = &entry.listed {
            write!(formatter, " in {listed}")?;
        }
        if let Some(purl) = &entry.purl {
            write!(formatter, " in {purl}")?;
        }
        match self {
            Self::Ended(_) => {
                let until = until.map(|until| format!(" on {until}")).unwrap_or_default();
                write!(formatter, ": ended{until} and has no effect; ask {owner}")
            }
            Self::Unused(_) => write!(formatter, ": matches nothing; {owner} may take it out"),
            Self::Short { source, .. } => write!(
                formatter,
                ": has no effect, since it does not cover all installed packages of {source}; ask {owner}"
            ),
        }
    }
}
