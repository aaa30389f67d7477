use super::{Epss, FixStatus, Severity};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What package URLs of distributions' packages begin with.
const DISTRIBUTIONS: [&str; 4] = ["pkg:deb/", "pkg:apk/", "pkg:rpm/", "pkg:alpm/"];

/// An advisory that matches a package of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Finding {
    /// The package that the advisory is about: a source package, where the distribution has such.
    pub package: String,
    /// Its version that is installed.
    pub version: String,
    /// The advisory: by its CVE number, where it has one.
    pub advisory: String,
    /// The other names of the same advisory, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The worst that anybody says of it; `None`: nobody says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Whether something else is said of it that cannot be understood, so that it may be worse.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub severity_unread: bool,
    /// The version that is free of it; `None`: there is none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// The installed packages that it is about, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub installed: Vec<String>,
    /// Whether nobody knows if the package is affected: versions could not be compared, or there is a doubt.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub undetermined: bool,
    /// Why nobody knows, if it is not for the versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
    /// What it is if it is no vulnerability, such as `unmaintained`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub informational: Option<String>,
    /// What the publisher of the package does about it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<FixStatus>,
    /// The day since which it is known to be exploited, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_exploited: Option<String>,
    /// How likely somebody exploits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss: Option<Epss>,
    /// Package URLs of the installed packages, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub purls: Vec<String>,
    /// The feeds that say so, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
}

impl Finding {
    /// Returns whether this is a name of the advisory.
    pub fn is_named(&self, advisory: &str) -> bool {
        [&self.advisory].into_iter().chain(&self.aliases).any(|name| name.eq_ignore_ascii_case(advisory))
    }

    /// Returns whether the distribution that the package is of has a version that is free of it. What is fixed in a package of a language is
    /// often pinned by a file of the sources.
    pub fn has_newer_package(&self) -> bool {
        let is_of_distribution = |purl: &String| DISTRIBUTIONS.iter().any(|prefix| purl.starts_with(prefix));
        let has_fix = self.fixed.is_some() && !self.undetermined;
        has_fix && !self.purls.is_empty() && self.purls.iter().all(is_of_distribution)
    }

    /// Returns its severity in words.
    pub fn severity_text(&self) -> String {
        match (self.severity, &self.informational) {
            (Some(severity), Some(word)) => format!("{severity} ({word})"),
            (Some(severity), None) if self.severity_unread => format!("{severity} or worse"),
            (Some(severity), None) => severity.to_string(),
            (None, _) => "unknown".to_owned(),
        }
    }

    /// Returns whether it is about the package with this name, source or installed, and about no other.
    pub fn is_about(&self, package: &str) -> bool {
        self.package == package || matches!(&self.installed[..], [only] if only == package)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { package, version, advisory, .. } = self;
        write!(formatter, "{package} {version}: {advisory}, ")?;
        write!(formatter, "severity {}, ", self.severity_text())?;
        match &self.fixed {
            Some(fixed) => write!(formatter, "fixed in {fixed}")?,
            None => formatter.write_str("no fixed version")?,
        }
        if self.undetermined {
            write!(formatter, "; {}", self.doubt.as_deref().unwrap_or("the versions cannot be compared"))?;
        }
        if let Some(day) = &self.known_exploited {
            write!(formatter, "; known to be exploited since {day}")?;
        }
        if let Some(epss) = &self.epss {
            write!(formatter, "; EPSS {}", epss.score.number())?;
        }
        Ok(())
    }
}

/// How many packages of one origin there are, and whether any advisory could have matched them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// Where they come from, in the words of the OSV schema: `Debian:12`; or where others may be: `what /lib/apk/db/installed lists`.
    pub ecosystem: String,
    /// How many there are; 0 where that is not known.
    pub packages: usize,
    /// Whether the database knows this origin at all.
    pub covered: bool,
    /// Whether no database could know it: nobody publishes advisories about it that consign reads.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
}
