use super::{Listed, Note, owned};
use crate::{Budget, Distribution};
use consign_package::deb::{copyright, installed};
use consign_package::language::{self, binary, egg, java};
use consign_package::{Found, apk, sbom};
use std::error::Error;

/// Largest text that a cataloguer reads, in bytes. Debian's largest `status` files are a fifth of it.
const TEXT_LIMIT: u64 = 32 << 20;

/// Largest program or archive that is looked into, in bytes. It is in memory as a whole.
const BINARY_LIMIT: u64 = 256 << 20;
/// Most problems of one archive that are named.
const PROBLEM_LIMIT: usize = 3;

/// What a file is, by its name. Since layers are seen once, a database is known by its name alone: links may lead to it from anywhere.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FileKind {
    /// `os-release`.
    Release,
    /// A database of dpkg's, or a file of `status.d`.
    Dpkg,
    /// What lists the files of a package of dpkg's, or their digests.
    DpkgFiles,
    /// The licences of a Debian package.
    Copyright,
    /// What a language's package manager leaves.
    Language(language::Reader),
    /// An SBOM that somebody put there.
    Sbom,
    /// An archive of Java's.
    Java,
    /// An egg of Python's, in one file.
    Egg,
    /// A program or library, which only its first bytes tell.
    Binary,
    /// A database of apk's.
    Apk,
    /// A database of rpm's.
    Rpm,
    /// What was written to a database of rpm's last, and is not in it yet.
    RpmLog,
    /// A database that is not read. What it lists is not known, which is not the same as nothing.
    Unread,
}

impl FileKind {
    /// Returns what a file with this path is; `None`: no cataloguer looks at it for its name.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = folder.rsplit('/').next().unwrap_or_default();
        match (folder, name) {
            (_, "status") => Some(Self::Dpkg),
            ("status.d", name) if name.ends_with(".md5sums") => Some(Self::DpkgFiles),
            ("status.d", name) if installed::describes_package(name) => Some(Self::Dpkg),
            ("info", name) if name.ends_with(".list") || name.ends_with(".md5sums") => Some(Self::DpkgFiles),
            (_, "copyright") if copyright::package_of(path).is_some() => Some(Self::Copyright),
            (_, "installed") => Some(Self::Apk),
            (_, "Packages" | "Packages.db" | "rpmdb.sqlite") => Some(Self::Rpm),
            (_, "rpmdb.sqlite-wal") => Some(Self::RpmLog),
            (_, "ALPM_DB_VERSION") => Some(Self::Unread),
            _ if sbom::is_wanted(path) => Some(Self::Sbom),
            _ if java::is_wanted(name) => Some(Self::Java),
            _ if egg::is_wanted(name) => Some(Self::Egg),
            _ if is_release(name) => Some(Self::Release),
            _ => language::reader(path).map(Self::Language),
        }
    }

    /// Returns whether a file of this kind shows packages to be there wherever it lies; others count only where they are looked for.
    pub(crate) fn is_single(self) -> bool {
        matches!(self, Self::Language(_) | Self::Sbom | Self::Java | Self::Egg | Self::Binary)
    }

    /// Returns what a file of this name is whose first bytes are those of a program. Archives of Java's may begin as one, so that they can be run.
    pub(crate) fn of_program(by_name: Option<Self>) -> Self {
        by_name.filter(|kind| matches!(kind, Self::Java)).unwrap_or(Self::Binary)
    }

    /// Says that nobody looked into the file.
    pub(crate) fn unread(self, why: &str) -> Note {
        if self.is_single() {
            Note::Damaged(format!("{why}, and was not looked into"), Vec::new())
        } else {
            Note::Unread
        }
    }

    /// Says that a file could not be read; `by_name`: what it is by its name.
    pub(crate) fn unreadable(by_name: Option<Self>, why: &dyn Error) -> Note {
        let why = format!("it cannot be read: {}", reason(why));
        match by_name {
            Some(kind) if !kind.is_single() => Note::Unreadable(why),
            _ => Note::Damaged(why, Vec::new()),
        }
    }

    /// Returns how much memory looking at a file of so many bytes may take, in bytes.
    pub(crate) fn room(self, size: u64) -> u64 {
        match self {
            Self::Java | Self::Egg => size.saturating_add(java::HELD),
            Self::Binary | Self::Rpm | Self::RpmLog => size,
            // Texts are taken apart into many small ones.
            _ => size.saturating_mul(16),
        }
    }

    /// Returns how large the file may be, in bytes.
    pub(crate) fn limit(self) -> u64 {
        match self {
            Self::Unread => 0,
            Self::Language(_) => language::SIZE_LIMIT as u64,
            Self::Sbom => sbom::SIZE_LIMIT as u64,
            Self::Java | Self::Egg | Self::Binary | Self::Rpm | Self::RpmLog => BINARY_LIMIT,
            _ => TEXT_LIMIT,
        }
    }

    /// Reads the file. `None`: it says nothing. What archives hold counts towards what may be read of all layers.
    pub(crate) fn read(self, path: &str, contents: &[u8], budget: &Budget) -> Option<Note> {
        // What is not UTF-8 in a text is replaced.
        let text = || String::from_utf8_lossy(contents);
        let unreadable = |error: &dyn Error| Note::Unreadable(reason(error));
        let damaged = |error: &dyn Error| Note::Damaged(reason(error), Vec::new());
        Some(match self {
            Self::Release => Note::Release(Distribution::read(&text())),
            Self::Dpkg => match installed::parse(&text()) {
                Ok(packages) => Note::Database(packages.into_iter().map(Listed::from).collect()),
                Err(error) => unreadable(&error),
            },
            Self::Apk => match apk::installed::parse(contents) {
                Ok(packages) => Note::Database(Listed::all_of_apk(packages)),
                Err(error) => unreadable(&error),
            },
            Self::Rpm => rpm_database(contents, None),
            Self::RpmLog if contents.is_empty() => return None,
            Self::RpmLog => Note::Log(None),
            Self::DpkgFiles if path.ends_with(".md5sums") => Note::Files(owned::of_digests(&text())),
            Self::DpkgFiles => Note::Files(owned::of_list(&text())),
            Self::Copyright => {
                let licences = copyright::licences(contents).into_iter().map(|licence| licence.written);
                Note::Licences(licences.collect())
            }
            Self::Language(reader) => match reader.read(path, contents) {
                Ok(found) => found_note(found)?,
                Err(error) => damaged(&error),
            },
            Self::Binary => match binary::read(contents) {
                Ok(found) => found_note(found)?,
                Err(error) => damaged(&error),
            },
            Self::Java | Self::Egg => {
                let read_while = if matches!(self, Self::Egg) { egg::read_while } else { java::read_while };
                let java::Catalogued { found, problems } = read_while(path, contents, &mut |bytes| budget.take(bytes));
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                found_and(found.into_iter().map(Listed::from).collect(), &problems)?
            }
            Self::Sbom => match sbom::read(contents) {
                Ok(sbom) => {
                    let (listed, problems) = Listed::all_of_sbom(sbom);
                    found_and(listed, &problems)?
                }
                Err(error) => damaged(&error),
            },
            Self::Unread => Note::Unread,
        })
    }
}

