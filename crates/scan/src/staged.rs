use crate::{Database, DatabaseError};
use jiff::Timestamp;
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// A file that takes the place of a database once it is known to be one. Until then the old one stays, and afterwards nothing is left of it:
/// whoever opens it meanwhile finds what was there before, or all of this.
#[derive(Debug)]
pub struct Staged {
    file: NamedTempFile,
    to: PathBuf,
}

impl Staged {
    /// Makes an empty file beside `to`, in a folder that is there.
    pub fn beside(to: &Path) -> Result<Self, DatabaseError> {
        let permissions = Permissions::from_mode(0o666);
        let file = Builder::new().prefix(".consign.db-").permissions(permissions).tempfile_in(folder_of(to));
        Ok(Self { file: file.map_err(|source| failed(to, source))?, to: to.to_owned() })
    }

    /// Writes the next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), DatabaseError> {
        self.file.write_all(bytes).map_err(|source| failed(&self.to, source))
    }

    /// Opens what was written, and reads all of it once.
    pub fn open(&mut self, now: Timestamp) -> Result<Database, DatabaseError> {
        self.file.flush().map_err(|source| failed(&self.to, source))?;
        let database = Database::open(self.file.path(), now)?;
        database.check()?;
        Ok(database)
    }

    /// Puts it in the place of the old one.
    pub fn install(self) -> Result<(), DatabaseError> {
        let Self { file, to } = self;
        let failed = |source| failed(&to, source);
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&to).map_err(|error| failed(error.error))?;
        // The name, too, outlasts a loss of power.
        File::open(folder_of(&to)).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

fn failed(path: &Path, source: io::Error) -> DatabaseError {
    DatabaseError::Write { path: path.to_owned(), source }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
