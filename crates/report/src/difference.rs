use crate::{AdvisoryReport, PlatformName};
use consign_oci::Platform;
use consign_receipt::{AdvisoryRules, Finding};
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeSet;

/// How what was found in an image differs from what the same advisories say about another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScanDifference {
    /// The other image, as the user named it.
    pub reference: String,
    /// What the other one does not have, sorted by package.
    pub new: Vec<AdvisoryReport>,
    /// What only the other one has, sorted by package.
    pub gone: Vec<AdvisoryReport>,
    /// How much both have: an advisory in a package on a platform counts once, whatever the version of the package.
    pub both: usize,
}

impl ScanDifference {
    /// Tells apart what two images have. `rules` say what becomes of what is new.
    pub fn of(
        reference: String,
        now: &[(PlatformName, Finding)],
        then: &[(PlatformName, Finding)],
        rules: Option<(&AdvisoryRules, Date)>,
    ) -> Self {
        let (here, there) = (keys(now), keys(then));
        let only = |all: &'_ [(PlatformName, Finding)], others: &BTreeSet<Key<'_>>, rules| {
            let left = all.iter().filter(|found| !others.contains(&key(found)));
            AdvisoryReport::all(left.map(|(platform, finding)| (platform, finding)), rules)
        };
        Self {
            reference,
            new: only(now, &there, rules),
            gone: only(then, &here, None),
            both: here.intersection(&there).count(),
        }
    }
}

/// Platform, package and advisory.
type Key<'a> = (&'a Platform, &'a str, &'a str);

fn key((platform, finding): &(PlatformName, Finding)) -> Key<'_> {
    (&platform.platform, &finding.package, &finding.advisory)
}

fn keys(found: &[(PlatformName, Finding)]) -> BTreeSet<Key<'_>> {
    found.iter().map(key).collect()
}
