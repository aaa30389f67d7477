//! An image as text: one line for each path of all layers together, and one for each part of the config. So both sides can be compared, and
//! what differs can be read.
//!
//! Not in the text, since no two builders agree on them and nobody runs an image by them: times, who made which layer by what, and in which
//! layer a path stands. What must be right about those is checked on consign's side (`Image::problems`).

mod archive;
mod config;
mod folder;
mod node;
mod tree;

use consign_oci::{Digest, ImageConfig};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use tree::Tree;

/// By path or part of the config: what is there.
pub(crate) type Lines = BTreeMap<String, String>;

/// An image of one platform.
pub(crate) struct Image {
    /// Of its manifest, where there is one.
    pub(crate) digest: Option<Digest>,
    config: Vec<u8>,
    /// Media types and bytes, lowest first.
    layers: Vec<(String, Vec<u8>)>,
}

impl Image {
    /// Makes an image of a config and layers with their media types.
    pub(crate) fn new(config: Vec<u8>, layers: Vec<(String, Vec<u8>)>) -> Self {
        Self { digest: None, config, layers }
    }

    /// Returns the text, or why there is none.
    pub(crate) fn lines(&self) -> Result<Lines, String> {
        let mut lines = self.tree()?.lines();
        let config: Value = serde_json::from_slice(&self.config).map_err(|error| error.to_string())?;
        lines.extend(config::lines(&config));
        Ok(lines)
    }

    /// Returns what is wrong with the image, whatever it was made of.
    pub(crate) fn problems(&self) -> Vec<String> {
        let config: ImageConfig = match serde_json::from_slice(&self.config) {
            Ok(config) => config,
            Err(error) => return vec![format!("the config: {error}")],
        };
        let mut problems = Vec::new();
        let made = config.history.iter().filter(|history| !history.empty_layer).count();
        if made != self.layers.len() {
            problems.push(format!("{} layers, and {made} in the history", self.layers.len()));
        }
        let digests: Result<Vec<Digest>, String> =
            self.layers.iter().map(|layer| Ok(Digest::of(&plain(layer)?))).collect();
        if digests != Ok(config.rootfs.diff_ids) {
            problems.push("the layers are not those that the config names".to_owned());
        }
        match self.tree() {
            Ok(tree) => problems.extend(tree.problems()),
            Err(error) => problems.push(error),
        }
        problems
    }

    fn tree(&self) -> Result<Tree, String> {
        let mut tree = Tree::default();
        for layer in &self.layers {
            tree.apply(&plain(layer)?)?;
        }
        Ok(tree)
    }
}

/// Returns the tar stream of a layer.
fn plain((media_type, bytes): &(String, Vec<u8>)) -> Result<Vec<u8>, String> {
    // The type that buildah gives to a layer that it leaves as it is, although Docker has none for that.
    if media_type == "application/vnd.docker.image.rootfs.diff.tar" {
        return Ok(bytes.clone());
    }
    let mut plain = Vec::new();
    let reader = consign_image::layer::uncompressed(media_type, &bytes[..]).map_err(|error| error.to_string())?;
    let mut reader = reader.ok_or_else(|| format!("{media_type} is no layer"))?;
    reader.read_to_end(&mut plain).map_err(|error| error.to_string())?;
    Ok(plain)
}
