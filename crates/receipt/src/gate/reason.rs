use crate::{Change, Exception, Finding, IgnoredAdvisory, IgnoredFact, ImageFinding, Requirement, Stage};
use consign_oci::Platform;
use jiff::civil::Date;

/// Why an image did not pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// No platform at all.
    #[error("the image has no platform")]
    NoPlatform,
    /// A planned platform is not there.
    #[error("{platform}: planned, but not built")]
    MissingPlatform {
        /// The platform.
        platform: Platform,
    },
    /// A platform is there that was not planned.
    #[error("{platform}: built, but not planned")]
    UnplannedPlatform {
        /// The platform.
        platform: Platform,
    },
    /// Two images for the same platform.
    #[error("{platform}: there are two images for it")]
    DuplicatePlatform {
        /// The platform.
        platform: Platform,
    },
    /// Nothing that counts speaks for the requirement.
    #[error("{platform}: no {requirement}{}", if *.unproven { " that counts: what there is was neither made here nor signed by an identity that the policy names" } else { "" })]
    Missing {
        /// The platform.
        platform: Platform,
        /// What is required.
        requirement: Requirement,
        /// Whether a receipt is there that does not count.
        unproven: bool,
    },
    /// A receipt that counts does not say what its type promises.
    #[error("{platform}: the {requirement} is malformed: {detail}")]
    Malformed {
        /// The platform.
        platform: Platform,
        /// What is required.
        requirement: Requirement,
        /// What is wrong with it.
        detail: String,
    },
    /// A trial failed.
    #[error("{platform}: trial failed: {}", .tests.join(", "))]
    TrialFailed {
        /// The platform.
        platform: Platform,
        /// The tests that failed.
        tests: Vec<String>,
    },
    /// An advisory matches a package, and the policy does not tolerate it.
    #[error("{platform}: {finding}{}{}", news(*.change), was_ignored(.ended.as_deref().map(|entry: &IgnoredAdvisory| &entry.exception)))]
    Advisory {
        /// The platform.
        platform: Platform,
        /// The advisory and the package.
        finding: Box<Finding>,
        /// What is new about it since the last release, if that was looked at.
        change: Option<Change>,
        /// The entry of the ignore list that covered it and has ended.
        ended: Option<Box<IgnoredAdvisory>>,
    },
    /// The database has no advisories about where the packages come from, so that it says nothing of any of them.
    #[error("{platform}: {}", not_covered(*.packages, .ecosystems))]
    NotCovered {
        /// The platform.
        platform: Platform,
        /// How many packages are known; 0: it is not known which there are.
        packages: usize,
        /// Where they come from, in the words of the OSV schema, or where they may be.
        ecosystems: Vec<String>,
    },
    /// No packages were found in the image.
    #[error("{platform}: no packages were found in it, so that advisories say nothing about it")]
    NoPackages {
        /// The platform.
        platform: Platform,
    },
    /// Nobody whose advisories are read says anything about packages of this distribution or kind.
    #[error("{platform}: {}", foreign(*.packages, .ecosystems))]
    ForeignPackages {
        /// The platform.
        platform: Platform,
        /// How many packages there are.
        packages: usize,
        /// Where they come from.
        ecosystems: Vec<String>,
    },
    /// Some packages were compared with advisories, and these were not.
    #[error("{platform}: {}", not_compared(*.packages, .ecosystems))]
    NotCompared {
        /// The platform.
        platform: Platform,
        /// How many packages were not; 0: it is not known how many.
        packages: usize,
        /// Where they come from, in the words of the OSV schema, or where they may be.
        ecosystems: Vec<String>,
    },
    /// The distribution has no free fixes any more.
    #[error("{platform}: {release} has had no free fixes since {ends}{}", paid(.extended.as_ref()))]
    EndOfLife {
        /// The platform.
        platform: Platform,
        /// The release of the distribution.
        release: String,
        /// The last day on which it had.
        ends: Date,
        /// The last day on which those who pay get some, if it is not over.
        extended: Option<Date>,
    },
    /// The database was last changed too long ago.
    #[error(
        "{platform}: the advisory database was last changed on {changed}, and at most {maximum} days may have passed"
    )]
    DatabaseOld {
        /// The platform.
        platform: Platform,
        /// The day of its last change, in UTC.
        changed: Date,
        /// How many days the policy allows.
        maximum: u32,
    },
    /// Settings or files say something that the policy refuses.
    #[error("{platform}: {finding}{}", was_ignored(.ended.as_deref().map(|entry: &IgnoredFact| &entry.exception)))]
    Image {
        /// The platform.
        platform: Platform,
        /// What they say.
        finding: Box<ImageFinding>,
        /// The entry of the ignore list that covered it and has ended.
        ended: Option<Box<IgnoredFact>>,
    },
}

