//! Secrets for commands of Dockerfiles, read from where the command line or the configuration says that they are.

use crate::session::Session;
use consign_plan::configuration::{SecretPlace, SecretSource};
use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// Largest secret, in bytes, as with Docker.
const LIMIT: u64 = 500 << 10;
/// Where the files are that this process has open already (proc_pid_fd(5)).
const OPEN: [&str; 3] = ["/dev/fd", "/dev/stdin", "/proc/self/fd"];

/// A secret that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// The variable is not set.
    #[error("the variable `{name}` is not set")]
    Unset {
        /// The variable.
        name: String,
    },
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is no file: who reads a pipe waits for somebody who writes to it, and what a device gives does not end.
    #[error("{} is a {kind}, not a file: write the secret to a file, or give it in a variable, by `env=VARIABLE`", path.display())]
    NotFile {
        /// The path.
        path: PathBuf,
        /// What is there.
        kind: &'static str,
    },
    /// A pipe had nothing, or nothing any more.
    #[error("{} gave nothing: a pipe can be read once, so for several images the secret has to be in a file, or in a variable (`env=VARIABLE`)", path.display())]
    Nothing {
        /// The pipe.
        path: PathBuf,
    },
    /// The file is too large.
    #[error("{} has more than {LIMIT} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a secret. `resolve` says where a file is.
pub(crate) fn read(
    secret: &SecretSource,
    session: &Session,
    resolve: impl Fn(&str) -> PathBuf,
) -> Result<Vec<u8>, SecretError> {
    let variable = |name: &str| session.environment.get_even_empty(name).map(|value| value.as_bytes().to_vec());
    match &secret.place {
        SecretPlace::Variable(name) => variable(name).ok_or_else(|| SecretError::Unset { name: name.clone() }),
        SecretPlace::File(path) => file(&resolve(path)),
        SecretPlace::Either => match variable(&secret.id) {
            Some(secret) => Ok(secret),
            None => file(&resolve(&secret.id)),
        },
    }
}

fn file(path: &Path) -> Result<Vec<u8>, SecretError> {
    let failed = |source| SecretError::Read { path: path.to_owned(), source };
    // Asked before it is opened: opening a pipe waits, too.
    let kind = other_kind(fs::metadata(path).map_err(failed)?.file_type());
    // To one of the shell's, as of `<(command)`, somebody writes.
    let is_open = OPEN.iter().any(|folder| path.starts_with(folder));
    if let Some(kind) = kind.filter(|kind| *kind != "pipe" || !is_open) {
        return Err(SecretError::NotFile { path: path.to_owned(), kind });
    }
    let mut secret = Vec::new();
    File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut secret)).map_err(failed)?;
    if secret.len() as u64 > LIMIT {
        return Err(SecretError::TooLarge { path: path.to_owned() });
    }
    if kind.is_some() && secret.is_empty() {
        return Err(SecretError::Nothing { path: path.to_owned() });
    }
    Ok(secret)
}

/// Says what something is that is no regular file.
fn other_kind(found: FileType) -> Option<&'static str> {
    match found {
        found if found.is_file() => None,
        found if found.is_fifo() => Some("pipe"),
        found if found.is_dir() => Some("folder"),
        found if found.is_socket() => Some("socket"),
        _ => Some("device"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, mkfifoat};
    use std::io::Write;
    use std::os::fd::AsRawFd;

    #[test]
    fn nobody_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        for (path, expected) in [
            (pipe.as_path(), " is a pipe, not a file: write the secret to a file, or give it in a variable"),
            (folder.path(), " is a folder, not a file"),
            (Path::new("/dev/zero"), "/dev/zero is a device, not a file"),
        ] {
            let error = file(path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        // What a shell makes of `<(command)`.
        let (reads, mut writes) = std::io::pipe().unwrap();
        writes.write_all(b"hunter2").unwrap();
        drop(writes);
        let of_shell = PathBuf::from(format!("/dev/fd/{}", reads.as_raw_fd()));
        assert_eq!(file(&of_shell).unwrap(), b"hunter2");
        assert!(file(&of_shell).unwrap_err().to_string().contains("gave nothing"));
        let secret = folder.path().join("secret");
        fs::write(&secret, "hunter2").unwrap();
        assert_eq!(file(&secret).unwrap(), b"hunter2");
    }
}
