use crate::{AdvisoryRules, Identity, ImageRules, Receipt, Testimony, Trust};
use consign_oci::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What an image must show before it is published, or trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Policy {
    /// What every image must have. Never empty in a policy that [`Policy::new`] made.
    require: BTreeSet<Requirement>,
    /// Whose signed receipts count.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    identities: BTreeSet<Identity>,
    /// Whose signed receipts count for one thing alone.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    named: BTreeSet<(Identity, Testimony)>,
    /// How much is tolerated of what advisories say. With it, [`Requirement::Advisories`] is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    advisories: Option<AdvisoryRules>,
    /// What becomes of what the settings and files of an image say. With it, [`Requirement::ImageFacts`] is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<ImageRules>,
}

/// Something that an image must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requirement {
    /// Exactly the planned platforms, each once.
    Completeness,
    /// SLSA provenance on every platform.
    Provenance,
    /// An SBOM on every platform.
    Sbom,
    /// A passed trial on every platform.
    Trials,
    /// A comparison with advisories on every platform, with nothing in it that the rules do not tolerate.
    Advisories,
    /// What settings and files say, on every platform, with nothing in it that the rules refuse.
    ImageFacts,
}

impl Requirement {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::Completeness, Self::Provenance, Self::Sbom, Self::Trials, Self::Advisories, Self::ImageFacts];

    /// Returns the word that configurations have for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Completeness => "completeness",
            Self::Provenance => "provenance",
            Self::Sbom => "sbom",
            Self::Trials => "trials",
            Self::Advisories => "advisories",
            Self::ImageFacts => "image-facts",
        }
    }
}

/// What is missing where it is not met.
impl fmt::Display for Requirement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Advisories => "comparison with advisories",
            Self::ImageFacts => "list of what settings and files say",
            other => other.word(),
        })
    }
}

impl Policy {
    /// Makes a policy. An empty list of requirements does not mean that everything passes: it is the default list.
    pub fn new(require: impl IntoIterator<Item = Requirement>) -> Self {
        let mut require: BTreeSet<Requirement> = require.into_iter().collect();
        if require.is_empty() {
            require = Self::default().require;
        }
        Self { require, identities: BTreeSet::new(), named: BTreeSet::new(), advisories: None, image: None }
    }

    /// Returns the same policy, which also believes receipts that `identity` signed.
    #[must_use]
    pub fn trusting(mut self, identity: Identity) -> Self {
        self.identities.insert(identity);
        self
    }

    /// Returns the same policy, which also believes what `identity` signed about these, and nothing else of its.
    #[must_use]
    pub fn naming(mut self, identity: &Identity, about: impl IntoIterator<Item = Testimony>) -> Self {
        self.named.extend(about.into_iter().map(|testimony| (identity.clone(), testimony)));
        self
    }

    /// Returns the same policy, which asks for these too.
    #[must_use]
    pub fn requiring(mut self, requirements: impl IntoIterator<Item = Requirement>) -> Self {
        self.require.extend(requirements);
        self
    }

    /// Returns the same policy, which also asks what advisories say, and tolerates as much of it as the rules do.
    #[must_use]
    pub fn tolerating(mut self, rules: AdvisoryRules) -> Self {
        self.require.insert(Requirement::Advisories);
        self.advisories = Some(rules);
        self
    }

    /// Returns how much is tolerated of what advisories say; `None`: anything.
    pub fn advisories(&self) -> Option<&AdvisoryRules> {
        self.advisories.as_ref()
    }

    /// Returns the same policy, which also asks what settings and files say, and refuses of it what the rules do.
    #[must_use]
    pub fn judging(mut self, rules: ImageRules) -> Self {
        self.require.insert(Requirement::ImageFacts);
        self.image = Some(rules);
        self
    }

    /// Returns what becomes of what settings and files say; `None`: nothing.
    pub fn image(&self) -> Option<&ImageRules> {
        self.image.as_ref()
    }

    /// Returns whether this is asked for.
    pub fn requires(&self, requirement: Requirement) -> bool {
        self.require.contains(&requirement)
    }

    /// Returns what is asked for, in order.
    pub fn requirements(&self) -> impl Iterator<Item = Requirement> {
        self.require.iter().copied()
    }

    /// Returns whether a receipt counts: made or derived here, or signed by somebody that the policy names. Any other is as good as missing.
    pub fn believes(&self, receipt: &Receipt) -> bool {
        match &receipt.trust {
            Trust::Made | Trust::Derived => true,
            Trust::Signed(identity) => self.identities.contains(identity) || self.is_named(identity, receipt),
            Trust::Unproven => false,
        }
    }

    fn is_named(&self, identity: &Identity, receipt: &Receipt) -> bool {
        let testimony = Testimony::of(&receipt.statement.predicate_type);
        testimony.is_some_and(|testimony| self.named.contains(&(identity.clone(), testimony)))
    }

    /// Returns the digest of what the policy asks for.
    pub fn digest(&self) -> Digest {
        let words: Vec<&str> = self.require.iter().map(|requirement| requirement.word()).collect();
        let mut text = format!("consign policy 1\n{}\n", words.join("\n"));
        if let Some(rules) = &self.advisories {
            text.push_str(&rules.text());
        }
        if let Some(rules) = &self.image {
            text.push_str(&rules.text());
        }
        Digest::of(text.as_bytes())
    }
}

impl Default for Policy {
    /// Asks for completeness, provenance and an SBOM. Trials are asked for wherever tests are planned.
    fn default() -> Self {
        Self {
            require: BTreeSet::from([Requirement::Completeness, Requirement::Provenance, Requirement::Sbom]),
            identities: BTreeSet::new(),
            named: BTreeSet::new(),
            advisories: None,
            image: None,
        }
    }
}
