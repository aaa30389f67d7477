//! What a case starts from.

use super::scenario::{FOLDERS, Scenario, Serving};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

impl Scenario {
    /// Returns what a release changes, each with the place where its beginning is kept.
    fn state(&self) -> Vec<(PathBuf, PathBuf)> {
        let kept = |name: &str| self.environment.beside("kept").join(name);
        let registries = [0, 1].map(|registry| (self.folders[registry].clone(), kept(FOLDERS[registry])));
        registries.into_iter().chain([(self.environment.beside("store"), kept("store"))]).collect()
    }

    /// Keeps everything as it is, as what each case starts from.
    pub(super) fn keep(&self) {
        for (live, kept) in self.state() {
            copy(&live, &kept).unwrap();
        }
    }

    /// Makes everything as it was at the beginning. Whoever serves the registries goes on.
    pub(super) fn reset(&self) {
        self.reset_parts(&self.state());
    }

    /// Does so except for a registry, which somebody else sees to.
    pub(super) fn reset_all_but(&self, registry: usize) {
        let mut state = self.state();
        state.remove(registry);
        self.reset_parts(&state);
    }

    fn reset_parts(&self, state: &[(PathBuf, PathBuf)]) {
        for (live, kept) in state {
            for part in ["", "blobs", "repositories"] {
                // The folder itself stays where others serve it: it is locked, and has their uploads.
                let stays = self.serving == Serving::Others && live.join("lock").exists();
                if part.is_empty() == stays {
                    continue;
                }
                let (live, kept) = (live.join(part), kept.join(part));
                if live.exists() {
                    fs::remove_dir_all(&live).unwrap();
                }
                if kept.exists() {
                    copy(&kept, &live).unwrap();
                } else if stays {
                    ["sha256", "sha512"].iter().for_each(|name| fs::create_dir_all(live.join(name)).unwrap());
                }
            }
        }
    }
}

/// Copies a folder, where it exists.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    fs::create_dir_all(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
