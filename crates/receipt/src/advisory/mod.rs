//! What is known against the packages of an image, and how much of it a policy tolerates.

mod choice;
mod engine;
mod epss;
mod finding;
mod ignored;
mod judgement;
mod last_release;
mod listed;
mod pattern;
mod rules;
mod severity;
mod status;

pub use choice::{Acceptance, Consequence};
pub use engine::Engine;
pub use epss::{Epss, Share};
pub use finding::{Coverage, Finding};
pub use ignored::{IgnoredAdvisory, IgnoredNote};
pub use judgement::Judgement;
pub use last_release::{Change, ComparedFinding, LastRelease, ReleasedContents};
pub use listed::ListedPackage;
pub use pattern::{NoPackagePattern, PackagePattern};
pub use rules::AdvisoryRules;
pub use severity::{Severity, Stated};
pub use status::FixStatus;

/// Days as `YYYY-MM-DD`.
pub(crate) mod date_text {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match date {
            Some(date) => serializer.collect_str(date),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

/// A platform as `os/architecture[/variant]`.
pub(crate) mod platform_text {
    use consign_oci::Platform;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(platform: &Platform, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(platform)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Platform, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Platforms as `os/architecture[/variant]`.
pub(crate) mod platforms_text {
    use consign_oci::Platform;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(platforms: &[Platform], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(platforms.iter().map(Platform::to_string))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Platform>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.into_iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
    }
}
