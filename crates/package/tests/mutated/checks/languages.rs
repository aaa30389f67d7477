//! What package managers of languages leave in images.

use consign_package::Found;
use consign_package::deb::copyright;
use consign_package::language::{PACKAGE_LIMIT, binary, egg, java, reader};
use std::collections::BTreeSet;

/// A path for each form of file, by which its reader is found.
pub(crate) const PATHS: [&str; 10] = [
    "a-1.dist-info/METADATA",
    "a-1.egg-info/PKG-INFO",
    "dist-packages/a-1.egg-info",
    "conda-meta/a.json",
    "node_modules/a/package.json",
    "specifications/a.gemspec",
    "specifications/default/a.gemspec",
    "composer/installed.json",
    "a.deps.json",
    "lib/b.deps.json",
];
/// Most packages, and most problems, of an archive of Java's.
const ARCHIVE_LIMITS: (usize, usize) = (50_000, 101);
/// Most bytes that are decompressed of an archive where that is bounded.
const BUDGET: u64 = 4096;

/// A file is read or refused, and the same whether or not its path begins with a slash. The first byte says which path it has.
pub(crate) fn file(bytes: &[u8]) {
    let Some((first, contents)) = bytes.split_first() else { return };
    let path = PATHS[usize::from(*first) % PATHS.len()];
    let Some(found) = read(path, contents) else { return };
    assert!(found.len() <= PACKAGE_LIMIT);
    found.iter().for_each(is_named);
    assert_eq!(Some(found), read(&format!("/{path}"), contents));
}

fn read(path: &str, contents: &[u8]) -> Option<Vec<Found>> {
    reader(path).expect("a path with a reader").read(path, contents).ok()
}

/// Any path has a reader or none. What is in a file that says nothing is not made of its path alone.
pub(crate) fn path(bytes: &[u8]) {
    let path = String::from_utf8_lossy(bytes);
    let found = reader(&path).and_then(|reader| reader.read(&path, b"{}").ok());
    found.iter().flatten().for_each(is_named);
    assert!(copyright::package_of(&path).is_none_or(|name| !name.is_empty() && !name.contains('/')));
}

/// An archive is catalogued as far as it can be. What is left out is told, and where time is bounded that is left out which comes later.
pub(crate) fn archive(bytes: &[u8]) {
    let whole = java::read("a-1.jar", bytes);
    assert!(whole.found.len() <= ARCHIVE_LIMITS.0 && whole.problems.len() <= ARCHIVE_LIMITS.1);
    whole.found.iter().for_each(is_named);
    let (mut taken, mut stopped) = (0_u64, false);
    let part = java::read_while("a-1.jar", bytes, &mut |count| {
        assert!(!stopped, "it went on when it was told not to");
        taken = taken.saturating_add(count);
        stopped = taken > BUDGET;
        !stopped
    });
    assert!(!stopped || !part.problems.is_empty(), "something was left out in silence");
    assert!(stopped || part.found == whole.found, "{part:?} of {whole:?}");
}

/// An egg gives what can be read of it, and tells the rest.
pub(crate) fn egg(bytes: &[u8]) {
    let found = egg::read_while("a-1.egg", bytes, &mut |_| true);
    assert!(found.found.len() <= 10_001 && found.problems.len() <= ARCHIVE_LIMITS.1);
    found.found.iter().for_each(is_named);
}

/// A program is read or refused. What is no program holds nothing, and nothing is in it twice.
pub(crate) fn program(bytes: &[u8]) {
    let Ok(found) = binary::read(bytes) else { return };
    assert!(found.is_empty() || binary::is_binary(&bytes[..bytes.len().min(64)]));
    found.iter().for_each(is_named);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len(), "{found:?}");
}

/// What cannot be written in one line is no name and no version.
fn is_named(found: &Found) {
    assert!(!found.name.is_empty() && !found.name.contains(['\n', '\0']), "{found:?}");
    assert!(found.version.as_ref().is_none_or(|version| !version.contains(['\n', '\0'])), "{found:?}");
}
