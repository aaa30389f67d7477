//! Indexes of packages, fetched and verified by apt, beside those of the machine.

use super::archive::{ARCHITECTURES, KEYRING, older};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Names apt's indexes of packages.
const PACKAGES: &str = "Created-By: Packages";

/// Small libraries by name; by suite and architecture.
pub(super) type Libraries = BTreeMap<(String, String), BTreeMap<String, Library>>;

/// A library in a suite.
pub(super) struct Library {
    pub(super) version: String,
    pub(super) source: String,
    pub(super) source_version: String,
    pub(super) size: u64,
}

/// Returns the suites that the machine's apt knows, with their addresses.
pub(super) fn suites() -> BTreeMap<String, String> {
    let targets = output(apt_get().args(["indextargets", "--format", "$(CODENAME) $(REPO_URI)", PACKAGES]));
    let targets = targets.unwrap_or_default();
    targets.lines().filter_map(|line| line.split_once(' ')).map(|(suite, uri)| (suite.into(), uri.into())).collect()
}

/// Fetches indexes into a folder and reads them. `None` if they are not to be had.
pub(super) fn libraries(suites: &BTreeMap<String, String>, folder: &Path) -> Option<Libraries> {
    fs::create_dir_all(folder.join("lists/partial")).unwrap();
    let mut sources = String::new();
    for (suite, uri) in suites {
        let architectures = ARCHITECTURES.join(",");
        writeln!(sources, "deb [arch={architectures} target=Packages signed-by={KEYRING}] {uri} {suite} main").unwrap();
    }
    fs::write(folder.join("sources.list"), sources).unwrap();
    let apt = || {
        let mut command = apt_get();
        let folder = folder.display();
        for option in [
            format!("Dir::State::lists={folder}/lists"),
            format!("Dir::Cache={folder}/cache"),
            format!("Dir::Etc::sourcelist={folder}/sources.list"),
            "Dir::Etc::sourceparts=-".to_owned(),
            "APT::Update::Error-Mode=any".to_owned(),
            "APT::Sandbox::User=root".to_owned(),
        ] {
            command.args(["-o", &option]);
        }
        command
    };
    output(apt().arg("update"))?;
    let format = "$(CODENAME) $(ARCHITECTURE) $(FILENAME)";
    let mut libraries = Libraries::new();
    for line in output(apt().args(["indextargets", "--format", format, PACKAGES]))?.lines() {
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let (suite, architecture, file) = (words.next()?, words.next()?, words.next()?);
        let text = output(Command::new("/usr/lib/apt/apt-helper").args(["cat-file", &file]))?;
        let mut found: BTreeMap<String, Library> = BTreeMap::new();
        for (name, library) in text.split("\n\n").filter_map(library) {
            if found.get(&name).is_none_or(|known| older(&known.version, &library.version)) {
                found.insert(name, library);
            }
        }
        libraries.insert((suite, architecture), found);
    }
    Some(libraries)
}

/// Reads a paragraph of an index; `None` if it is about anything but a library that needs only the C library, so that images of some are small.
fn library(paragraph: &str) -> Option<(String, Library)> {
    let field = |name: &str| paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let needs = field("Depends")?;
    let is_small = needs.starts_with("libc6 ") && !needs.contains(',') && field("Pre-Depends").is_none();
    if !is_small || field("Section")? != "libs" {
        return None;
    }
    let (name, version) = (field("Package")?, field("Version")?);
    let source = field("Source").unwrap_or(name);
    // A rebuild has another version than its source.
    let (source, source_version) = source.split_once(" (").unwrap_or((source, version));
    let library = Library {
        version: version.to_owned(),
        source: source.to_owned(),
        source_version: source_version.trim_end_matches(')').to_owned(),
        size: field("Size")?.parse().unwrap(),
    };
    Some((name.to_owned(), library))
}

fn apt_get() -> Command {
    Command::new("apt-get")
}

/// Returns what a command prints; `None` if it fails.
fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).unwrap())
}
