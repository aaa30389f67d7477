use crate::error::CommandError;
use crate::exit_code::ExitCode;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, IsTerminal, Write, stdout};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Where bytes go that a command gets: standard output, or a file, which is there only once all of it is.
pub(crate) enum Outlet {
    /// Standard output.
    Standard,
    /// A file that takes its name at the end.
    Replacing(NamedTempFile, PathBuf),
    /// A device or a pipe, which keeps what it has got.
    Direct(File, PathBuf),
}

impl Outlet {
    /// Opens a file, or standard output if none is named or `-` is. A terminal is refused, unless that is what is wanted.
    pub(crate) fn open(file: Option<&Path>, forced: bool) -> Result<Self, CommandError> {
        let Some(path) = file.filter(|file| *file != Path::new("-")) else {
            return match stdout().is_terminal() && !forced {
                true => Err(CommandError::new(
                    ExitCode::Usage,
                    "bytes that are not for people would be written to the terminal",
                )
                .hint("name a file, or lead the output somewhere else: `> FILE`")),
                false => Ok(Self::Standard),
            };
        };
        let failed = |source| unwritten(path, source);
        // Where a link leads to it, the link stays.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if fs::metadata(&target).is_ok_and(|found| !found.is_file()) {
            let file = OpenOptions::new().write(true).open(&target).map_err(failed)?;
            return Ok(Self::Direct(file, target));
        }
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // As any new file is; what the user's mask takes away is taken away.
        let mut builder = tempfile::Builder::new();
        let file = builder.prefix(".consign-").permissions(Permissions::from_mode(0o666)).tempfile_in(folder);
        Ok(Self::Replacing(file.map_err(failed)?, target))
    }

    /// Gives the file its name: all of it is there.
    pub(crate) fn finish(mut self) -> Result<(), CommandError> {
        let flushed = self.flush();
        match self {
            Self::Standard => flushed.or_else(gone).map_err(|error| unwritten(Path::new("standard output"), error)),
            Self::Direct(_, path) => flushed.map_err(|error| unwritten(&path, error)),
            Self::Replacing(file, path) => {
                flushed.map_err(|error| unwritten(&path, error))?;
                file.persist(&path).map(|_| ()).map_err(|error| unwritten(&path, error.error))
            }
        }
    }

    /// Makes the error that something could not be written; none where a reader of standard output has gone away, which is no failure.
    pub(crate) fn failure(&self, error: io::Error) -> Result<(), CommandError> {
        match self {
            Self::Standard => gone(error).map_err(|error| unwritten(Path::new("standard output"), error)),
            Self::Replacing(_, path) | Self::Direct(_, path) => Err(unwritten(path, error)),
        }
    }
}

/// Writes all of something to a file, or to standard output if none is named or `-` is.
pub(crate) fn write(file: Option<&Path>, bytes: &[u8]) -> Result<(), CommandError> {
    let mut outlet = Outlet::open(file, true)?;
    match outlet.write_all(bytes) {
        Ok(()) => outlet.finish(),
        Err(error) => outlet.failure(error),
    }
}

fn gone(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}

fn unwritten(path: &Path, error: io::Error) -> CommandError {
    CommandError::new(ExitCode::Failed, format!("cannot write to {}", path.display())).cause(error)
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard => stdout().write(bytes),
            Self::Replacing(file, _) => file.write(bytes),
            Self::Direct(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard => stdout().flush(),
            Self::Replacing(file, _) => file.flush(),
            Self::Direct(file, _) => file.flush(),
        }
    }
}
