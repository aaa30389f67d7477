//! Folders that are kept between builds (`--mount=type=cache`).

use super::trees::{PARTIAL, touch};
use super::{Kitchen, RunError};
use consign_oci::Digest;
use consign_oci::layer::{Entry, EntryPath, Kind, TarWriter};
use consign_sandbox::{Sandbox, UnpackOptions};
use consign_store::Store;
use std::fs;
use std::path::{Path, PathBuf};

/// Names how such a folder lies: raise it when that changes.
const FORMAT: u32 = 2;
/// What commands see of it.
const FILES: &str = "files";

impl Kitchen {
    /// Returns the folder that is kept between builds under a name. One that is made now belongs to `owner`, and has this mode.
    pub(super) fn cache(&self, name: &str, owner: (u32, u32), mode: u32) -> Result<PathBuf, RunError> {
        let folder = self.cache_folder(name);
        if !self.cached_files(name).is_dir() {
            make(&self.options.sandbox, &self.caches()?, &folder, owner, mode, |_| Ok(()))?;
        }
        touch(&folder);
        Ok(self.cached_files(name))
    }

    /// Returns the folder of all that are kept between builds.
    pub(super) fn caches(&self) -> Result<PathBuf, RunError> {
        let caches = self.options.folder.join("caches");
        Store::closed_folder(&caches)?;
        Ok(caches)
    }

    /// Returns where changes of layers go that are kept between builds under a name.
    pub(super) fn upper_of(&self, name: &str) -> Result<PathBuf, RunError> {
        // Beside the files, which are somebody else's.
        let upper = self.cache_folder(name).join("upper");
        fs::create_dir_all(&upper).map_err(RunError::folder("make", &upper))?;
        Ok(upper)
    }

    /// Returns where the folder is, or would be, that is kept between builds under a name. It is ours, whoever has what is in it: so it can be moved
    /// and locked.
    pub(super) fn cache_folder(&self, name: &str) -> PathBuf {
        self.options.folder.join("caches").join(Digest::of(format!("{FORMAT} {name}").as_bytes()).hex())
    }

    /// Returns where the files of that folder are, or would be.
    pub(super) fn cached_files(&self, name: &str) -> PathBuf {
        self.cache_folder(name).join(FILES)
    }
}

/// Makes a folder that is kept between builds, filled by `fill`. It has its name once it is whole; where there is one meanwhile, that stays.
pub(super) fn make(
    sandbox: &Sandbox,
    caches: &Path,
    folder: &Path,
    owner: (u32, u32),
    mode: u32,
    fill: impl FnOnce(&Path) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let partial = tempfile::Builder::new().prefix(PARTIAL).tempdir_in(caches);
    let partial = partial.map_err(RunError::folder("make a folder in", caches))?.keep();
    let files = partial.join(FILES);
    let made = fs::create_dir(&files).map_err(RunError::folder("make", &files));
    let made = made.and_then(|()| fill(&files)).and_then(|()| give(sandbox, &files, owner, mode));
    let kept = made.and_then(|()| match fs::rename(&partial, folder) {
        Err(_) if folder.is_dir() => Ok(()),
        renamed => renamed.map_err(RunError::folder("make", folder)),
    });
    if partial.is_dir() {
        // It is only space, and is tried again when the store is pruned.
        let _ = sandbox.remove(&partial);
    }
    kept
}

/// Gives a folder its mode and its owner, who is one of the image's: which of this machine's ids that is, the sandbox knows.
fn give(sandbox: &Sandbox, folder: &Path, (uid, gid): (u32, u32), mode: u32) -> Result<(), RunError> {
    let look = Entry { uid, gid, mode, ..Entry::new(EntryPath::default(), Kind::Directory) };
    let mut layer = TarWriter::new(Vec::new());
    let layer = layer.append(&look).and_then(|()| layer.finish()).map_err(RunError::folder("give away", folder))?;
    sandbox.unpack(&layer[..], folder, &UnpackOptions::default())?;
    Ok(())
}
