use super::{AdvisoryRules, Finding, platform_text};
use consign_oci::{Digest, Platform};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What an image's last release says about what is found in the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRelease {
    /// Digest of its index.
    pub index: Digest,
    /// Findings of the next one that would not pass, and what is new about each, sorted.
    pub findings: Vec<ComparedFinding>,
}

/// A finding, beside the last release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ComparedFinding {
    /// The package that the advisory is about.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The advisory.
    pub advisory: String,
    /// Where it was found.
    #[serde(with = "platform_text")]
    pub platform: Platform,
    /// What is new about it.
    pub change: Change,
}

/// What is new about a finding since the last release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Nothing: the last release has it, and it is no worse.
    Nothing,
    /// The advisory: the last release has the same packages, and what is said about them came or got worse since.
    Advisory,
    /// The package: the last release does not have it, or in another version.
    Package,
}

impl Change {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Advisory => "advisory",
            Self::Package => "package",
        }
    }
}

/// One platform of the last release, as its receipts say.
#[derive(Clone, Debug, Default)]
pub struct ReleasedContents {
    /// What was found in it then.
    pub findings: Vec<Finding>,
    /// Package URLs of all that it has.
    pub purls: BTreeSet<String>,
}

impl ReleasedContents {
    /// Says what is new about a finding.
    fn change(&self, finding: &Finding, rules: &AdvisoryRules) -> Change {
        let is_same = |then: &&Finding| {
            let names = || [&then.advisory].into_iter().chain(&then.aliases);
            let is_package = then.package == finding.package && are_of_one_kind(&then.purls, &finding.purls);
            is_package && names().any(|name| finding.is_named(name))
        };
        let mut then = self.findings.iter().filter(is_same);
        let has_packages = !finding.purls.is_empty() && finding.purls.iter().all(|purl| self.purls.contains(purl));
        if then.any(|then| !has_worsened(then, finding, rules)) {
            Change::Nothing
        } else if has_packages {
            Change::Advisory
        } else {
            Change::Package
        }
    }
}

/// Returns whether packages of one name are of one ecosystem, as far as anything says so.
fn are_of_one_kind(some: &[String], others: &[String]) -> bool {
    let kinds = |purls: &[String]| -> BTreeSet<String> {
        purls.iter().filter_map(|purl| Some(purl.split_once('/')?.0.to_owned())).collect()
    };
    let (some, others) = (kinds(some), kinds(others));
    some.is_empty() || others.is_empty() || !some.is_disjoint(&others)
}

/// Returns whether more is said against the same package than before.
fn has_worsened(then: &Finding, now: &Finding, rules: &AdvisoryRules) -> bool {
    let is_likely = |finding: &Finding| match (rules.maximum_epss, finding.epss) {
        (Some(maximum), Some(epss)) => epss.score > maximum,
        _ => false,
    };
    let is_exploited = |finding: &Finding| finding.known_exploited.is_some();
    // What is not understood any more may be worse.
    let is_vaguer = now.severity_unread && !then.severity_unread || now.severity.is_none() && then.severity.is_some();
    is_vaguer
        || now.severity > then.severity
        || is_exploited(now) && !is_exploited(then)
        || is_likely(now) && !is_likely(then)
}

impl LastRelease {
    /// Compares those of the findings on a platform that do not pass with the last release. `then`: `None` if it has no such platform.
    pub fn compare<'a>(
        &mut self,
        platform: &Platform,
        refused: impl IntoIterator<Item = &'a Finding>,
        then: Option<&ReleasedContents>,
        rules: &AdvisoryRules,
    ) {
        let compared = refused.into_iter().map(|finding| ComparedFinding {
            package: finding.package.clone(),
            version: finding.version.clone(),
            advisory: finding.advisory.clone(),
            platform: platform.clone(),
            change: then.map_or(Change::Package, |then| then.change(finding, rules)),
        });
        self.findings.extend(compared);
        self.findings.sort();
        self.findings.dedup();
    }

    /// Returns whether nothing of what is compared is new.
    pub fn is_nothing_new(&self) -> bool {
        self.findings.iter().all(|compared| compared.change == Change::Nothing)
    }

    /// Returns whether all that is compared in another comparison is compared here, too, so that it stands for that.
    pub fn covers(&self, other: &Self) -> bool {
        let is_it = |compared: &ComparedFinding, one: &ComparedFinding| {
            (&compared.platform, &compared.package, &compared.version, &compared.advisory)
                == (&one.platform, &one.package, &one.version, &one.advisory)
        };
        other.findings.iter().all(|one| self.findings.iter().any(|compared| is_it(compared, one)))
    }

    /// Returns what is new about a finding; `None`: it was not compared.
    pub(crate) fn change(&self, platform: &Platform, finding: &Finding) -> Option<Change> {
        let is_it = |compared: &&ComparedFinding| {
            (&compared.platform, &compared.package, &compared.version, &compared.advisory)
                == (platform, &finding.package, &finding.version, &finding.advisory)
        };
        // Where several were stated, the one that counts most.
        self.findings.iter().filter(is_it).map(|compared| compared.change).max()
    }
}