fn news(change: Option<Change>) -> &'static str {
    match change {
        None => "",
        Some(Change::Nothing) => "; the last release has it, too",
        Some(Change::Advisory) => {
            "; the last release has the package, and the advisory is newer or says worse than then"
        }
        Some(Change::Package) => "; the last release does not have the package in this version",
    }
}

fn paid(until: Option<&Date>) -> String {
    until.map(|day| format!(", and has paid ones until {day}")).unwrap_or_default()
}

fn was_ignored(exception: Option<&Exception>) -> String {
    match exception {
        Some(Exception { until: Some(until), owner, .. }) => format!("; it was ignored until {until}: ask {owner}"),
        _ => String::new(),
    }
}

fn not_covered(packages: usize, ecosystems: &[String]) -> String {
    let ecosystems = ecosystems.join(", ");
    match packages {
        0 => format!(
            "nothing was compared with advisories, since it is not known which packages there are: {ecosystems}"
        ),
        _ => format!(
            "the advisory database has no records about any of the {packages} packages, which are of {ecosystems}"
        ),
    }
}

fn foreign(packages: usize, ecosystems: &[String]) -> String {
    let ecosystems = ecosystems.join(", ");
    format!("no advisories are read about any of the {packages} packages, which are of {ecosystems}")
}

fn not_compared(packages: usize, ecosystems: &[String]) -> String {
    let ecosystems = ecosystems.join(", ");
    match packages {
        0 => format!(
            "some packages were not compared with advisories, since it is not known which they are: {ecosystems}"
        ),
        1 => format!("1 package was not compared with advisories: {ecosystems}"),
        _ => format!("{packages} packages were not compared with advisories: {ecosystems}"),
    }
}

impl Reason {
    /// Returns the platform that it is about.
    pub fn platform(&self) -> Option<&Platform> {
        match self {
            Self::NoPlatform => None,
            Self::MissingPlatform { platform }
            | Self::UnplannedPlatform { platform }
            | Self::DuplicatePlatform { platform }
            | Self::Missing { platform, .. }
            | Self::Malformed { platform, .. }
            | Self::TrialFailed { platform, .. }
            | Self::Advisory { platform, .. }
            | Self::NotCovered { platform, .. }
            | Self::NoPackages { platform }
            | Self::ForeignPackages { platform, .. }
            | Self::NotCompared { platform, .. }
            | Self::EndOfLife { platform, .. }
            | Self::DatabaseOld { platform, .. }
            | Self::Image { platform, .. } => Some(platform),
        }
    }

    /// Returns whether it is about a trial that failed.
    pub fn is_trial(&self) -> bool {
        matches!(self, Self::TrialFailed { .. })
    }

    /// Returns whether it is about the advisory database, not the image.
    pub fn is_database(&self) -> bool {
        matches!(self, Self::NotCovered { .. } | Self::DatabaseOld { .. })
    }

    /// Returns whether it goes away when the same sources are built again: the distribution has the package in a version that is free of it.
    pub fn is_outdated(&self) -> bool {
        matches!(self, Self::Advisory { finding, .. } if finding.has_newer_package())
    }

    /// Returns the stage that found it out; the gate where no other did.
    pub fn stage(&self) -> Stage {
        match self {
            Self::TrialFailed { .. } => Stage::Trial,
            Self::Advisory { .. }
            | Self::NotCovered { .. }
            | Self::NoPackages { .. }
            | Self::ForeignPackages { .. }
            | Self::NotCompared { .. }
            | Self::EndOfLife { .. }
            | Self::DatabaseOld { .. } => Stage::Scan,
            Self::Image { .. } => Stage::Inventory,
            _ => Stage::Gate,
        }
    }
}
