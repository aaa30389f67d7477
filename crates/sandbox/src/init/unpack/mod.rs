//! Unpacks a layer in the form that overlayfs wants: what lower layers have and this one removes is a device 0/0, and a folder that hides those of lower layers has
//! an attribute (Linux, `filesystems/overlayfs.rst`).

mod tree;

use super::below::Below;
use super::fault::{AtEntry, Fault};
use crate::order::{At, Step};
use crate::{Ids, LayerFault, UnpackOptions, Unpacked};
use consign_oci::layer::{Counted, LayerError, Member, Members};
use std::cell::Cell;
use std::io::{self, Read};
use std::path::Path;
use tree::Tree;

/// Unpacks a layer into an empty folder.
pub(super) fn unpack(input: impl Read, folder: &Path, options: &UnpackOptions, ids: &Ids) -> Result<Unpacked, Fault> {
    let below = Below::open(&options.lower)?;
    let mut tree = Tree::open(folder, below, ids).at_path(Step::Unpack, &folder.to_string_lossy())?;
    let read = Cell::new(0);
    let mut input = Counted::new(input, &read, options.bytes);
    let result = put_all(&mut tree, &mut input, options.entries);
    if input.is_cut() {
        return Err(Fault::layer(b"", LayerFault::Bytes { limit: options.bytes }));
    }
    result?;
    tree.finish()
}

fn put_all(tree: &mut Tree<'_>, input: &mut dyn Read, limit: u64) -> Result<(), Fault> {
    let mut members = Members::new(&mut *input);
    let mut count = 0;
    while let Some(member) = next(&mut members)? {
        count += 1;
        if count > limit {
            return Err(Fault::layer(b"", LayerFault::Entries { limit }));
        }
        tree.put(&member, &mut members)?;
    }
    // The rest is of no use, but whoever writes it should come to an end.
    io::copy(input, &mut io::sink()).at_entry(Step::Unpack, b"")?;
    Ok(())
}

fn next(members: &mut Members<impl Read>) -> Result<Option<Member>, Fault> {
    match members.next_member() {
        Ok(member) => Ok(member),
        Err(LayerError::Malformed { offset, reason }) => {
            Err(Fault::malformed(b"", &format!("at byte {offset}, {reason}")))
        }
        Err(LayerError::Read { source }) => Err(source).at_entry(Step::Unpack, b""),
    }
}
