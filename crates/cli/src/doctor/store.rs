//! The folder that everything is kept in.

use super::Finding;
use crate::session::Session;
use consign_store::Store;
use rustix::fs::{Access, access, statvfs};
use std::path::Path;

/// Less space than this, in bytes, is soon used up.
const SPACE: u64 = 2 << 30;

pub(super) fn store(session: &Session) -> Vec<Finding> {
    let area = "store";
    let folder = session.store_folder().join("store");
    // What is not there yet is made in the first folder above that is.
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    if there == folder
        && let Err(error) = Store::check_owner(&folder)
    {
        return vec![Finding::error(area, &error.into())];
    }
    if !there.is_dir() {
        let message = format!("{} is no folder", there.display());
        return vec![Finding::fail(area, message).next("name another folder with `--store DIR` or CONSIGN_STORE")];
    }
    if let Err(error) = access(there, Access::WRITE_OK | Access::EXEC_OK) {
        let message = format!("cannot write to {}: {}", there.display(), std::io::Error::from(error));
        return vec![Finding::fail(area, message).next("name another folder with `--store DIR` or CONSIGN_STORE")];
    }
    let free = statvfs(there).map_or(u64::MAX, |system| system.f_bavail.saturating_mul(system.f_frsize));
    if free < SPACE {
        let message = format!("{} has {} MiB left", there.display(), free >> 20);
        return vec![Finding::warn(area, message).next("make room, or name another folder with `--store DIR`")];
    }
    vec![Finding::ok(area, format!("{}, {} GiB left", folder.display(), free >> 30))]
}
