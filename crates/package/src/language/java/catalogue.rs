use super::file_name::FileName;
use super::manifest::Manifest;
use super::properties::Coordinates;
use super::{identity, is_of_java, is_wanted};
use crate::language::line;
use crate::language::zip::{Budget, Catalogued, Directory, Entry, Problem, Reason};
use crate::{Found, Kind};
use sha1::{Digest as _, Sha1};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// How many archives may be within each other.
const DEPTH: usize = 16;
/// Longest path, with the paths of the archives around it, in bytes.
const PATH: usize = 4096;
/// Most packages, and most problems that are listed.
const PACKAGES: usize = 50_000;
const PROBLEMS: usize = 100;
/// How much of a manifest is read: what an archive says of itself is at its beginning, before the sums of each entry.
const MANIFEST: u64 = 1 << 20;
/// Largest `pom.properties`, in bytes.
const PROPERTIES: u64 = 64 << 10;
/// What stands between the paths of an archive and of what is in it, as in Java's addresses.
const WITHIN: &str = "!/";

/// An outermost archive while it is read.
pub(super) struct Catalogue<'a> {
    budget: Budget<'a>,
    catalogued: Catalogued,
    seen: BTreeSet<(String, Option<String>, Option<String>)>,
    /// Whether a bound was met for the whole of it.
    is_over: bool,
}

impl<'a> Catalogue<'a> {
    pub(super) fn of(path: &str, contents: &[u8], goes_on: &'a mut dyn FnMut(u64) -> bool) -> Catalogued {
        let (budget, catalogued) = (Budget::new(goes_on), Catalogued::default());
        let mut catalogue = Self { budget, catalogued, seen: BTreeSet::new(), is_over: false };
        catalogue.archive(path, None, contents, 1);
        catalogue.catalogued
    }

    /// Reads an archive: `place` is where it is in the outermost one.
    fn archive(&mut self, name: &str, place: Option<&str>, contents: &[u8], depth: usize) {
        // Nothing is in an empty file.
        if contents.is_empty() {
            return;
        }
        let directory = match Directory::read(contents, self.budget.entries(), is_telling) {
            Ok(directory) => directory,
            // Another program's file.
            Err(Reason::NoArchive) if !is_of_java(name) => return,
            Err(reason) => return self.problem(place, reason),
        };
        if let Err(reason) = self.budget.take_entries(directory.count) {
            return self.problem(place, reason);
        }
        if let Some(reason) = directory.problem {
            self.problem(place, reason);
        }
        let (mut manifest, mut all, mut paths) = (Manifest::default(), Vec::new(), Vec::new());
        for entry in &directory.wanted {
            // What was read until a bound was met is told.
            if self.is_over {
                break;
            }
            let name = entry.name();
            let path = place.map_or_else(|| name.to_string(), |place| format!("{place}{WITHIN}{name}"));
            if path.len() > PATH {
                self.problem(place, Reason::LongPath(PATH));
            } else if is_wanted(&name) {
                self.nested(entry, &name, &path, depth);
            } else if let Some(text) = self.text(entry, &path) {
                if is_manifest(entry.name) {
                    manifest = Manifest::parse(&text);
                } else if let Some(coordinates) = Coordinates::parse(&text) {
                    all.push(coordinates);
                    paths.push(path);
                }
            }
        }
        let file = FileName::parse(name);
        let own = identity::own(&all, &file, &manifest);
        let mut itself = match own.and_then(|index| all.get(index)) {
            Some(coordinates) => found(coordinates),
            None => identity::stated(&file, &manifest),
        };
        identity::describe(&mut itself, &manifest);
        itself.checksums = vec![sum(contents)];
        itself.inner_path = place.map(str::to_owned);
        self.add(itself);
        for (index, (coordinates, path)) in all.iter().zip(paths).enumerate() {
            if Some(index) != own {
                self.add(Found { inner_path: Some(path), ..found(coordinates) });
            }
        }
    }

    fn nested(&mut self, entry: &Entry<'_>, name: &str, path: &str, depth: usize) {
        if depth == DEPTH {
            return self.problem(Some(path), Reason::Depth(DEPTH));
        }
        match entry.contents(&mut self.budget) {
            Ok(contents) => {
                let held = if let Cow::Owned(contents) = &contents { contents.len() as u64 } else { 0 };
                self.budget.hold(held);
                self.archive(name, Some(path), &contents, depth + 1);
                self.budget.release(held);
            }
            Err(reason) => self.problem(Some(path), reason),
        }
    }

    /// Returns the text of a small entry.
    fn text(&mut self, entry: &Entry<'_>, path: &str) -> Option<String> {
        let is_manifest = is_manifest(entry.name);
        let limit = if is_manifest { MANIFEST } else { PROPERTIES };
        match entry.start(limit + 1, &mut self.budget) {
            Ok(contents) if is_manifest || contents.len() as u64 <= limit => {
                return Some(String::from_utf8_lossy(&contents).into_owned());
            }
            Ok(_) => self.problem(Some(path), Reason::TooLarge(limit)),
            Err(reason) => self.problem(Some(path), reason),
        }
        None
    }

    fn add(&mut self, found: Found) {
        // An entry of an archive can be called anything. What is no line is no name that anybody knows.
        let is_odd = |text: &String| text.contains(char::is_control);
        if line(&found.name).is_none() || is_odd(&found.name) || found.version.as_ref().is_some_and(is_odd) {
            return self.problem(found.inner_path.as_deref(), Reason::Name);
        }
        if self.catalogued.found.len() == PACKAGES {
            return self.problem(None, Reason::Packages(PACKAGES));
        }
        if self.seen.insert((found.name.clone(), found.version.clone(), found.inner_path.clone())) {
            self.catalogued.found.push(found);
        }
    }

    /// Lists a problem. Where it is the whole archive's bound, nothing more is read.
    fn problem(&mut self, place: Option<&str>, reason: Reason) {
        if self.is_over {
            return;
        }
        let is_full = self.catalogued.problems.len() == PROBLEMS;
        let is_bound = matches!(reason, Reason::Ended | Reason::Total(_) | Reason::Entries(_) | Reason::Packages(_));
        self.is_over = is_full || is_bound;
        let reason = if is_full && !is_bound { Reason::Problems(PROBLEMS) } else { reason };
        let inner_path = if is_full { None } else { place.map(str::to_owned) };
        self.catalogued.problems.push(Problem { inner_path, reason });
    }
}

fn found(coordinates: &Coordinates) -> Found {
    let name = format!("{}:{}", coordinates.group, coordinates.artifact);
    Found::new(Kind::Maven, name, coordinates.version.as_deref())
}

/// Returns whether an entry says what is in an archive, by its name.
fn is_telling(name: &[u8]) -> bool {
    let is_properties = name == b"pom.properties" || name.ends_with(b"/pom.properties");
    is_properties || is_manifest(name) || is_wanted(&String::from_utf8_lossy(name))
}

fn is_manifest(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"META-INF/MANIFEST.MF")
}

/// Returns the digest by which archives are looked up at Maven Central.
fn sum(contents: &[u8]) -> String {
    Sha1::digest(contents).iter().fold("sha1:".to_owned(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
