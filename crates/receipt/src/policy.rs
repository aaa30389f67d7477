use crate::{Identity, Receipt, Trust};
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
}

impl Requirement {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Completeness, Self::Provenance, Self::Sbom, Self::Trials];

    /// Returns the word that configurations have for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Completeness => "completeness",
            Self::Provenance => "provenance",
            Self::Sbom => "sbom",
            Self::Trials => "trials",
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl Policy {
    /// Makes a policy. An empty list of requirements does not mean that everything passes: it is the default list.
    pub fn new(require: impl IntoIterator<Item = Requirement>) -> Self {
        let mut require: BTreeSet<Requirement> = require.into_iter().collect();
        if require.is_empty() {
            require = Self::default().require;
        }
        Self { require, identities: BTreeSet::new() }
    }

    /// Returns the same policy, which also believes receipts that `identity` signed.
    #[must_use]
    pub fn trusting(mut self, identity: Identity) -> Self {
        self.identities.insert(identity);
        self
    }

    /// Returns the same policy, which asks for these too.
    #[must_use]
    pub fn requiring(mut self, requirements: impl IntoIterator<Item = Requirement>) -> Self {
        self.require.extend(requirements);
        self
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
            Trust::Signed(identity) => self.identities.contains(identity),
            Trust::Unproven => false,
        }
    }

    /// Returns the digest of what the policy asks for.
    pub fn digest(&self) -> Digest {
        let words: Vec<&str> = self.require.iter().map(|requirement| requirement.word()).collect();
        Digest::of(format!("consign policy 1\n{}\n", words.join("\n")).as_bytes())
    }
}

impl Default for Policy {
    /// Asks for completeness, provenance and an SBOM. Trials are asked for wherever tests are planned.
    fn default() -> Self {
        Self {
            require: BTreeSet::from([Requirement::Completeness, Requirement::Provenance, Requirement::Sbom]),
            identities: BTreeSet::new(),
        }
    }
}
