//! Finds the archives that Debian packages come from.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::read_text;
use consign_build::{Contents, DebianSource, DebianSources, SourcesFrom, Specification};
use consign_package::deb::Keyring;
use consign_package::deb::apt_sources::{self, AptSource, SignedBy};
use consign_plan::Configuration;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Largest list of sources, in bytes.
const LIST_LIMIT: u64 = 4 << 20;
/// Largest keyring, in bytes.
const KEYRING_LIMIT: u64 = 16 << 20;
/// Where apt keeps its lists and keys (sources.list(5), apt-secure(8)).
const APT: &str = "/etc/apt";

/// Returns the mirrors of the configuration, else the machine's own sources. Nothing is looked for where no image needs packages.
pub(crate) fn sources<'a>(
    configuration: &Configuration,
    mut images: impl Iterator<Item = &'a Specification>,
) -> Result<DebianSources, CommandError> {
    if !images.any(|image| matches!(image.contents, Contents::Packages(_))) {
        return Ok(DebianSources::none());
    }
    let suite = machine_suite();
    if configuration.debian.mirrors.is_empty() {
        return Ok(DebianSources::new(SourcesFrom::Machine, suite, machine_sources(Path::new(APT))?));
    }
    let mut sources = Vec::new();
    for mirror in &configuration.debian.mirrors {
        let keyring = keyring(&configuration.resolve(&mirror.signed_by))?;
        for suite in &mirror.suites {
            sources.push(DebianSource {
                uri: mirror.uri.value.clone(),
                suite: suite.clone(),
                components: mirror.components.clone(),
                architectures: (!mirror.architectures.is_empty()).then(|| mirror.architectures.clone()),
                keyring: keyring.clone(),
                declared: configuration.file.name().to_owned(),
            });
        }
    }
    Ok(DebianSources::new(SourcesFrom::Configuration, suite, sources))
}

/// Returns the code name of the system that this machine runs, if it says one (os-release(5)).
fn machine_suite() -> Option<String> {
    let text = read_text(Path::new("/etc/os-release"), LIST_LIMIT).ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="))?.trim_matches('"');
    (!name.is_empty()).then(|| name.to_owned())
}

fn machine_sources(apt: &Path) -> Result<Vec<DebianSource>, CommandError> {
    let mut declared: Vec<AptSource> = Vec::new();
    for path in lists(apt).map_err(|error| unreadable(apt, error))? {
        let text = read_text(&path, LIST_LIMIT).map_err(|error| unreadable(&path, error))?;
        let parsed = apt_sources::parse(&path, &text);
        declared.extend(parsed.map_err(|error| CommandError::of(ExitCode::Failed, &error))?);
    }
    let mut sources = Vec::new();
    for source in declared {
        sources.push(DebianSource {
            keyring: keyring_of(&source, apt)?,
            declared: format!("{}:{}", source.from.path.display(), source.from.line),
            uri: source.uri,
            suite: source.suite,
            components: source.components,
            architectures: source.architectures,
        });
    }
    Ok(sources)
}

/// Returns apt's lists of sources, in the order in which apt reads them.
fn lists(apt: &Path) -> io::Result<Vec<PathBuf>> {
    let mut lists = files_in(&apt.join("sources.list.d"), &["list", "sources"])?;
    lists.insert(0, apt.join("sources.list"));
    lists.retain(|path| path.is_file());
    Ok(lists)
}

fn files_in(folder: &Path, extensions: &[&str]) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|path| {
        path.extension().and_then(|extension| extension.to_str()).is_some_and(|found| extensions.contains(&found))
    });
    files.sort();
    Ok(files)
}

/// Returns the keys that a source names, else all that the machine trusts for packages.
fn keyring_of(source: &AptSource, apt: &Path) -> Result<Keyring, CommandError> {
    match &source.signed_by {
        Some(SignedBy::Key(text)) => read_keys(&source.from.path, text.as_bytes()),
        Some(SignedBy::Files(paths)) => all_keys(paths),
        Some(SignedBy::Fingerprints(fingerprints)) => Ok(trusted_keys(apt)?.restricted_to(fingerprints)),
        None => trusted_keys(apt),
    }
}

fn trusted_keys(apt: &Path) -> Result<Keyring, CommandError> {
    let folder = apt.join("trusted.gpg.d");
    let mut paths = files_in(&folder, &["gpg", "asc"]).map_err(|error| unreadable(&folder, error))?;
    paths.push(apt.join("trusted.gpg"));
    all_keys(&paths)
}

/// Reads those of the files that are there: a source whose keys are missing is found out when its signature is checked.
fn all_keys(paths: &[PathBuf]) -> Result<Keyring, CommandError> {
    let mut all = Keyring::default();
    for path in paths.iter().filter(|path| path.is_file()) {
        all.extend(keyring(path)?);
    }
    Ok(all)
}

fn keyring(path: &Path) -> Result<Keyring, CommandError> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path)
        .and_then(|file| io::Read::read_to_end(&mut io::Read::take(file, KEYRING_LIMIT), &mut bytes));
    read.map_err(|error| unreadable(path, error))?;
    read_keys(path, &bytes)
}

fn read_keys(path: &Path, bytes: &[u8]) -> Result<Keyring, CommandError> {
    Keyring::read(path, bytes).map_err(|error| {
        CommandError::new(ExitCode::Configuration, format!("{} holds no OpenPGP keys", path.display())).cause(error)
    })
}

fn unreadable(path: &Path, error: io::Error) -> CommandError {
    CommandError::new(ExitCode::Configuration, format!("cannot read {}", path.display())).cause(error)
}
