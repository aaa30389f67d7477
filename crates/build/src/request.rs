use crate::deb::DebianSources;
use crate::resolution::Resolution;
use crate::run::Runner;
use consign_fetch::Fetcher;
use consign_image::Place;
use consign_oci::Platform;
use consign_oci::layer::LayerWatcher;
use consign_store::Store;
use std::collections::BTreeMap;
use std::path::Path;

/// What a build is given besides the image file.
pub struct Request<'a> {
    /// What to build for.
    pub platform: &'a Platform,
    /// All platforms of the image, also those that are not built here.
    pub platforms: &'a [Platform],
    /// Where blobs go, and results of earlier steps are.
    pub store: &'a Store,
    /// What fetches packages.
    pub fetcher: &'a Fetcher,
    /// What the image is made of.
    pub resolution: &'a Resolution,
    /// Where packages come from.
    pub sources: &'a DebianSources,
    /// The base image that the image file names, opened.
    pub base: Option<&'a Place>,
    /// The folder of the image file.
    pub root_folder: &'a Path,
    /// What runs the command of the image file.
    pub runner: &'a Runner,
    /// What git keeps, or would keep, in the folder of the image file, by path relative to it; `None` where there is no git.
    pub listing: Option<&'a [String]>,
    /// Sees every line that the command writes.
    pub output: &'a (dyn Fn(&str) + Send + Sync),
    /// The latest time of anything in the image (`SOURCE_DATE_EPOCH`), in seconds since 1970.
    pub epoch: Option<u64>,
    /// When the image's own files last changed, in seconds since 1970.
    pub source_time: Option<u64>,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// Sees the layer that is made.
    pub watcher: &'a dyn LayerWatcher,
    /// Whether the result of an earlier build with the same inputs will do, whose layer is not seen again.
    pub reuse: bool,
}
