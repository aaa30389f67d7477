use super::DatabaseUpdateError;
use consign_scan::Database;
use jiff::Timestamp;
use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file that takes the place of a database once it is known to be one. Until then the old one stays, and afterwards nothing is left of it.
#[derive(Debug)]
pub(super) struct Staged {
    file: NamedTempFile,
    to: PathBuf,
}

impl Staged {
    /// Makes an empty file beside `to`, which may hold a database, and nothing else.
    pub(super) fn beside(to: &Path) -> Result<Self, DatabaseUpdateError> {
        let failed = |source| DatabaseUpdateError::Write { path: to.to_owned(), source };
        let is_empty = || to.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0);
        if to.exists() && !Database::is_at(to) && !is_empty() {
            return Err(DatabaseUpdateError::Foreign { path: to.to_owned() });
        }
        let folder = folder_of(to);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let permissions = Permissions::from_mode(0o666);
        let file = tempfile::Builder::new().prefix(".consign.db-").permissions(permissions).tempfile_in(folder);
        Ok(Self { file: file.map_err(failed)?, to: to.to_owned() })
    }

    /// Writes the next bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), DatabaseUpdateError> {
        self.file.write_all(bytes).map_err(|source| DatabaseUpdateError::Write { path: self.to.clone(), source })
    }

    /// Opens what was written.
    pub(super) fn open(&mut self, now: Timestamp) -> Result<Database, DatabaseUpdateError> {
        let failed = |source| DatabaseUpdateError::Write { path: self.to.clone(), source };
        self.file.flush().map_err(failed)?;
        Ok(Database::open(self.file.path(), now)?)
    }

    /// Puts it in the place of the old one.
    pub(super) fn install(self) -> Result<(), DatabaseUpdateError> {
        let Self { file, to } = self;
        let failed = |source| DatabaseUpdateError::Write { path: to.clone(), source };
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&to).map_err(|error| failed(error.error))?;
        // The name, too, outlasts a loss of power.
        File::open(folder_of(&to)).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
