use crate::LayerFault;
use crate::init::below::Below;
use crate::init::beneath::{join, open, split};
use crate::init::fault::{AtEntry, Fault};
use crate::init::look::is_opaque;
use crate::init::mark;
use crate::init::remove::names;
use crate::order::Step;
use rustix::fs::{AtFlags, FileType, OFlags, statat};
use std::os::fd::OwnedFd;

/// Before the name of a file that is removed, and the name of a mark that a folder hides those below (image-spec, layer.md).
const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// An entry of the layer to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: Vec<u8>,
    pub(super) kind: FoundKind,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum FoundKind {
    /// Says what is removed.
    Mark,
    /// What is there.
    Present,
}

/// What a folder holds.
pub(super) struct Listing {
    /// Sorted by path; the mark of a folder comes before all else in it.
    pub(super) found: Vec<Found>,
    /// Paths of sockets and devices.
    pub(super) left_out: Vec<Vec<u8>>,
}

/// Lists what a folder holds, except itself.
pub(super) fn list(root: &OwnedFd, below: &Below) -> Result<Listing, Fault> {
    let mut listing = Listing { found: Vec::new(), left_out: Vec::new() };
    let mut pending = vec![Vec::new()];
    while let Some(path) = pending.pop() {
        let folder = open(root, &path, OFlags::RDONLY | OFlags::DIRECTORY).at_entry(Step::Pack, &path)?;
        for name in names(&folder).at_entry(Step::Pack, &path)? {
            let path = join(&path, &name);
            let stat = statat(&folder, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW).at_entry(Step::Pack, &path)?;
            let kind = FileType::from_raw_mode(stat.st_mode);
            if mark::is_at(&folder, &name, &stat).at_entry(Step::Pack, &path)? {
                let path = join(split(&path).0, &[WHITEOUT, &name].concat());
                listing.found.push(Found { path, kind: FoundKind::Mark });
                continue;
            }
            if matches!(kind, FileType::Socket | FileType::CharacterDevice | FileType::BlockDevice) {
                listing.left_out.push(path);
                continue;
            }
            if name.starts_with(WHITEOUT) {
                return Err(Fault::layer(&path, LayerFault::Mark));
            }
            if kind == FileType::Directory {
                pending.push(path.clone());
            }
            listing.found.push(Found { path, kind: FoundKind::Present });
        }
        let hides = !path.is_empty() && is_opaque(&folder).at_entry(Step::Pack, &path)?;
        // The kernel marks every new folder, whether or not there is something to hide.
        if hides && below.folder(&path).at_entry(Step::Pack, &path)?.is_some() {
            listing.found.push(Found { path: join(&path, OPAQUE), kind: FoundKind::Mark });
        }
    }
    listing.found.sort_by(|one, other| place(&one.path).cmp(place(&other.path)));
    Ok(listing)
}

/// Returns what a path is sorted by.
fn place(path: &[u8]) -> &[u8] {
    path.strip_suffix(OPAQUE).unwrap_or(path)
}
