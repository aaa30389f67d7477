//! Reads what says where packages come from: the machine's own apt sources, and keyrings.

use super::source::{DebianSource, DebianSources, SourcesFrom};
use consign_package::deb::apt_sources::{self, AptSource, AptSourcesError, SignedBy};
use consign_package::deb::{Keyring, KeyringError};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Largest list of sources, in bytes.
const LIST_LIMIT: u64 = 4 << 20;
/// Largest keyring, in bytes.
const KEYRING_LIMIT: u64 = 16 << 20;

/// Sources or keys that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// The file system refused.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A list of sources cannot be understood.
    #[error(transparent)]
    List(#[from] AptSourcesError),
    /// A file holds no keys.
    #[error("{} holds no OpenPGP keys that can be used", path.display())]
    Keys {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: KeyringError,
    },
}

impl DebianSources {
    /// Reads the sources in a machine's `/etc/apt` (sources.list(5)), with the keys that each names, or that apt trusts for all (apt-secure(8)).
    ///
    /// `suite` is for images that name none, as a rule [`machine_suite`].
    pub fn of_machine(apt: &Path, suite: Option<String>) -> Result<Self, MachineError> {
        let mut sources = Vec::new();
        for path in lists(apt)? {
            for source in apt_sources::parse(&path, &read_text(&path)?)? {
                sources.push(DebianSource {
                    keyring: keyring_of(&source, apt)?,
                    declared: format!("{}:{}", source.from.path.display(), source.from.line),
                    uri: source.uri,
                    suite: source.suite,
                    components: source.components,
                    architectures: source.architectures,
                });
            }
        }
        Ok(Self::new(SourcesFrom::Machine, suite, sources))
    }
}

/// Returns the code name of the system that an `os-release` file describes, if it says one (os-release(5)).
pub fn machine_suite(os_release: &Path) -> Option<String> {
    let text = read_text(os_release).ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="))?.trim_matches('"');
    (!name.is_empty()).then(|| name.to_owned())
}

/// Reads a file of OpenPGP keys, binary or armored.
pub fn read_keyring(path: &Path) -> Result<Keyring, MachineError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(KEYRING_LIMIT).read_to_end(&mut bytes))
        .map_err(|error| io_error(path, error))?;
    keys(path, &bytes)
}

/// Returns apt's lists of sources, in the order in which apt reads them.
fn lists(apt: &Path) -> Result<Vec<PathBuf>, MachineError> {
    let mut lists = vec![apt.join("sources.list")];
    lists.extend(files_in(&apt.join("sources.list.d"), &["list", "sources"])?);
    lists.retain(|path| path.is_file());
    Ok(lists)
}

/// Returns the files of a folder that end in one of these, sorted; none where there is no folder.
fn files_in(folder: &Path, ends: &[&str]) -> Result<Vec<PathBuf>, MachineError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error(folder, error)),
    };
    let files = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    let mut files = files.map_err(|error| io_error(folder, error))?;
    files.retain(|path| path.extension().and_then(|end| end.to_str()).is_some_and(|end| ends.contains(&end)));
    files.sort();
    Ok(files)
}

fn keyring_of(source: &AptSource, apt: &Path) -> Result<Keyring, MachineError> {
    match &source.signed_by {
        Some(SignedBy::Key(text)) => keys(&source.from.path, text.as_bytes()),
        Some(SignedBy::Files(paths)) => all_keys(paths),
        Some(SignedBy::Fingerprints(fingerprints)) => Ok(trusted_keys(apt)?.restricted_to(fingerprints)),
        None => trusted_keys(apt),
    }
}

fn trusted_keys(apt: &Path) -> Result<Keyring, MachineError> {
    let mut paths = files_in(&apt.join("trusted.gpg.d"), &["gpg", "asc"])?;
    paths.push(apt.join("trusted.gpg"));
    all_keys(&paths)
}

/// Reads those of the files that are there: a source whose keys are missing is found out when its signature is checked.
fn all_keys(paths: &[PathBuf]) -> Result<Keyring, MachineError> {
    let mut all = Keyring::default();
    for path in paths.iter().filter(|path| path.is_file()) {
        all.extend(read_keyring(path)?);
    }
    Ok(all)
}

fn keys(path: &Path, bytes: &[u8]) -> Result<Keyring, MachineError> {
    Keyring::read(path, bytes).map_err(|source| MachineError::Keys { path: path.to_owned(), source })
}

fn read_text(path: &Path) -> Result<String, MachineError> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LIST_LIMIT).read_to_string(&mut text));
    read.map_err(|error| io_error(path, error))?;
    Ok(text)
}

fn io_error(path: &Path, source: io::Error) -> MachineError {
    MachineError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists_in_the_order_of_apt() {
        let folder = tempfile::tempdir().unwrap();
        let apt = folder.path();
        fs::create_dir(apt.join("sources.list.d")).unwrap();
        fs::write(apt.join("sources.list"), "deb http://one.example/debian bookworm main\n").unwrap();
        fs::write(apt.join("sources.list.d/b.list"), "deb [arch=amd64] http://three.example/x bookworm main\n")
            .unwrap();
        let paragraph =
            "Types: deb\nURIs: http://two.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n";
        fs::write(apt.join("sources.list.d/a.sources"), paragraph).unwrap();
        fs::write(apt.join("sources.list.d/ignored.save"), "deb nonsense").unwrap();
        let sources = DebianSources::of_machine(apt, None).unwrap();
        let found: Vec<_> = sources.sources.iter().map(|source| (source.uri.as_str(), source.suite.as_str())).collect();
        let expected = [
            ("http://one.example/debian", "bookworm"),
            ("http://two.example/debian", "bookworm"),
            ("http://two.example/debian", "bookworm-updates"),
            ("http://three.example/x", "bookworm"),
        ];
        assert_eq!(found, expected);
        assert!(sources.sources[0].declared.ends_with("sources.list:1"));
    }

    #[test]
    fn names_what_it_cannot_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.gpg");
        assert!(matches!(read_keyring(&path), Err(MachineError::Io { .. })));
        fs::write(&path, "not keys").unwrap();
        assert!(matches!(read_keyring(&path), Err(MachineError::Keys { .. })));
        assert_eq!(machine_suite(&path), None);
        fs::write(&path, "ID=debian\nVERSION_CODENAME=bookworm\n").unwrap();
        assert_eq!(machine_suite(&path).as_deref(), Some("bookworm"));
    }
}
