use crate::Kitchen;
use crate::buildkit::Login;
use crate::cache::Step;
use consign_fetch::Fetcher;
use consign_image::{ImageError, ImageReference, Place};
use consign_oci::layer::LayerWatcher;
use consign_oci::{Descriptor, Platform};
use consign_store::Store;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What a build is given besides the recipe.
pub struct Request<'a> {
    /// What the image is called.
    pub name: &'a str,
    /// What to build for.
    pub platform: &'a Platform,
    /// What this machine runs: `BUILDPLATFORM`.
    pub host: &'a Platform,
    /// Where blobs go, and results of earlier steps are.
    pub store: &'a Store,
    /// What the images that the Dockerfile names are, by the reference as it is written: see [`crate::resolve`].
    pub images: &'a BTreeMap<String, Descriptor>,
    /// Opens an image.
    pub open: &'a (dyn Fn(&ImageReference) -> Result<Place, ImageError> + Sync),
    /// How builders log in to registries that bases are on, by host as references name it. A daemon gets those of the hosts that it asks for.
    pub logins: &'a BTreeMap<String, Login>,
    /// Whether registries are left alone.
    pub offline: bool,
    /// The latest time of anything that this build writes (`SOURCE_DATE_EPOCH`), in seconds since 1970.
    pub epoch: Option<u64>,
    /// When the files of the build last changed, in seconds since 1970.
    pub source_time: Option<u64>,
    /// Says when any of some files or folders last changed, in seconds since 1970, where that is known.
    pub changed: &'a (dyn Fn(&[PathBuf]) -> Option<u64> + Send + Sync),
    /// The time, in seconds since 1970, by which ages are judged. It gets into nothing that is published.
    pub now: u64,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// Whether results of earlier steps are used.
    pub reuse: bool,
    /// Fetches what ADD takes from the web.
    pub fetcher: &'a Fetcher,
    /// Where commands are run.
    pub kitchen: &'a Kitchen,
    /// Sees every line of output, and what is done.
    pub output: &'a (dyn Fn(&str) + Send + Sync),
    /// Sees the layers of the image that are made of files and by commands, as they are written.
    pub watcher: Arc<dyn LayerWatcher>,
    /// Told of each step that makes a layer, or could.
    pub steps: &'a (dyn Fn(Step) + Send + Sync),
}

impl Request<'_> {
    /// Returns the time of the image that this build makes, in seconds since 1970. Its layers have times of their own: see [`super::time`].
    pub(crate) fn time(&self) -> u64 {
        self.epoch.or(self.source_time).unwrap_or(0)
    }
}
