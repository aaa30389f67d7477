//! Such files where they lie. They are replaced as a whole, so that nobody reads half of one.

use super::ConfigText;
use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Largest file, in bytes.
const LIMIT: u64 = 4 << 20;
/// How long to wait while another process changes a file of the same folder.
const PATIENCE: Duration = Duration::from_secs(10);
/// Links that are followed (Linux's own limit).
const HOP_LIMIT: usize = 40;

/// A file of credentials that cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFileError {
    /// The system says no.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What failed.
        action: &'static str,
        /// The file, or its folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no such file.
    #[error("{} is not a file of credentials", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Somebody else changes a file there, and does not end.
    #[error("another program keeps {} locked", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
}

/// Reads a file; `None` if there is none.
pub fn read(path: &Path) -> Result<Option<ConfigText>, ConfigFileError> {
    let failed = |source| ConfigFileError::Io { action: "read the credentials in", path: path.to_owned(), source };
    let file = match File::open(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        other => other.map_err(failed)?,
    };
    let mut text = String::new();
    file.take(LIMIT + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > LIMIT {
        return Err(failed(ErrorKind::FileTooLarge.into()));
    }
    let parsed = ConfigText::parse(&text);
    parsed.map(Some).map_err(|source| ConfigFileError::Malformed { path: path.to_owned(), source })
}

/// Changes a file, which is made if it is not there, and returns what `change` does. Afterwards only its owner can read it. Of two that change it
/// at the same time one waits. Where a link leads to it, the link stays.
pub fn update<T>(path: &Path, change: impl FnOnce(&mut ConfigText) -> T) -> Result<T, ConfigFileError> {
    let path = &target(path)?;
    let failed = |action| move |source| ConfigFileError::Io { action, path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed("make the folder of"))?;
    let _lock = lock(folder)?;
    let mut text = match read(path)? {
        Some(text) => text,
        None => ConfigText::parse("").map_err(|source| ConfigFileError::Malformed { path: path.clone(), source })?,
    };
    let result = change(&mut text);
    let rendered = text.render().map_err(|source| ConfigFileError::Malformed { path: path.clone(), source })?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed("write"))?;
    let write = || {
        file.as_file().set_permissions(Permissions::from_mode(0o600))?;
        if let Ok(old) = fs::metadata(path) {
            // Root may change the file of somebody else; nobody else can give files away, nor needs to.
            let _ = fchown(file.as_file(), Some(old.uid()), Some(old.gid()));
        }
        file.write_all(rendered.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    };
    write().map_err(failed("write"))?;
    Ok(result)
}

/// Returns what links lead to, which may not be there.
fn target(path: &Path) -> Result<PathBuf, ConfigFileError> {
    let mut at = path.to_owned();
    for _ in 0..HOP_LIMIT {
        match fs::read_link(&at) {
            Ok(to) => at = at.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => return Ok(at),
        }
    }
    let source = io::Error::other("too many links");
    Err(ConfigFileError::Io { action: "follow", path: path.to_owned(), source })
}

/// Keeps others of this program from the files of a folder, until dropped. The folder itself is locked: a file is another after each change.
fn lock(folder: &Path) -> Result<File, ConfigFileError> {
    let failed = |source| ConfigFileError::Io { action: "open", path: folder.to_owned(), source };
    let lock = File::open(folder).map_err(failed)?;
    let begin = Instant::now();
    loop {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) if begin.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => return Err(ConfigFileError::Locked { folder: folder.to_owned() }),
            // Some file systems have no locks. Files are replaced as a whole there, too.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(lock),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials;
    use std::os::unix::fs::symlink;

    fn log_in(path: &Path, at: &str) {
        let at = at.parse().unwrap();
        update(path, |text| text.set(&at, &Credentials::named("me", "secret"))).unwrap();
    }

    #[test]
    fn nothing_is_lost_of_what_many_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/.docker/config.json");
        thread::scope(|scope| {
            for number in 0..16 {
                let path = &path;
                scope.spawn(move || log_in(path, &format!("{number}.example.org")));
            }
        });
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(".example.org").count(), 16);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }

    #[test]
    fn links_stay() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("dotfiles")).unwrap();
        fs::write(at("dotfiles/config"), "{\"detachKeys\": \"x\"}").unwrap();
        fs::set_permissions(at("dotfiles/config"), Permissions::from_mode(0o644)).unwrap();
        symlink("dotfiles/config", at("link")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        symlink("circle", at("circle")).unwrap();
        log_in(&at("link"), "ghcr.io");
        assert!(at("link").is_symlink());
        assert!(fs::read_to_string(at("dotfiles/config")).unwrap().contains("detachKeys"));
        assert_eq!(fs::metadata(at("link")).unwrap().mode() & 0o777, 0o600);
        log_in(&at("dangling"), "ghcr.io");
        assert!(at("dangling").is_symlink() && at("nowhere").is_file());
        assert!(update(&at("circle"), |_| ()).is_err());
    }

    #[test]
    fn what_is_no_such_file_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        for text in ["{", "[]", "{\"auths\": 1}"] {
            fs::write(&path, text).unwrap();
            assert!(matches!(update(&path, |_| ()), Err(ConfigFileError::Malformed { .. })));
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        fs::write(&path, " ".repeat(5 << 20)).unwrap();
        assert!(matches!(update(&path, |_| ()), Err(ConfigFileError::Io { .. })));
        assert!(read(&folder.path().join("absent")).unwrap().is_none());
        assert!(read(&path.join("below")).unwrap().is_none());
    }
}
