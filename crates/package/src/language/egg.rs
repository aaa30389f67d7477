//! Eggs of Python's as one file: zip archives that hold the metadata of what is in them (setuptools, "The Internal Structure of Python Eggs").

use super::python;
use super::zip::{Budget, Directory, Entry};
pub use super::zip::{Catalogued, HELD, Problem, Reason};

/// Where an egg says what it is.
const OWN: &str = "EGG-INFO/PKG-INFO";
/// How much of metadata is read, in bytes: its headers are at its beginning, before the long description.
const METADATA: u64 = 1 << 20;
/// Longest path of an entry that is read, in bytes.
const PATH: usize = 4096;
/// Most packages, and most problems that are listed.
const PACKAGES: usize = 10_000;
const PROBLEMS: usize = 100;

/// Returns whether a file is an egg by its name, as Python tells it.
pub fn is_wanted(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && end.eq_ignore_ascii_case("egg"))
}

/// Catalogues an egg, with all that lies in it and has metadata of its own, as long as `goes_on` says so, which is asked with each number of bytes
/// that were decompressed. The egg's name says what it is where nothing in it does.
pub fn read_while(path: &str, contents: &[u8], goes_on: &mut dyn FnMut(u64) -> bool) -> Catalogued {
    let mut catalogued = Catalogued::default();
    if let Err(reason) = egg(path, contents, &mut Budget::new(goes_on), &mut catalogued) {
        catalogued.problems.push(Problem { inner_path: None, reason });
    }
    catalogued
}

/// Fails where a bound was met, or it cannot be read at all.
fn egg(path: &str, contents: &[u8], budget: &mut Budget<'_>, catalogued: &mut Catalogued) -> Result<(), Reason> {
    // Nothing is in an empty file.
    if contents.is_empty() {
        return Ok(());
    }
    let directory = Directory::read(contents, budget.entries(), is_metadata)?;
    budget.take_entries(directory.count)?;
    catalogued.problems.extend(directory.problem.map(|reason| Problem { inner_path: None, reason }));
    for entry in &directory.wanted {
        match metadata(path, entry, budget, catalogued) {
            Err(reason @ (Reason::Ended | Reason::Total(_) | Reason::Packages(_))) => return Err(reason),
            Err(_) if catalogued.problems.len() == PROBLEMS => return Err(Reason::Problems(PROBLEMS)),
            Err(reason) => {
                let inner_path = Some(entry.name().chars().take(PATH).collect());
                catalogued.problems.push(Problem { inner_path, reason });
            }
            Ok(()) => {}
        }
    }
    if !directory.wanted.iter().any(|entry| entry.name() == OWN) {
        let named = python::read(&format!("{path}/{OWN}"), b"").map_err(|_| Reason::Unnamed)?;
        catalogued.found.extend(named);
    }
    Ok(())
}

/// Adds what an entry says is there.
fn metadata(path: &str, entry: &Entry<'_>, budget: &mut Budget<'_>, catalogued: &mut Catalogued) -> Result<(), Reason> {
    let name = entry.name();
    if name.len() > PATH {
        return Err(Reason::LongPath(PATH));
    }
    let text = entry.start(METADATA, budget)?;
    for mut found in python::read(&format!("{path}/{name}"), &text).map_err(|_| Reason::Unnamed)? {
        if catalogued.found.len() == PACKAGES {
            return Err(Reason::Packages(PACKAGES));
        }
        found.inner_path = (name != OWN).then(|| name.to_string());
        catalogued.found.push(found);
    }
    Ok(())
}

/// Returns whether an entry is metadata of Python's. What conda wrote is about environments, and in no egg.
fn is_metadata(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name);
    python::is_wanted(&name) && !name.ends_with(".json")
}
