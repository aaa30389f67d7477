use consign_oci::layer::Layer;
use consign_oci::{Exact, ImageConfig, Manifest, Platform};
use consign_receipt::predicate::ResourceDescriptor;
use serde_json::Value;

/// An image for one platform that a builder made. Its blobs are in the store.
#[derive(Clone, Debug)]
pub struct Built {
    /// What it runs on.
    pub platform: Platform,
    /// The manifest.
    pub manifest: Exact<Manifest>,
    /// The config.
    pub config: Exact<ImageConfig>,
    /// The layers, lowest first, those of the base image included.
    pub layers: Vec<Layer>,
    /// Every input by digest, sorted.
    pub resolved_dependencies: Vec<ResourceDescriptor>,
    /// What the user asked for.
    pub external_parameters: Value,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Whether the result of an earlier build was taken.
    pub reused: bool,
}
