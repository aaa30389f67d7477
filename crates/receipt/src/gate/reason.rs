use crate::{Finding, IgnoredAdvisory, IgnoredFact, ImageFinding, Requirement, Stage};
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
    #[error("{platform}: {finding}{}", was_ignored(.ended.as_deref().map(|entry: &IgnoredAdvisory| (entry.until, entry.owner.as_str()))))]
    Advisory {
        /// The platform.
        platform: Platform,
        /// The advisory and the package.
        finding: Box<Finding>,
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
    /// The distribution has fixes no more.
    #[error("{platform}: {release} has had no fixes for everybody since {ends}")]
    EndOfLife {
        /// The platform.
        platform: Platform,
        /// The release of the distribution.
        release: String,
        /// The last day on which it had.
        ends: Date,
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
    #[error("{platform}: {finding}{}", was_ignored(.ended.as_deref().map(|entry: &IgnoredFact| (entry.until, entry.owner.as_str()))))]
    Image {
        /// The platform.
        platform: Platform,
        /// What they say.
        finding: Box<ImageFinding>,
        /// The entry of the ignore list that covered it and has ended.
        ended: Option<Box<IgnoredFact>>,
    },
}

fn was_ignored(entry: Option<(Option<Date>, &str)>) -> String {
    let Some((until, owner)) = entry.and_then(|(until, owner)| Some((until?, owner))) else { return String::new() };
    format!("; it was ignored until {until}: ask {owner}")
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
            | Self::EndOfLife { platform, .. }
            | Self::DatabaseOld { platform, .. }
            | Self::Image { platform, .. } => Some(platform),
        }
    }

    /// Returns whether it is about a trial that failed, which has an exit code of its own.
    pub fn is_trial(&self) -> bool {
        matches!(self, Self::TrialFailed { .. })
    }

    /// Returns whether it is about the advisory database, not the image, which has an exit code of its own.
    pub fn is_database(&self) -> bool {
        matches!(self, Self::NotCovered { .. } | Self::DatabaseOld { .. })
    }

    /// Returns the stage that found it out; the gate where no other did.
    pub fn stage(&self) -> Stage {
        match self {
            Self::TrialFailed { .. } => Stage::Trial,
            Self::Advisory { .. } | Self::NotCovered { .. } | Self::EndOfLife { .. } | Self::DatabaseOld { .. } => {
                Stage::Scan
            }
            Self::Image { .. } => Stage::Inventory,
            _ => Stage::Gate,
        }
    }
}
