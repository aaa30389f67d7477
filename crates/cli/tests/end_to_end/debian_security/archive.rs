//! Debian's archive, and what has updates in it today.

use super::apt::{Libraries, Library, libraries, suites};
use consign_testkit::tools::{not_run, soaks};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

pub(super) const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];
pub(super) const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Libraries that most images have. `libbrotli1` was rebuilt in bookworm: its version is not that of its source.
const FAMILIAR: [&str; 6] = ["libssl3", "libexpat1", "liblzma5", "libpcre2-8-0", "libbrotli1", "zlib1g"];
/// How many libraries there are in an image at most, unless there is time for all.
const LIBRARIES: usize = 8;

/// The release of Debian that the machine runs, in the archive that its apt names.
pub(super) struct Archive {
    pub(super) codename: String,
    pub(super) version: String,
    /// The address of each suite: of the release, of its security updates, and of its other updates if apt has them.
    pub(super) suites: BTreeMap<String, String>,
    libraries: Libraries,
}

/// A library that the release has in an older version than its updates.
pub(super) struct Update {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) newest_of_source: String,
    pub(super) released: String,
    pub(super) newest: String,
    size: u64,
}

impl Archive {
    /// Reads the indexes of today, into a folder. `None`, and says so, where that cannot be.
    pub(super) fn of_machine(folder: &Path) -> Option<Self> {
        let os_release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let value = |key: &str| {
            let value = os_release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            value.unwrap_or_default().trim_matches('"').to_owned()
        };
        let (codename, version) = (value("VERSION_CODENAME"), value("VERSION_ID"));
        if value("ID") != "debian" || version.is_empty() || !Path::new(KEYRING).exists() {
            not_run("a machine with a release of Debian");
            return None;
        }
        let [security, others] = ["security", "updates"].map(|end| format!("{codename}-{end}"));
        let mut suites = suites();
        suites.retain(|suite, _| [&codename, &security, &others].contains(&suite));
        if !suites.contains_key(&codename) || !suites.contains_key(&security) {
            not_run("a machine whose apt names Debian's archive and its security updates (apt-get update)");
            return None;
        }
        let Some(libraries) = libraries(&suites, folder) else {
            not_run("a mirror of Debian that can be reached");
            return None;
        };
        Some(Self { codename, version, suites, libraries })
    }

    /// Returns some libraries that have updates, the same on all architectures: first those that many know, then the smallest, one of each source.
    pub(super) fn updates(&self) -> Vec<Update> {
        let updated = self.libraries.iter().filter(|((suite, _), _)| *suite != self.codename);
        let names: BTreeSet<&String> = updated.flat_map(|(_, libraries)| libraries.keys()).collect();
        let mut updates: Vec<Update> = names.into_iter().filter_map(|name| self.update(name)).collect();
        updates.sort_by_key(|update| (!FAMILIAR.contains(&update.name.as_str()), update.size));
        let mut sources = BTreeSet::new();
        updates.retain(|update| sources.insert(update.source.clone()));
        updates.truncate(if soaks() { usize::MAX } else { LIBRARIES });
        updates
    }

    fn update(&self, name: &str) -> Option<Update> {
        let [(released, newest), (of_other, newest_of_other)] = ARCHITECTURES.map(|of| self.versions(name, of));
        let (released, newest) = (released?, newest?);
        let is_same = released.version == of_other?.version && newest.version == newest_of_other?.version;
        (is_same && older(&released.version, &newest.version)).then(|| Update {
            name: name.to_owned(),
            source: newest.source.clone(),
            newest_of_source: newest.source_version.clone(),
            released: released.version.clone(),
            newest: newest.version.clone(),
            size: newest.size,
        })
    }

    /// Returns what the release has, and the newest of all suites.
    fn versions(&self, name: &str, architecture: &str) -> (Option<&Library>, Option<&Library>) {
        let of = |suite: &String| self.libraries.get(&(suite.clone(), architecture.to_owned()))?.get(name);
        let all = self.suites.keys().filter_map(of);
        let newest = all.reduce(|one, other| if older(&one.version, &other.version) { other } else { one });
        (of(&self.codename), newest)
    }
}

/// Returns whether a version is older than another one, as dpkg says.
pub(super) fn older(one: &str, other: &str) -> bool {
    Command::new("dpkg").args(["--compare-versions", one, "lt", other]).status().unwrap().success()
}
