//! Packages, indexes and lists of Debian's.

use super::names::is_url;
use consign_package::deb::{
    DebFile, Limits, PackagesIndex, Paragraph, Preferred, Relation, Request, Searched, Target, apt_sources, copyright,
    installed, purl, resolve,
};
use consign_package::licence;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Most that is read of a package.
const LIMITS: Limits = Limits { decompressed: 64 << 20, entries: 10_000 };
/// Most licences of a file.
const LICENCE_LIMIT: usize = 1000;

/// A package is read or refused.
pub(crate) fn package(bytes: &[u8]) {
    drop(DebFile::read(bytes.to_vec().into(), LIMITS));
}

/// An index is read or refused, and packages are found in it or not. For the same wishes they are the same.
pub(crate) fn index(bytes: &[u8]) {
    let Ok(index) = PackagesIndex::parse("test", bytes.to_vec()) else { return };
    let searched = [Searched { index: &index, last_resort: false }];
    for wanted in ["a", "b", "m (>= 2)", "d:amd64"] {
        let wanted = [Relation::wanted(wanted).expect("a relation")];
        let targets = ["amd64", "arm64"].map(|architecture| Target { architecture, indexes: &searched });
        for recommends in [false, true] {
            let (preferred, stop) = (&Preferred::new(), &AtomicBool::new(false));
            let request = Request { wanted: &wanted, recommends, preferred, stop };
            let found = resolve(&targets, &request).map_err(|error| error.to_string());
            let again = resolve(&targets, &request).map_err(|error| error.to_string());
            assert_eq!(format!("{found:?}"), format!("{again:?}"));
        }
    }
}

/// Paragraphs and lists of sources are read or refused.
pub(crate) fn sources(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    drop(Paragraph::parse(&text));
    drop(apt_sources::parse(Path::new("a.list"), &text));
    drop(apt_sources::parse(Path::new("a.sources"), &text));
}

/// Installed packages are read or refused: each has lines of its own, and a package URL.
pub(crate) fn status(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().count();
    let packages = match installed::parse(&text) {
        Ok(packages) => packages,
        Err(installed::InstalledError::Record { line, .. }) => return assert!((1..=lines).contains(&line), "{line}"),
        Err(_) => return,
    };
    assert!(3 * packages.len() <= lines, "{} of {lines} lines", packages.len());
    for package in packages {
        let source = Some((package.source_name.as_str(), &package.source_version));
        is_url(&purl("debian", Some("12"), &package.name, &package.version, &package.architecture, source));
    }
}

/// Any file has some licences or none, each once and in order, and what is given as an expression is one.
pub(crate) fn copyright(bytes: &[u8]) {
    let found = copyright::licences(bytes);
    assert!(found.len() <= LICENCE_LIMIT);
    assert!(found.windows(2).all(|pair| pair[0].written < pair[1].written), "{found:?}");
    let expressions = found.iter().filter_map(|licence| licence.expression.as_deref());
    expressions.for_each(|expression| assert!(licence::is_expression(expression), "{expression}"));
}
