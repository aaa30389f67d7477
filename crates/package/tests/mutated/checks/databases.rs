//! Databases of apk's and rpm's, and lists of packages that others made.

use super::names::is_url;
use consign_package::{apk, rpm, sbom};

/// How a log of SQLite's begins, but for its last byte, which says how its numbers are written.
const LOG: &[u8] = b"\x37\x7f\x06";

/// Packages of apk's are read or refused: what is kept stands in the bytes, and an error names one of their lines.
pub(crate) fn of_apk(bytes: &[u8]) {
    let packages = match apk::installed::parse(bytes) {
        Ok(packages) => packages,
        Err(error) => {
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
            return assert!((1..=lines).contains(&error.line), "{error} of {lines}");
        }
    };
    let files = || packages.iter().flat_map(|package| &package.folders).flat_map(|folder| &folder.files);
    let names: usize = packages.iter().map(|package| package.name.len() + package.version.len()).sum();
    let names = names + files().map(|(name, _)| name.len()).sum::<usize>();
    // What is no UTF-8 becomes a sign of three bytes.
    assert!(names <= 3 * bytes.len(), "{names} of {}", bytes.len());
    for package in &packages {
        assert!(!package.name.is_empty() && !package.version.is_empty(), "{package:?}");
        is_url(&package.purl("alpine", Some("3.20")).to_string());
    }
}

/// Packages of rpm's are read or refused. A log of SQLite's may stand behind the database. No two packages are the same bytes.
pub(crate) fn of_rpm(bytes: &[u8]) {
    let log = bytes.windows(LOG.len()).position(|window| window == LOG);
    let (database, log) = bytes.split_at(log.unwrap_or(bytes.len()));
    let Ok(packages) = rpm::read(database, (!log.is_empty()).then_some(log)) else { return };
    assert!(16 * packages.len() <= bytes.len(), "{} packages of {} bytes", packages.len(), bytes.len());
    for package in &packages {
        assert!(package.files.iter().count() == package.files.len(), "a file is in no folder");
        assert!(package.files.len() <= bytes.len(), "{} files of {} bytes", package.files.len(), bytes.len());
        if !package.name.is_empty() {
            is_url(&package.purl("fedora", Some("40")).to_string());
        }
    }
}

/// An SBOM is read or refused, with or without the mark at its start that says it is Unicode. What it names is there.
pub(crate) fn sbom(bytes: &[u8]) {
    let Ok(found) = sbom::read(bytes) else { return };
    let marked = sbom::read(&[b"\xef\xbb\xbf", bytes].concat());
    assert!(bytes.starts_with(b"\xef\xbb\xbf") || marked.is_ok_and(|marked| marked == found));
    assert!(found.packages.len() <= bytes.len() && found.owned.len() <= bytes.len());
    assert!(found.packages.iter().all(|package| !package.name.is_empty()));
    assert!(found.owned.iter().all(|(whole, part)| *whole < found.packages.len() && *part < found.packages.len()));
    let digest = found.described.and_then(|described| described.digest);
    assert!(digest.is_none_or(|digest| digest.len() == "sha256:".len() + 64));
}
