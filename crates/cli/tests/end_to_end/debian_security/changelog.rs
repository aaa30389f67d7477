//! Advisories out of changelogs: a block names its version, and what it fixes by CVE number.

use super::archive::older;
use super::finding::Finding;
use super::image::Installed;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What the changelogs of source packages say that they fix.
#[derive(Default)]
pub(super) struct Fixes {
    /// By CVE number and source, the version that fixes it.
    versions: BTreeMap<String, BTreeMap<String, String>>,
    /// By source, the version of the newest block.
    newest: BTreeMap<String, String>,
}

impl Fixes {
    /// Reads changelogs, whose text is anything: that of upstream's says nothing.
    pub(super) fn of<'a>(changelogs: impl Iterator<Item = &'a String>) -> Self {
        let mut fixes = Self::default();
        for changelog in changelogs.collect::<BTreeSet<_>>() {
            fixes.read(changelog);
        }
        fixes
    }

    fn read(&mut self, changelog: &str) {
        // A source that was called otherwise in former times is still the one of the first block.
        let Some((source, newest)) = changelog.lines().find(|line| !line.is_empty()).and_then(heading) else { return };
        self.newest.insert(source.to_owned(), newest.to_owned());
        let mut version = newest;
        for line in changelog.lines() {
            if let Some((_, of_block)) = heading(line) {
                version = of_block;
            }
            for number in numbers(line) {
                let fixed = self.versions.entry(number).or_default().entry(source.to_owned());
                let fixed = fixed.or_insert_with(|| version.to_owned());
                // What several blocks name is fixed by the oldest of them.
                if fixed != version && older(version, fixed) {
                    version.clone_into(fixed);
                }
            }
        }
    }

    /// Returns the version of the newest block of a source's changelog.
    pub(super) fn newest(&self, source: &str) -> Option<&str> {
        self.newest.get(source).map(String::as_str)
    }

    /// Returns how many CVE numbers there are.
    pub(super) fn count(&self) -> usize {
        self.versions.len()
    }

    /// Writes a record of OSV for each number.
    pub(super) fn write(&self, folder: &Path, ecosystem: &str) {
        fs::create_dir(folder).unwrap();
        for (number, sources) in &self.versions {
            let affected = sources.iter().map(|(source, fixed)| {
                json!({
                    "package": {"ecosystem": ecosystem, "name": source},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
                })
            });
            let affected: Vec<_> = affected.collect();
            let record = json!({"id": number, "modified": "2026-01-02T03:04:05Z", "affected": affected});
            fs::write(folder.join(format!("{number}.json")), record.to_string()).unwrap();
        }
    }

    /// Returns what packages lack: everything that is fixed in a newer version of their source, as dpkg says.
    pub(super) fn missing_in(&self, installed: &[Installed]) -> BTreeSet<Finding> {
        let mut sources: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
        for package in installed {
            sources.entry((&package.source, &package.source_version)).or_default().push(package.name.clone());
        }
        let mut findings = BTreeSet::new();
        for ((source, version), mut installed) in sources {
            installed.sort();
            // One version fixes many.
            let mut is_missing: BTreeMap<&str, bool> = BTreeMap::new();
            for (number, fixed) in &self.versions {
                let Some(fixed) = fixed.get(source) else { continue };
                if *is_missing.entry(fixed).or_insert_with(|| older(version, fixed)) {
                    findings.insert(Finding {
                        advisory: number.clone(),
                        source: source.to_owned(),
                        version: version.to_owned(),
                        fixed: fixed.clone(),
                        installed: installed.clone(),
                    });
                }
            }
        }
        findings
    }
}

/// Reads the first line of a block: `openssl (3.0.16-1~deb12u1) bookworm; urgency=medium`.
fn heading(line: &str) -> Option<(&str, &str)> {
    let (source, rest) = line.split_once(" (")?;
    let (version, rest) = rest.split_once(") ")?;
    (!source.is_empty() && !source.contains(' ') && rest.contains("; urgency=")).then_some((source, version))
}

/// Returns the CVE numbers in a line.
fn numbers(line: &str) -> impl Iterator<Item = String> {
    line.match_indices("CVE-").filter_map(|(start, prefix)| {
        let rest = &line[start + prefix.len()..];
        let (year, rest) = rest.split_once('-')?;
        let number = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
        let is_year = year.len() == 4 && year.bytes().all(|digit| digit.is_ascii_digit());
        (is_year && number.len() >= 4).then(|| format!("CVE-{year}-{number}"))
    })
}
