mod image;
mod make;
mod step;
mod text;

pub use image::{PlannedDestination, PlannedImage, PlannedTrial};
pub use make::{PlanInputs, SourceFacts};
pub use step::PlannedStep;

use crate::configuration::nearest;
use consign_oci::Digest;
use consign_receipt::{Requirement, Testimony};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a release would do. As JSON it is stable: fields are added, not changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Always [`Plan::SCHEMA`].
    pub schema: &'static str,
    /// The commit, in hexadecimal digits, if there is git.
    pub revision: Option<String>,
    /// Whether tracked files differ from the commit.
    pub dirty: bool,
    /// The images, in the order of the configuration.
    pub images: Vec<PlannedImage>,
    /// What each must show before it is published.
    pub policy: PlannedPolicy,
    /// How they are signed; `null` leaves them unsigned.
    pub signing: Option<PlannedSigning>,
    /// The registries that they go to, by host.
    pub registries: BTreeMap<String, PlannedRegistry>,
}

/// The policy of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedPolicy {
    /// What is required.
    pub require: Vec<Requirement>,
    /// Digest of what is required.
    pub digest: Digest,
    /// Whose signed receipts count, besides those of the own key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<PlannedIdentity>,
}

/// Somebody whose signed receipts count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedIdentity {
    /// Who it is: the path of a public key, or what certificates must say.
    #[serde(rename = "key")]
    pub signer: String,
    /// What they count for.
    #[serde(rename = "for")]
    pub about: Vec<Testimony>,
}

/// The signer of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PlannedSigning {
    /// The holder of a key, as the configuration names it: a path or `env://NAME`.
    Key(String),
    /// Whom an identity token names.
    Keyless {
        /// The file that names the services, as the configuration names it; the public ones without it.
        #[serde(skip_serializing_if = "Option::is_none")]
        signing_config: Option<String>,
    },
}

/// A registry of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedRegistry {
    /// The folder that is served as this registry during the run.
    pub serve: Option<String>,
    /// Whether plain HTTP is spoken.
    pub plain_http: bool,
    /// Where credentials come from: `docker-config`, `environment`, `credential-helper`, `anonymous`, or `run` for a token made for the run.
    pub credentials: &'static str,
}

/// An image that the configuration does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no image is called `{name}`")]
pub struct UnknownImage {
    /// What was asked for.
    pub name: String,
    /// The name that was likely meant.
    pub suggestion: Option<String>,
}

impl Plan {
    /// The value of `schema`.
    pub const SCHEMA: &str = "https://consign.dev/plan/v1";

    /// Returns the plan as JSON: fields in the order of the types, maps by key, no spaces.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Returns the digest of [`Plan::canonical`].
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        Ok(Digest::of(&self.canonical()?))
    }

    /// Returns the plan for these images alone. No name at all means all images.
    pub fn select(mut self, names: &[String]) -> Result<Self, UnknownImage> {
        for name in names {
            if !self.images.iter().any(|image| image.name == *name) {
                let known = self.images.iter().map(|image| image.name.as_str());
                let suggestion = nearest(name, known).map(str::to_owned);
                return Err(UnknownImage { name: name.clone(), suggestion });
            }
        }
        if !names.is_empty() {
            self.images.retain(|image| names.contains(&image.name));
        }
        let used: BTreeSet<&str> = self.images.iter().flat_map(PlannedImage::registries).collect();
        self.registries.retain(|host, _| used.contains(host.as_str()));
        Ok(self)
    }
}
