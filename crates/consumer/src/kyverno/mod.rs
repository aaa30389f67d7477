//! Policies of Kyverno.

mod cluster_policy;
mod image_validating_policy;

use crate::images::{HUB, HUB_INDEX, LIBRARY};
use crate::{Export, ExportError, Images, Request};

/// How Kyverno is called in messages.
pub(crate) const KYVERNO: &str = "Kyverno";
/// Seconds that Kyverno may take for the images of a request; the most that Kubernetes waits.
const TIMEOUT: u32 = 30;
/// The log whose address Kyverno wants to be told, even where it asks nothing of it (before version 1.19).
const PUBLIC_LOG: &str = "https://rekor.sigstore.dev";

/// A kind of policies that Kyverno has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KyvernoKind {
    /// `ImageValidatingPolicy`, from Kyverno 1.17 on: keys and certificates, in both forms.
    #[default]
    ImageValidatingPolicy,
    /// `ClusterPolicy`, up to Kyverno 1.19: certificates in both forms, keys in the older one.
    ClusterPolicy,
}

impl Request {
    /// Says it in the words of Kyverno.
    pub fn kyverno(&self, kind: KyvernoKind) -> Result<Export, ExportError> {
        self.check()?;
        match kind {
            KyvernoKind::ImageValidatingPolicy => image_validating_policy::export(self),
            KyvernoKind::ClusterPolicy => cluster_policy::export(self),
        }
    }
}

/// Returns patterns for all references to images: with a tag, with a digest, and with neither. `*` is any text there, also one with slashes.
fn globs(name: &str, images: &Images) -> Vec<String> {
    match images {
        Images::Of(_) => vec![name.to_owned(), format!("{name}:*"), format!("{name}@*")],
        Images::Below(_) => vec![format!("{name}/*")],
    }
}

/// Returns the names that images have in pods: those on Docker Hub may go without its own.
fn names(images: &Images) -> Result<Vec<String>, ExportError> {
    let (registry, path) = match images {
        Images::Of(repository) => (repository.registry(), repository.path()),
        Images::Below(path) => (path.registry(), path.path()),
    };
    let joined = |registry: &str| if path.is_empty() { registry.to_owned() } else { format!("{registry}/{path}") };
    if registry != HUB {
        return Ok(vec![joined(registry)]);
    }
    if path.is_empty() {
        let remedy = "images on Docker Hub are often called without its name; name repositories, or what lies below `docker.io/TEAM`";
        return Err(ExportError::Images { consumer: KYVERNO, images: images.to_string(), remedy });
    }
    let mut names = vec![joined(HUB), joined(HUB_INDEX), path.to_owned()];
    if let (Some(name), Images::Of(_)) = (path.strip_prefix(LIBRARY), images) {
        names.extend([HUB, HUB_INDEX].map(|hub| format!("{hub}/{name}")));
        names.push(name.to_owned());
    }
    Ok(names)
}
