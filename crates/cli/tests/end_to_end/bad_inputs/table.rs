use crate::common::{Destination, TestEnvironment};
use crate::debian::{mirror, with_packages};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What is run unless a case says otherwise: one platform after the other, so that it is clear which is named.
const RELEASE: &[&str] = &["release", "--quiet", "--jobs", "1"];

/// One bad input.
pub(super) struct Case {
    pub(super) name: &'static str,
    spoil: Box<dyn Fn(&TestEnvironment)>,
    command: &'static [&'static str],
    password: &'static str,
    stores: bool,
}

impl Case {
    /// Names what is wrong, and what makes it wrong.
    pub(super) fn new(name: &'static str, spoil: impl Fn(&TestEnvironment) + 'static) -> Self {
        Self { name, spoil: Box::new(spoil), command: RELEASE, password: "", stores: false }
    }

    /// Runs another command than `release`.
    pub(super) fn command(self, command: &'static [&'static str]) -> Self {
        Self { command, ..self }
    }

    /// Gives another password for the key.
    pub(super) fn password(self, password: &'static str) -> Self {
        Self { password, ..self }
    }

    /// Says that the fault can only be found when something that is good already lies in the store.
    pub(super) fn found_late(self) -> Self {
        Self { stores: true, ..self }
    }
}

/// Where bad inputs are tried: with a registry that `release` serves, and one outside that must hear of nothing.
pub(super) struct Table {
    outside: Destination,
}

impl Table {
    pub(super) fn new() -> Self {
        Self { outside: Destination::start() }
    }

    /// Makes an environment with an image of files, in which nothing is wrong.
    pub(super) fn image(&self) -> TestEnvironment {
        self.with_destination(TestEnvironment::with_image())
    }

    /// Makes an environment with an image of packages for one platform, in which nothing is wrong: several would be worked on at the same
    /// time, and either could be named.
    pub(super) fn packages(&self) -> TestEnvironment {
        let environment = self.with_destination(with_packages(&mirror()));
        environment.replace("image.yaml", "[linux/amd64, linux/arm64]", "[linux/amd64]");
        environment
    }

    fn with_destination(&self, environment: TestEnvironment) -> TestEnvironment {
        let destination = format!("/mirror/hello, {}/outside/hello]", self.outside.host());
        environment.replace("consign.yaml", "/mirror/hello]", &destination);
        environment
    }

    /// Tries each case. Returns name, exit status and error of all, and what was written or accepted nevertheless.
    pub(super) fn run<E: Borrow<TestEnvironment>>(
        &self,
        prepare: impl Fn() -> E,
        cases: Vec<Case>,
    ) -> (String, Vec<String>) {
        let (mut said, mut wrong) = (String::new(), Vec::new());
        for case in cases {
            let prepared = prepare();
            let environment = prepared.borrow();
            fs::remove_dir_all(environment.beside("store")).unwrap_or_default();
            (case.spoil)(environment);
            let before = state(&environment.folder());
            let run = environment.invocation().variable("COSIGN_PASSWORD", case.password).run(case.command);
            let error = without_fingerprint(&run.error()).replace(&self.outside.host(), "[outside]");
            let note = if case.stores { " (something good was stored before)" } else { "" };
            said.push_str(&format!("# {}{note}\n{} {}\n\n", case.name, run.status, error.trim_end()));

            let mut note = |what: String| wrong.push(format!("{}: {what}", case.name));
            if run.status <= 0 || error.is_empty() || run.stderr.contains("panicked") {
                note(format!("not refused: {run}"));
            }
            let after = state(&environment.folder());
            for path in before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path)) {
                note(format!("changed {}", path.display()));
            }
            if self.outside.writes() > 0 {
                note(format!("wrote to a registry: {:?}", self.outside.lines()));
                self.outside.forget();
            }
            if (environment.stored_blobs() > 0) != case.stores {
                note(format!("{} blobs in the store", environment.stored_blobs()));
            }
            for folder in ["store/store/partial", "store/downloads/partial"] {
                let left = fs::read_dir(environment.beside(folder)).map_or(0, Iterator::count);
                if left > 0 {
                    note(format!("{left} files are left in {folder}"));
                }
            }
        }
        (said, wrong)
    }
}

/// Returns every file of a folder with its bytes, and every other thing without; git's own are git's.
fn state(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with(".git") {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            found.extend(state(&path));
        }
        found.insert(path.clone(), fs::read(&path).unwrap_or_default());
    }
    found
}

/// Keys are made for each archive: takes out what names them.
fn without_fingerprint(text: &str) -> String {
    let is_fingerprint = |word: &&str| word.len() == 40 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let found = text.split([' ', ':']).find(is_fingerprint);
    found.map_or_else(|| text.to_owned(), |found| text.replace(found, "FINGERPRINT"))
}
