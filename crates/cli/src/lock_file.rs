use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::reading::read_file;
use consign_plan::{Configuration, Lock};
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Largest lock that is read, in bytes.
const LIMIT: u64 = 64 << 20;

/// The lock that stands beside a configuration: `consign.lock` beside `consign.yaml`.
#[derive(Clone, Debug)]
pub(crate) struct LockFile(PathBuf);

impl LockFile {
    pub(crate) fn of(configuration: &Configuration) -> Self {
        Self::beside(Path::new(configuration.file.name()))
    }

    /// Returns the lock of a configuration that is not read whole.
    pub(crate) fn beside(configuration: &Path) -> Self {
        Self(configuration.with_extension("lock"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the lock; `None` if there is none.
    pub(crate) fn read(&self) -> Result<Option<Lock>, CommandError> {
        let path = self.0.display();
        let text = match read_file(&self.0, LIMIT) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|error| {
                CommandError::new(ExitCode::Configuration, format!("cannot read {path}")).cause(error)
            })?,
        };
        let lock = Lock::parse(&text).map_err(|error| {
            CommandError::new(ExitCode::Configuration, format!("{path} cannot be used"))
                .cause(error)
                .hint("take it from your version control again; or delete it, and `consign lock` makes a new one")
        })?;
        Ok(Some(lock))
    }

    /// Replaces the lock: whoever reads it sees the old one or the new one.
    pub(crate) fn write(&self, lock: &Lock) -> Result<(), CommandError> {
        let text = lock.text()?;
        self.replace(text.as_bytes()).map_err(|error| {
            CommandError::new(ExitCode::Failed, format!("cannot write {}", self.0.display())).cause(error)
        })
    }

    fn replace(&self, text: &[u8]) -> io::Result<()> {
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // It is checked in, and so for others to read, as far as the umask allows.
        let mode = Permissions::from_mode(0o666);
        let mut file = tempfile::Builder::new().prefix(".consign.lock-").permissions(mode).tempfile_in(folder)?;
        file.write_all(text)?;
        file.as_file().sync_all()?;
        file.persist(&self.0).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    }

    /// Makes an error of what is in the lock, or is not.
    pub(crate) fn drift(&self, message: &str) -> CommandError {
        let message = format!("{} {message}", self.0.display());
        CommandError::new(ExitCode::Drift, message).hint("run `consign lock`, look at what it changes, and check it in")
    }
}
