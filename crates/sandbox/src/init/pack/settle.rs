//! Makes a folder what unpacking its layer would make of it: a later command is to see the same, whichever it finds.

use crate::Ids;
use crate::init::below::Below;
use crate::init::beneath::{open, split};
use crate::init::fault::{AtEntry, Fault};
use crate::init::look::Look;
use crate::init::remove::remove_entry;
use crate::order::Step;
use rustix::fs::{AtFlags, CWD, OFlags, Timespec, Timestamps, UTIME_OMIT, utimensat};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::os::fd::{AsRawFd, OwnedFd};

/// Removes what was left out, and lets the folder itself look as below: it is no entry of its layer.
pub(super) fn settle(root: &OwnedFd, left_out: &[Vec<u8>], below: &Below, ids: &Ids) -> Result<(), Fault> {
    let parents: BTreeSet<&[u8]> = left_out.iter().map(|path| split(path).0).collect();
    for parent in parents {
        let folder = open(root, parent, OFlags::PATH | OFlags::DIRECTORY).at_entry(Step::Pack, parent)?;
        let look = Look::of(&folder, ids).at_entry(Step::Pack, parent)?;
        for path in left_out.iter().filter(|path| split(path).0 == parent) {
            remove_entry(&folder, split(path).1).at_entry(Step::Pack, path)?;
        }
        set_time(&folder, u64::try_from(look.mtime).unwrap_or(0)).at_entry(Step::Pack, parent)?;
    }
    let look = match below.folder(b"").at_entry(Step::Pack, b"")? {
        Some(folder) => Look::of(folder, ids).at_entry(Step::Pack, b"")?,
        None => Look { mode: 0o755, ..Look::default() },
    };
    look.give(root, false, ids).at_entry(Step::Pack, b"")?;
    Ok(())
}

/// Sets when something was last changed, in seconds since 1970.
pub(super) fn set_time(file: &OwnedFd, seconds: u64) -> Result<(), Errno> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let times = Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: i64::try_from(seconds).unwrap_or(i64::MAX), tv_nsec: 0 },
    };
    utimensat(CWD, path, &times, AtFlags::empty())
}
