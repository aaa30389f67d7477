//! Layers to one archive: the file system of an image as a container would see it, with owners and extended attributes, made by whoever asks.
//!
//! Layers are hostile, and read as [`crate::unpack`] reads them: paths are resolved inside the image, what is stated later wins, and everything is
//! bounded. They are read twice: first to see what they make of each other, then for the contents of the files that are left. So memory is
//! needed for names only, no file is left on the disk, and nothing is written of a layer whose bytes are not those of its digest.
//!
//! Folders, links and devices come first, by their paths, then files in the order of the layers, each with its hard links behind it: the same layers
//! give the same bytes.

mod archive;
mod error;
mod pass;
mod source;
mod tree;

pub use error::ExportError;
pub use source::LayerSource;

use crate::LAYER_LIMIT;
use crate::unpack::Limits;
use archive::Archive;
use pass::read_layer;
use std::cell::Cell;
use std::io::Write;
use tree::{Place, Refusal, Tree};

/// Writes the file system that layers make, lowest first, as a tar stream. Returns how many entries it has.
///
/// On failure the stream is cut short, and nothing makes it look complete.
pub fn export(layers: &[LayerSource], output: impl Write, limits: &Limits) -> Result<u64, ExportError> {
    if layers.len() > LAYER_LIMIT {
        return Err(ExportError::Layers { count: layers.len(), limit: LAYER_LIMIT });
    }
    let tree = lay(layers, limits)?;
    let mut archive = Archive::new(&tree, output);
    archive.write_tree()?;
    let bytes = Cell::new(0);
    for (index, layer) in layers.iter().enumerate() {
        let has_files = archive.files.keys().next().is_some_and(|place| place.layer == index);
        if has_files {
            read_layer(index + 1, layer, &bytes, limits, |member, stated, contents| {
                archive.write_file(Place { layer: index, member }, stated, contents)
            })?;
        }
    }
    archive.finish()
}

/// Lays the layers on each other.
fn lay(layers: &[LayerSource], limits: &Limits) -> Result<Tree, ExportError> {
    let (mut tree, bytes, mut entries) = (Tree::new(), Cell::new(0), 0);
    for (index, layer) in layers.iter().enumerate() {
        read_layer(index + 1, layer, &bytes, limits, |member, stated, _| {
            entries += 1;
            if entries > limits.entries {
                return Err(ExportError::TooMuch { what: "entries", limit: limits.entries });
            }
            let path = stated.path.clone();
            tree.put(Place { layer: index, member }, stated).map_err(|refusal| refused(index + 1, &path, refusal))
        })?;
    }
    Ok(tree)
}

fn refused(layer: usize, path: &[u8], refusal: Refusal) -> ExportError {
    match refusal {
        Refusal::Reason(reason) => ExportError::Member { layer, path: crate::unpack::shown(path), reason },
        Refusal::Limit(error) => error,
    }
}
