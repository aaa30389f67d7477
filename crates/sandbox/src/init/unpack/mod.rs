//! Unpacks a layer in the form that overlayfs wants: what lower layers have and this one removes is a device 0/0, and a folder that hides those of lower layers has
//! an attribute (Linux, `filesystems/overlayfs.rst`).

mod archive;
mod member;
mod path;
mod pax;
mod tree;

use super::below::Below;
use super::fault::Fault;
use crate::order::{At, Step};
use crate::{Ids, LayerFault, UnpackOptions, Unpacked};
use archive::Archive;
use std::io::Read;
use std::path::Path;
use tree::Tree;

/// Unpacks a layer into an empty folder.
pub(super) fn unpack(input: impl Read, folder: &Path, options: &UnpackOptions, ids: &Ids) -> Result<Unpacked, Fault> {
    let below = Below::open(&options.lower)?;
    let mut tree = Tree::open(folder, below, ids).at_path(Step::Unpack, &folder.to_string_lossy())?;
    let mut archive = Archive::new(input, options);
    let result = put_all(&mut tree, &mut archive);
    if archive.is_too_long() {
        return Err(Fault::layer(b"", LayerFault::Bytes { limit: options.bytes }));
    }
    result?;
    tree.finish()
}

fn put_all(tree: &mut Tree<'_>, archive: &mut Archive<'_, impl Read>) -> Result<(), Fault> {
    while let Some(member) = archive.next_member()? {
        tree.put(member, archive)?;
    }
    Ok(())
}
