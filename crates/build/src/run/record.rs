//! What a command made the last time: the digests of the files that went into the image.

use crate::file_error::FileError;
use crate::local_files::LocalFile;
use crate::request::Request;
use consign_oci::{Digest, Hasher};
use consign_store::StoreError;

/// Returns whether the files are those that a command with this key made.
pub(super) fn matches(
    key: &Digest,
    request: &Request<'_>,
    read: &dyn Fn() -> Result<Vec<LocalFile>, FileError>,
) -> Result<bool, StoreError> {
    let Some(recorded) = request.store.step::<Digest>(&step(key, request))? else { return Ok(false) };
    // Files that cannot be read now may be there after the command.
    Ok(read().is_ok_and(|files| digest(&files) == recorded))
}

/// Notes what a command with this key made.
pub(super) fn save(key: &Digest, request: &Request<'_>, files: &[LocalFile]) -> Result<(), StoreError> {
    request.store.put_step("run", &step(key, request), &[], &digest(files))
}

/// Returns the key of what one run made for the platform: a command may make the files of all platforms at once.
fn step(key: &Digest, request: &Request<'_>) -> Digest {
    Digest::of(format!("run {key} {}", request.platform).as_bytes())
}

fn digest(files: &[LocalFile]) -> Digest {
    let mut hasher = Hasher::default();
    for file in files {
        hasher.update(file.fingerprint().as_bytes());
        hasher.update(b"\0\0");
    }
    hasher.finish()
}
