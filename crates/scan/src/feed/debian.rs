use super::{Failure, digest_of};
use crate::DatabaseError;
use crate::advisory::{Advisory, Affected, Details};
use crate::ecosystem::Ecosystem;
use crate::family::Family;
use crate::names::Names;
use crate::range::AffectedVersions;
use crate::rating::Rating;
use crate::reach::Reach;
use crate::reading::Reading;
use consign_receipt::FixStatus;
use consign_receipt::predicate::SeverityScore;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const FEED: &str = "Debian security tracker";
/// The version that says that a release never was affected.
const NEVER: &str = "0";

/// What the tracker exports: by source package and number what is known of each release.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Tracker(BTreeMap<String, BTreeMap<String, Issue>>);

#[derive(Debug, Deserialize)]
struct Issue {
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    releases: BTreeMap<String, Release>,
}

#[derive(Debug, Deserialize)]
struct Release {
    status: String,
    #[serde(default)]
    fixed_version: Option<String>,
    #[serde(default)]
    urgency: Option<String>,
    /// Why no advisory is published for it, in words. Where no reason is given beside, it is fixed with something else, or not.
    #[serde(default)]
    nodsa: Option<String>,
    #[serde(default)]
    nodsa_reason: Option<String>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Tracker, Failure> {
    Ok(serde_json::from_slice(bytes)?)
}

impl Tracker {
    pub(super) fn import(self, place: &str, reading: &mut Reading) -> Result<(), DatabaseError> {
        let feeds = BTreeSet::from([FEED.to_owned()]);
        for (package, issues) in self.0 {
            for (id, issue) in issues {
                let mut texts = vec![FEED, &package, &id, issue.description.as_deref().unwrap_or_default()];
                for (name, release) in &issue.releases {
                    reading.feed(FEED, None).about.insert(ecosystem(name).key());
                    reading.list(place, &ecosystem(name), &package)?;
                    let Release { status, fixed_version, urgency, nodsa, nodsa_reason } = release;
                    texts.extend([name.as_str(), status]);
                    texts.extend(
                        [fixed_version, urgency, nodsa, nodsa_reason].map(|text| text.as_deref().unwrap_or("\0")),
                    );
                }
                let digest = digest_of(&texts);
                let affected = issue.releases.iter().filter_map(|(name, release)| affected(&package, name, release));
                let affected = affected.collect();
                let details = Details::new(issue.description.as_deref().unwrap_or_default(), "", []);
                let names = Names::of(&id, &[], &[]);
                let rating = Rating::default();
                let advisory = Advisory {
                    id,
                    names,
                    changed: None,
                    withdrawn: None,
                    rating,
                    streams: Vec::new(),
                    affected,
                    details,
                };
                reading.advisory(place, &feeds, digest, advisory)?;
            }
        }
        Ok(())
    }
}

/// Releases are named by their code names; those with a hyphen are of a part of it, such as `bookworm-security`.
fn ecosystem(name: &str) -> Ecosystem {
    match Family::Debian.release(name) {
        Some(release) if release.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ecosystem::Distribution(Family::Debian, Some(release))
        }
        // Unstable is everybody's next release, and no image says that it is of it but by this name.
        _ => Ecosystem::Distribution(Family::Debian, Some(name.to_owned())),
    }
}

/// `None`: the release is not affected.
fn affected(package: &str, name: &str, release: &Release) -> Option<Affected> {
    let fixed = release.fixed_version.as_deref().filter(|fixed| !fixed.is_empty());
    if release.status == "resolved" && fixed == Some(NEVER) {
        return None;
    }
    let (versions, status) = match (release.status.as_str(), fixed) {
        ("resolved", Some(fixed)) => (AffectedVersions::until(Some(fixed)), FixStatus::Fixed),
        ("open", _) => (AffectedVersions::until(None), unfixed(release)),
        // Nobody has looked yet, or it is not understood what was found.
        _ => (AffectedVersions::default(), FixStatus::Affected),
    };
    let stated = release.urgency.iter().filter(|urgency| !urgency.is_empty());
    let stated = stated.map(|urgency| SeverityScore { method: "debian.urgency".to_owned(), score: urgency.clone() });
    let rating = Rating::of_stated(stated.collect());
    Some(Affected {
        ecosystem: ecosystem(name),
        package: package.to_owned(),
        rating,
        versions,
        status: Some(status),
        reach: Reach::default(),
    })
}

fn unfixed(release: &Release) -> FixStatus {
    match (release.urgency.as_deref(), release.nodsa_reason.as_deref()) {
        (Some("end-of-life"), _) => FixStatus::EndOfLife,
        (_, Some("ignored")) => FixStatus::WillNotFix,
        (_, Some("postponed")) => FixStatus::FixDeferred,
        _ => FixStatus::Affected,
    }
}
