//! The gate: what it judges, by which rules, and what it says.

mod advisories;
mod checks;
mod closed;
mod image;
mod reason;

pub use advisories::remarks;
pub use closed::Closed;
pub use reason::Reason;

use crate::predicate::ReleasedDestination;
use crate::{AdvisoryRules, ImageRules, Policy, Receipt, Requirement};
use advisories::advisories;
use checks::{completeness, provenance, sbom, trials};
use consign_oci::{Digest, Platform};
use image::image;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// An image with all its platforms, on its way to some destinations.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Name of the image, for messages.
    pub name: String,
    /// Digest of the index.
    pub index: Digest,
    /// The platforms that were planned.
    pub planned: Vec<Platform>,
    /// The platforms that are there.
    pub platforms: Vec<PlatformCandidate>,
    /// Where it is to go, and under which tags.
    pub destinations: Vec<ReleasedDestination>,
}

/// One platform of an image.
#[derive(Clone, Debug)]
pub struct PlatformCandidate {
    /// What it runs on.
    pub platform: Platform,
    /// Digest of its manifest.
    pub digest: Digest,
    /// Digest of the list of tests that were planned for it. `None` where no tests are planned, or where the plan is not known.
    pub tests: Option<Digest>,
    /// What is claimed about it.
    pub receipts: Vec<Receipt>,
}

/// That an image passed the gate. Its fields are private and [`gate`] alone makes it, so that nothing else can be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    index: Digest,
    platforms: Vec<(Platform, Digest)>,
    tests: BTreeMap<Platform, Digest>,
    destinations: Vec<ReleasedDestination>,
    policy: Digest,
    requirements: Vec<Requirement>,
    advisories: Option<AdvisoryRules>,
    image_rules: Option<ImageRules>,
}

impl Verdict {
    /// Returns the digest of the index that passed.
    pub fn index(&self) -> &Digest {
        &self.index
    }

    /// Returns the platforms that passed, with their manifests.
    pub fn platforms(&self) -> &[(Platform, Digest)] {
        &self.platforms
    }

    /// Returns the digest of the tests that were planned for a platform and of which a trial passed; `None` where none were planned.
    pub fn tests(&self, platform: &Platform) -> Option<&Digest> {
        self.tests.get(platform)
    }

    /// Returns where the image may go, and under which tags.
    pub fn destinations(&self) -> &[ReleasedDestination] {
        &self.destinations
    }

    /// Returns the digest of the policy.
    pub fn policy(&self) -> &Digest {
        &self.policy
    }

    /// Returns what the policy asked for, in order.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// Returns how much the policy tolerated of what advisories said; `None` where it did not ask.
    pub fn advisories(&self) -> Option<&AdvisoryRules> {
        self.advisories.as_ref()
    }

    /// Returns what the policy refused of what settings and files said; `None` where it did not ask.
    pub fn image_rules(&self) -> Option<&ImageRules> {
        self.image_rules.as_ref()
    }
}

/// Judges an image. Pure: the same image, receipts, policy and day always give the same verdict. The day, in UTC, says which entries of the
/// policy have ended.
///
/// All receipts that count are heard, and any failure among them fails: adding a receipt never turns a failure into a pass.
pub fn gate(candidate: &Candidate, policy: &Policy, today: Date) -> Result<Verdict, Vec<Reason>> {
    let mut reasons = completeness(candidate);
    for platform in &candidate.platforms {
        provenance(platform, policy, &mut reasons);
        sbom(platform, policy, &mut reasons);
        trials(platform, policy, &mut reasons);
        advisories(platform, policy, today, &mut reasons);
        image(platform, policy, today, &mut reasons);
    }
    if !reasons.is_empty() {
        return Err(reasons);
    }
    Ok(Verdict {
        index: candidate.index.clone(),
        platforms: candidate
            .platforms
            .iter()
            .map(|platform| (platform.platform.clone(), platform.digest.clone()))
            .collect(),
        tests: candidate
            .platforms
            .iter()
            .filter_map(|platform| Some((platform.platform.clone(), platform.tests.clone()?)))
            .collect(),
        destinations: candidate.destinations.clone(),
        policy: policy.digest(),
        requirements: policy.requirements().collect(),
        advisories: policy.advisories().cloned(),
        image_rules: policy.image().cloned(),
    })
}
