use super::{
    Acceptance, Change, ComparedFinding, Consequence, Finding, IgnoredAdvisory, IgnoredNote, Judgement, LastRelease,
    Severity, Share,
};
use crate::{Exception, VexDocument};
use consign_oci::{Platform, Tag};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How much is tolerated of what advisories say about an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvisoryRules {
    /// The worst severity that passes.
    pub maximum_severity: Severity,
    /// What becomes of advisories whose severity nobody states, or not in a way that is understood.
    #[serde(default)]
    pub unknown_severity: Acceptance,
    /// What becomes of advisories of which no version is free yet.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unfixed: Acceptance,
    /// What becomes of advisories that are known to be exploited, however severe they are, and whether or not they are fixed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub known_exploited: Consequence,
    /// The highest probability of being exploited (EPSS) that passes, however severe the advisory is; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_epss: Option<Share>,
    /// What becomes of an image whose distribution has no free fixes any more.
    #[serde(default, skip_serializing_if = "is_default")]
    pub end_of_life: Consequence,
    /// What becomes of an image in which no packages are found.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_package_data: Consequence,
    /// What becomes of an image all of whose packages are of a distribution or a kind about which consign reads no advisories.
    #[serde(default, skip_serializing_if = "is_default")]
    pub foreign_packages: Consequence,
    /// What becomes of an image of whose packages some were compared with advisories and some were not.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_compared: Consequence,
    /// Oldest database that counts, in days since its last change; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_age: Option<u32>,
    /// Tag of the last release: only what is new since then is refused. `None`: all is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_since: Option<Tag>,
    /// What becomes of advisories that came or got worse since the last release, about packages that it has in the same version.
    #[serde(default, skip_serializing_if = "is_default")]
    pub new_advisories: Acceptance,
    /// What the last release says, once it was looked at. `None`: there is none, or nobody has looked; then everything is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_release: Option<LastRelease>,
    /// Advisories that do not count for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<IgnoredAdvisory>,
    /// What those who know the image or its packages say; [`crate::Policy::for_image`] makes entries of the ignore list of it, which are recorded.
    #[serde(skip)]
    pub vex: Vec<VexDocument>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl AdvisoryRules {
    /// Makes rules that tolerate this, and have no exceptions.
    pub fn new(maximum_severity: Severity) -> Self {
        Self {
            maximum_severity,
            unknown_severity: Acceptance::default(),
            unfixed: Acceptance::default(),
            known_exploited: Consequence::default(),
            maximum_epss: None,
            end_of_life: Consequence::default(),
            no_package_data: Consequence::default(),
            foreign_packages: Consequence::default(),
            not_compared: Consequence::default(),
            maximum_age: None,
            new_since: None,
            new_advisories: Acceptance::default(),
            last_release: None,
            ignore: Vec::new(),
            vex: Vec::new(),
        }
    }

    /// Returns the rules as lines, each different for different rules.
    pub(crate) fn text(&self) -> String {
        let Self { maximum_severity, unknown_severity, maximum_epss, maximum_age, ignore, .. } = self;
        let mut text = format!("maximum-severity {maximum_severity}\nunknown-severity {}\n", unknown_severity.word());
        // What is as always says nothing, so that a rule that is added leaves the digests of all policies as they are.
        for (rule, acceptance) in [("unfixed", self.unfixed), ("new-advisories", self.new_advisories)] {
            if acceptance != Acceptance::default() {
                text.push_str(&format!("{rule} {}\n", acceptance.word()));
            }
        }
        for (rule, consequence) in [
            ("known-exploited", self.known_exploited),
            ("end-of-life", self.end_of_life),
            ("no-package-data", self.no_package_data),
            ("foreign-packages", self.foreign_packages),
            ("not-compared", self.not_compared),
        ] {
            if consequence != Consequence::default() {
                text.push_str(&format!("{rule} {}\n", consequence.word()));
            }
        }
        text.extend(maximum_epss.map(|share| format!("maximum-epss {}\n", share.billionths())));
        text.extend(maximum_age.map(|days| format!("maximum-age {days}\n")));
        text.extend(self.new_since.as_ref().map(|tag| format!("new-since {tag}\n")));
        if let Some(LastRelease { index, findings }) = &self.last_release {
            text.push_str(&format!("last-release {index}\n"));
            for ComparedFinding { package, version, advisory, platform, change } in findings {
                let entry = serde_json::json!([package, version, advisory, platform.to_string(), change.word()]);
                text.push_str(&format!("compared {entry}\n"));
            }
        }
        for IgnoredAdvisory { advisory, package, purl, purls, listed, exception } in ignore {
            let Exception { platforms, reason, owner, until } = exception;
            let platforms: Vec<String> = platforms.iter().map(ToString::to_string).collect();
            // As JSON, so that no text can pass for several lines.
            let mut entry = serde_json::json!([
                advisory,
                package,
                purl,
                purls,
                platforms,
                reason,
                owner,
                until.map(|until| until.to_string())
            ]);
            if let (Some(listed), Some(entry)) = (listed, entry.as_array_mut()) {
                entry.push(serde_json::json!(listed));
            }
            text.push_str(&format!("ignore {entry}\n"));
        }
        text
    }

    /// Says what becomes of a finding. An entry of the ignore list that has ended has no effect.
    pub fn judge(&self, platform: &Platform, finding: &Finding, today: Date) -> Judgement<'_> {
        let mut entries = self.ignore.iter().filter(|entry| entry.is_about(platform, finding));
        if let Some(entry) = entries.clone().find(|entry| !entry.exception.has_ended(today)) {
            return Judgement::Ignored(entry);
        }
        if self.tolerates(finding) {
            return Judgement::Tolerated;
        }
        let change = self.last_release.as_ref().and_then(|last| last.change(platform, finding));
        match change {
            Some(Change::Nothing) => Judgement::Known(Change::Nothing),
            Some(Change::Advisory) if self.new_advisories == Acceptance::Accept => Judgement::Known(Change::Advisory),
            _ => Judgement::Refused { change, ended: entries.next() },
        }
    }

    fn tolerates(&self, finding: &Finding) -> bool {
        let is_exploited = self.known_exploited == Consequence::Refuse && finding.known_exploited.is_some();
        let is_likely =
            matches!((self.maximum_epss, finding.epss), (Some(maximum), Some(epss)) if epss.score > maximum);
        if is_exploited || is_likely {
            return false;
        }
        let is_unfixed = finding.fixed.is_none() && !finding.undetermined;
        let is_known = finding.severity.is_some() && !finding.severity_unread;
        (self.unfixed == Acceptance::Accept && is_unfixed)
            || finding.severity.is_none_or(|severity| severity <= self.maximum_severity)
                && (is_known || self.unknown_severity == Acceptance::Accept)
    }

    /// Says which entries of the ignore list have ended, or have no effect on any of the findings.
    pub fn notes<'a>(
        &self,
        findings: impl Iterator<Item = (&'a Platform, &'a Finding)> + Clone,
        today: Date,
    ) -> Vec<IgnoredNote> {
        let note = |entry: &IgnoredAdvisory| {
            let is_used = findings.clone().any(|(platform, finding)| entry.is_about(platform, finding));
            let short = || findings.clone().find_map(|(platform, finding)| entry.falls_short_of(platform, finding));
            match (entry.exception.has_ended(today), is_used) {
                (true, _) => Some(IgnoredNote::Ended(entry.clone())),
                (false, true) => None,
                (false, false) => Some(match short() {
                    Some(source) => IgnoredNote::Short { entry: entry.clone(), source: source.to_owned() },
                    None => IgnoredNote::Unused(entry.clone()),
                }),
            }
        };
        self.ignore.iter().filter_map(note).collect()
    }
}