/// Reads a database of rpm's, with what was written last, if that lies beside it.
pub(super) fn rpm_database(contents: &[u8], log: Option<&[u8]>) -> Note {
    match Listed::all_of_rpm(contents, log) {
        Ok(packages) => Note::Database(packages),
        Err(error) => Note::Unreadable(reason(&error)),
    }
}

/// `None`: nothing is found.
fn found_note(found: Vec<Found>) -> Option<Note> {
    found_and(found.into_iter().map(Listed::from).collect(), &[])
}

/// Says what was found, and what could not be. `None`: neither.
fn found_and(listed: Vec<Listed>, problems: &[String]) -> Option<Note> {
    if problems.is_empty() {
        return (!listed.is_empty()).then_some(Note::Found(listed));
    }
    let named = problems.iter().take(PROBLEM_LIMIT).cloned();
    let more = problems.len().saturating_sub(PROBLEM_LIMIT);
    let more = (more > 0).then(|| format!("and {more} more"));
    Some(Note::Damaged(named.chain(more).collect::<Vec<_>>().join("; "), listed))
}

/// Returns whether a file is `os-release`, or may be what a link of that name leads to.
fn is_release(name: &str) -> bool {
    name.strip_suffix("os-release").is_some_and(|before| before.is_empty() || before.ends_with(['-', '.']))
        || name.starts_with("os-release-")
        || name.starts_with("os-release.")
}

/// Returns an error and its causes in one line.
fn reason(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_releases_are_whole_words() {
        for (name, expected) in [
            ("os-release", true),
            ("os-release-fedora", true),
            ("os-release.distrib", true),
            ("0c1d-etc-os-release", true),
            ("initrd-release", false),
            ("os-releaser", false),
            ("macos-release", false),
        ] {
            assert_eq!(is_release(name), expected, "{name}");
        }
    }
}
