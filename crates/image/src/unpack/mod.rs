//! Layers to a folder, as a container would see them (image-spec, layer.md, "Applying Changesets").
//!
//! Layers are hostile. Every path is resolved inside the folder, as if it were `/`: an image's `lib -> usr/lib` is honoured, and a link
//! that points outside leads back inside. Nothing is written through a link in the last part of a path: what stands there is replaced, and
//! so is a link by a folder of its name. Bytes and entries are bounded.
//!
//! Devices, FIFOs and sockets are left out, and counted, for root and ordinary users alike: what runs the folder brings its own
//! `/dev`. Extended attributes are left out, and with them file capabilities. Of duplicate entries the last wins. Sparse files are refused.

mod error;
mod member;
mod path;
mod remove;
mod tree;

pub use error::UnpackError;
pub(crate) use path::shown;

use crate::layer::uncompressed;
use consign_oci::layer::{Counted, LayerError, Members};
use member::Member;
use std::cell::Cell;
use std::error::Error;
use std::io::{self, Read};
use std::path::Path;
use tree::Tree;

/// A layer as it lies.
#[derive(Clone, Debug)]
pub struct Layer<R> {
    /// Its media type, which says how it is compressed.
    pub media_type: String,
    /// Its bytes. They are read to the end, so a reader that checks their digest has its say.
    pub reader: R,
}

/// How to unpack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether files get the owners that the layers state, which only root can do. Otherwise all belong to the
    /// caller, and set-user-id and set-group-id bits are left out.
    pub ownership: bool,
    /// What is too much.
    pub limits: Limits,
}

/// Limits on all layers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the uncompressed tar streams.
    pub bytes: u64,
    /// Entries, including whiteouts and those that a later one replaces.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 32 << 30, entries: 2_000_000 }
    }
}

/// What was unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Layers.
    pub layers: usize,
    /// Entries, including whiteouts and those that a later one replaced.
    pub entries: u64,
    /// Bytes of the uncompressed tar streams.
    pub bytes: u64,
    /// Devices, FIFOs and sockets, which were left out.
    pub left_out: u64,
}

/// Unpacks layers, lowest first, into the folder `root`, which exists and is empty. On failure, what was unpacked so far remains.
pub fn unpack<R: Read, E: Into<Box<dyn Error + Send + Sync>>>(
    layers: impl IntoIterator<Item = Result<Layer<R>, E>>,
    root: &Path,
    options: &Options,
) -> Result<Summary, UnpackError> {
    let mut tree =
        Tree::open(root, options.ownership).map_err(|source| UnpackError::Root { path: root.to_owned(), source })?;
    let mut summary = Summary::default();
    let bytes = Cell::new(0);
    for layer in layers {
        summary.layers += 1;
        let number = summary.layers;
        let layer = layer.map_err(|error| UnpackError::Layer { layer: number, source: error.into() })?;
        let stream = uncompressed(&layer.media_type, layer.reader)
            .map_err(|source| UnpackError::Stream { layer: number, source: source.into() })?
            .ok_or_else(|| UnpackError::MediaType { layer: number, media_type: layer.media_type.clone() })?;
        let mut stream = Counted::new(stream, &bytes, options.limits.bytes);
        let result = apply(&mut stream, number, &mut tree, &mut summary, options.limits.entries);
        // Whatever a reader made of a stream that was cut short at the limit, the limit is the reason.
        if stream.is_cut() {
            return Err(UnpackError::TooManyBytes { limit: options.limits.bytes });
        }
        result?;
    }
    tree.finish().map_err(|(path, source)| UnpackError::File {
        layer: summary.layers,
        path,
        action: "set the attributes of",
        source,
    })?;
    summary.bytes = bytes.get();
    Ok(summary)
}

fn apply(
    stream: &mut dyn Read,
    layer: usize,
    tree: &mut Tree,
    summary: &mut Summary,
    limit: u64,
) -> Result<(), UnpackError> {
    tree.start_layer();
    let stream_error = |source| UnpackError::Stream { layer, source };
    let mut members = Members::new(&mut *stream);
    while let Some(member) = members.next_member().map_err(stream_error)? {
        let member = Member::check(layer, member)?;
        summary.entries += 1;
        if summary.entries > limit {
            return Err(UnpackError::TooManyEntries { limit });
        }
        summary.left_out += u64::from(tree.put(layer, &member, &mut members)? == tree::Put::LeftOut);
    }
    // What follows the archive is padding, and the end of the compressed stream, where its checksum is.
    io::copy(stream, &mut io::sink()).map_err(|error| stream_error(LayerError::from(error)))?;
    Ok(())
}
