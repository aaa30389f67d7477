//! What the settings and files of an image say beside its packages.

mod files;
mod listed;
mod program;
mod shipped;
mod user;

use super::Image;
use crate::InventoryError;
use consign_oci::ImageConfig;
use consign_receipt::predicate::{HealthCheck, ImageFacts};
use files::ImageFiles;
use serde_json::Value;
use std::collections::HashMap;

/// Whose files are, by place.
pub(super) type Owners = HashMap<String, Claim>;

/// What the distribution's packages say of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// None lists it.
    Nobody,
    /// One lists it, but what is there now is somebody else's.
    Listed,
    /// The one with this package URL brought it.
    Brought(String),
}

/// Returns the package URL of the package that brought what is at a place.
pub(super) fn owner(owners: &Owners, place: &str) -> Option<String> {
    match owners.get(place)? {
        Claim::Brought(purl) => Some(purl.clone()),
        Claim::Nobody | Claim::Listed => None,
    }
}

impl Image {
    /// Returns the places of which it matters who brought them: of files that run as their owner, and of those with secrets.
    pub(super) fn places_of_facts(&self) -> Vec<String> {
        listed::places(self)
    }

    /// Returns what is to be said of an image with this config.
    pub(super) fn facts(&mut self, config: &ImageConfig, owners: &Owners) -> Result<ImageFacts, InventoryError> {
        let (setuid_files, more_setuid_files) = listed::setuid_files(self, owners);
        let (secrets, more_secrets) = listed::secrets(self, config, owners)?;
        let is_complete = self.has_all_programs();
        let (tree, layers) = self.parts();
        let files = ImageFiles::new(tree, layers, is_complete);
        let is_linux = config.platform.os() == "linux";
        let (passwd, group) = (files.named("etc/passwd"), files.named("etc/group"));
        let runner = user::runner(&config.config.user, &passwd, &group);
        Ok(ImageFacts {
            user: is_linux.then(|| user::user(&config.config.user, &passwd, &group)),
            health_check: health_check(config),
            entrypoint: is_linux.then(|| program::entrypoint(&files, config, runner)),
            setuid_files,
            more_setuid_files,
            secrets,
            more_secrets,
        })
    }
}

/// Reads Docker's `Healthcheck`: nothing, and a test of nothing, is what the base image has, which is in the config of this one.
fn health_check(config: &ImageConfig) -> HealthCheck {
    let test = config.config.other.get("Healthcheck").and_then(|check| check.get("Test")).and_then(Value::as_array);
    match test.and_then(|test| test.first()).and_then(Value::as_str) {
        None => HealthCheck::Absent,
        Some("NONE") => HealthCheck::Disabled,
        Some(_) => HealthCheck::Present,
    }
}
