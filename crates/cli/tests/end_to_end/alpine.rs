//! Real images of Alpine, which are exactly as new as the last advisories about them.

use crate::common::TestEnvironment;
use consign_oci::Digest;
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

const DATABASE: &str = "lib/apk/db/installed";

/// Returns the folder of the real images; `None`, and says so, where they are not.
#[allow(clippy::print_stderr, reason = "who runs the tests should know")]
fn data() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let folder = std::env::var_os("CONSIGN_TEST_DATA").map_or_else(beside, PathBuf::from).join("alpine");
    if !folder.is_dir() {
        eprintln!("not run: real images of Alpine (no test data)");
        return None;
    }
    Some(folder)
}

type Files = Vec<(String, Vec<u8>)>;

/// Reads the files of a tar archive.
fn files(archive: impl Read) -> Files {
    let mut files = Vec::new();
    for entry in tar::Archive::new(archive).entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.header().entry_type().is_file() {
            let mut contents = Vec::new();
            entry.read_to_end(&mut contents).unwrap();
            files.push((entry.path().unwrap().to_string_lossy().into_owned(), contents));
        }
    }
    files
}

fn archive<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, contents) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(contents.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, contents).unwrap();
    }
    builder.into_inner().unwrap()
}

/// Writes a copy of an image in which the database lists another version of a package, and nothing else is changed.
fn with_version(original: &Path, package: &str, version: &str, copy: &Path) {
    let saved = files(flate2::read::GzDecoder::new(fs::File::open(original).unwrap()));
    let file = |name: &str| saved.iter().find(|(file, _)| file == name).map(|(_, contents)| &contents[..]).unwrap();
    let list: Value = serde_json::from_slice(file("manifest.json")).unwrap();
    let config = file(list[0]["Config"].as_str().unwrap());
    let layer = files(file(list[0]["Layers"][0].as_str().unwrap()));
    let lowered = |contents: &[u8]| {
        let text = String::from_utf8_lossy(contents);
        let paragraphs = text.split("\n\n").map(|paragraph| {
            let is_of_package = paragraph.lines().any(|line| line == format!("P:{package}"));
            let line = |line: &str| match line.strip_prefix("V:") {
                Some(_) if is_of_package => format!("V:{version}"),
                _ => line.to_owned(),
            };
            paragraph.split('\n').map(line).collect::<Vec<_>>().join("\n")
        });
        paragraphs.collect::<Vec<_>>().join("\n\n").into_bytes()
    };
    let layer: Files = layer
        .into_iter()
        .map(|(name, contents)| {
            if name == DATABASE {
                let lowered = lowered(&contents);
                (name, lowered)
            } else {
                (name, contents)
            }
        })
        .collect();
    let layer = archive(layer.iter().map(|(name, contents)| (name.as_str(), &contents[..])));
    let mut config: Value = serde_json::from_slice(config).unwrap();
    config["rootfs"]["diff_ids"] = json!([Digest::of(&layer).to_string()]);
    let list = json!([{"Config": "config.json", "RepoTags": ["alpine:copy"], "Layers": ["layer.tar"]}]);
    let (config, list) = (config.to_string(), list.to_string());
    let parts = [("config.json", config.as_bytes()), ("layer.tar", &layer), ("manifest.json", list.as_bytes())];
    fs::write(copy, archive(parts)).unwrap();
}

#[test]
fn are_clean_and_one_version_less_is_not() {
    let Some(data) = data() else { return };
    let environment = TestEnvironment::new();
    for (release, package, version, advisory) in
        [("3.10", "musl", "1.1.22-r2", "CVE-2019-14697"), ("3.11", "libcrypto1.1", "1.1.1d-r2", "CVE-2019-1551")]
    {
        let secdb =
            ["main", "community"].map(|part| data.join(format!("secdb-v{release}-{part}.yaml")).display().to_string());
        environment.consign(&["db", "build", &secdb[0], &secdb[1], "--to", "advisories.db"]).expect(0);
        let original = data.join(format!("alpine-{}.tar.gz", release.replace('.', "")));
        let scan = |reference: &str| {
            environment.consign(&["scan", "--db", "advisories.db", "--output", "json", reference]).expect(0).json()
        };
        let clean = scan(&format!("docker-archive:{}", original.display()));
        assert_eq!(clean["advisories"], json!([]), "{release}");
        let coverage = json!([{"ecosystem": format!("Alpine:v{release}"), "packages": 14, "covered": true}]);
        assert_eq!(clean["platforms"][0]["coverage"], coverage);
        assert!(clean["platforms"][0]["lifetime"]["ends"].as_str().unwrap() < "2022", "{clean}");

        with_version(&original, package, version, &environment.path("copy.tar"));
        let lowered = scan("docker-archive:copy.tar");
        let found: Vec<_> = lowered["advisories"]
            .as_array()
            .unwrap()
            .iter()
            .map(|found| (&found["advisory"], &found["installed"]))
            .collect();
        assert_eq!(found, [(&json!(advisory), &json!([package]))], "{release}");
    }
}

#[test]
fn are_listed() {
    let Some(data) = data() else { return };
    let environment = TestEnvironment::new();
    for (name, release) in [("alpine-310", "3.10.4"), ("alpine-311", "3.11.5")] {
        let reference = format!("docker-archive:{}", data.join(format!("{name}.tar.gz")).display());
        let document = environment.consign(&["sbom", &reference]).expect(0).json();
        let packages = document["packages"].as_array().unwrap().iter();
        let purls: Vec<&str> =
            packages.filter_map(|package| package["externalRefs"][0]["referenceLocator"].as_str()).collect();
        assert_eq!(purls.iter().filter(|purl| purl.starts_with("pkg:apk/alpine/")).count(), 14, "{name}");
        let end = format!("distro=alpine-{release}&upstream=openssl");
        assert!(purls.iter().any(|purl| purl.contains("libcrypto1.1@1.1.1d") && purl.ends_with(&end)), "{purls:?}");
    }
}
