//! Real images of Alpine, and what its security database says about them.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod common;

use common::{claim, findings, read, scanned};
use consign_scan::Database;
use std::io::Read;
use std::path::{Path, PathBuf};

fn data() -> Option<PathBuf> {
    let data = std::env::var_os("CONSIGN_TEST_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")), PathBuf::from);
    let found = data.join("alpine").is_dir();
    if !found {
        eprintln!("not run: images of Alpine");
    }
    found.then(|| data.join("alpine"))
}

/// Returns the package URLs of what an image's package database lists.
fn purls(image: &Path, release: &str) -> Vec<String> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(image).unwrap()));
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        if !entry.path().unwrap().ends_with("layer.tar") {
            continue;
        }
        let mut layer = tar::Archive::new(entry);
        for file in layer.entries().unwrap() {
            let mut file = file.unwrap();
            if file.path().unwrap().ends_with("lib/apk/db/installed") {
                let mut text = String::new();
                file.read_to_string(&mut text).unwrap();
                return text.split("\n\n").filter_map(|package| purl(package, release)).collect();
            }
        }
    }
    Vec::new()
}

fn purl(package: &str, release: &str) -> Option<String> {
    let value = |key: &str| package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    let (name, version, origin) = (value("P")?, value("V")?, value("o")?);
    let version = version.replace('+', "%2B");
    Some(format!("pkg:apk/alpine/{name}@{version}?arch=x86_64&distro=alpine-{release}&upstream={origin}"))
}

fn database(data: &Path, branch: &str) -> Database {
    read(["main", "community"].map(|part| data.join(format!("secdb-{branch}-{part}.yaml")))).unwrap()
}

fn said(database: &Database, purls: &[String]) -> Vec<String> {
    let purls: Vec<&str> = purls.iter().map(String::as_str).collect();
    let found = findings(database, &purls);
    let text = |finding: &consign_receipt::Finding| {
        let fixed = finding.fixed.as_deref().unwrap_or("-");
        format!(
            "{} {}: {} until {fixed} [{}]",
            finding.package,
            finding.version,
            finding.advisory,
            finding.installed.join(" ")
        )
    };
    found.iter().map(text).collect()
}

#[test]
fn real_images_are_clean_and_a_lower_version_is_not() {
    let Some(data) = data() else { return };
    let cases = [
        ("alpine-310.tar.gz", "3.10.4", "v3.10", "musl-1.1.22", "CVE-2019-14697"),
        ("alpine-311.tar.gz", "3.11.5", "v3.11", "openssl-1.1.1d", "CVE-2019-1551"),
    ];
    for (image, release, branch, lowered, advisory) in cases {
        let database = database(&data, branch);
        let purls = purls(&data.join(image), release);
        assert_eq!(purls.len(), 14, "{image}");
        assert_eq!(said(&database, &purls), [""; 0], "{image}");
        let texts: Vec<&str> = purls.iter().map(String::as_str).collect();
        let coverage = claim(&scanned(&database, &texts)).coverage;
        let covered: Vec<_> =
            coverage.iter().map(|part| (part.ecosystem.as_str(), part.packages, part.covered)).collect();
        assert_eq!(covered, [(format!("Alpine:{branch}").as_str(), 14, true)]);
        // The version before the one that fixes it.
        let (origin, version) = lowered.rsplit_once('-').unwrap();
        let is_of = |purl: &&String| purl.ends_with(&format!("upstream={origin}"));
        let fixed = purls.iter().find(is_of).unwrap().split_once('@').unwrap().1.split_once('?').unwrap().0.to_owned();
        let (number, revision) = fixed.rsplit_once("-r").unwrap();
        assert_eq!(number, version);
        let before = format!("{version}-r{}", revision.parse::<u32>().unwrap() - 1);
        let lower: Vec<String> =
            purls
                .iter()
                .map(|purl| {
                    if is_of(&purl) {
                        purl.replace(&format!("@{fixed}?"), &format!("@{before}?"))
                    } else {
                        purl.clone()
                    }
                })
                .collect();
        let found = said(&database, &lower);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(&format!("{origin} {before}: {advisory} until {fixed} [")), "{found:?}");
        // Another branch says nothing about this one.
        let other = if branch == "v3.10" { "v3.11" } else { "v3.10" };
        let coverage = claim(&scanned(&self::database(&data, other), &texts)).coverage;
        assert!(coverage.iter().all(|part| !part.covered), "{coverage:?}");
    }
}

#[test]
fn every_fix_of_the_security_databases_is_kept() {
    let Some(data) = data() else { return };
    for (part, fixes) in [("v3.10-main", "secfixes"), ("v3.11-main", "secfixes"), ("v3.11-community", "secfixes")] {
        let path = data.join(format!("secdb-{part}.yaml"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(fixes));
        // Each line that lists a name under a version is one or several advisories.
        let lines = text.lines().skip_while(|line| !line.starts_with("packages:"));
        let lines = lines.map(str::trim).filter(|line| line.starts_with("- ") && !line.starts_with("- pkg")).count();
        let database = read([&path]).unwrap();
        assert!(
            (lines * 95 / 100..=lines * 105 / 100).contains(&database.records()),
            "{part}: {lines} {}",
            database.records()
        );
    }
}
