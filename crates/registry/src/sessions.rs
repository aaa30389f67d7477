use consign_oci::{Digest, Repository};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// How long registries keep what nobody goes on with; some forget it sooner.
const KEPT: Duration = Duration::from_secs(7 * 86_400);
/// Largest file that is read, in bytes.
const LIMIT: u64 = 64 << 10;

/// The folder in which uploads leave where they go on, in one file for each: whoever comes after one that was killed need not send again what has
/// arrived. The files can be deleted at any time.
#[derive(Clone, Debug)]
pub(crate) struct Sessions(PathBuf);

/// An upload, which nobody else goes on with while this is kept.
pub(crate) struct Session {
    file: File,
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Note {
    location: String,
}

impl Sessions {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Begins to keep where an upload goes on; `None` where that cannot be kept, or another process does.
    pub(crate) fn keep(&self, repository: &Repository, digest: &Digest) -> Option<Session> {
        fs::create_dir_all(&self.0).ok()?;
        self.sweep();
        self.open(repository, digest, true)
    }

    /// Returns where an upload goes on that was begun earlier.
    pub(crate) fn find(&self, repository: &Repository, digest: &Digest) -> Option<(Session, String)> {
        let mut session = self.open(repository, digest, false)?;
        let mut text = String::new();
        (&mut session.file).take(LIMIT).read_to_string(&mut text).ok()?;
        let note: Note = serde_json::from_str(&text).ok()?;
        Some((session, note.location))
    }

    fn open(&self, repository: &Repository, digest: &Digest, create: bool) -> Option<Session> {
        let name = Digest::of(format!("{repository}@{digest}").as_bytes());
        let path = self.0.join(name.hex());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(create).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).ok()?;
        file.try_lock().ok()?;
        Some(Session { file, path })
    }

    /// Removes what is too old to be gone on with.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.0) else { return };
        for entry in entries.flatten() {
            let written = entry.metadata().and_then(|metadata| metadata.modified());
            let age = written.ok().and_then(|written| SystemTime::now().duration_since(written).ok());
            if age.is_some_and(|age| age > KEPT) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

impl Session {
    /// Notes where the upload goes on. That it cannot be noted only costs that it cannot be gone on with.
    pub(crate) fn note(&mut self, location: &Url) {
        let text = serde_json::to_vec(&Note { location: location.to_string() }).unwrap_or_default();
        let _ = self.file.rewind().and_then(|()| self.file.set_len(0)).and_then(|()| self.file.write_all(&text));
    }

    /// Forgets the upload, which has ended.
    pub(crate) fn end(self) {
        let _ = fs::remove_file(&self.path);
    }
}
