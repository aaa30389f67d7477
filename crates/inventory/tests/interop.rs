//! What others make of the same image: the SPDX project's validator, and syft's list of packages.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{blob, file, folder, list, package};
use consign_inventory::{Catalogue, Described};
use consign_oci::layer::Entry;
use consign_oci::{Descriptor, Digest, ImageConfig, Index, Manifest, RootFilesystem, RuntimeConfig, media_type};
use consign_testkit::tools::{not_run, peer};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The packages of the machine where it is a Debian, since thousands of real paragraphs find more than a made-up one.
fn layer() -> Vec<Entry> {
    let made_up = || {
        not_run("the packages of this machine (no dpkg)");
        ["a", "libstdc++6"].map(|name| package(name, "1:2.0~rc1-3+b1")).concat()
    };
    let status = fs::read_to_string("/var/lib/dpkg/status").unwrap_or_else(|_| made_up());
    let release = fs::read_to_string("/etc/os-release").unwrap_or_else(|_| "ID=debian\nVERSION_ID=12\n".into());
    // syft only searches folders that have entries of their own.
    let mut entries = ["etc", "var", "var/lib", "var/lib/dpkg", "var/lib/dpkg/status.d"].map(folder).to_vec();
    entries.extend([
        file("etc/os-release", &release),
        file("var/lib/dpkg/status", &status),
        file("var/lib/dpkg/status.d/alone", &package("alone", "1:2.0~rc1-3+b1")),
        file("var/lib/dpkg/status.d/alone.md5sums", "d41d8cd98f00b204e9800998ecf8427e  usr/share/doc/alone\n"),
    ]);
    entries
}

fn document(catalogue: &Catalogue) -> String {
    let (digest, platform) = (Digest::of(b"manifest"), "linux/amd64".parse().unwrap());
    let described = Described {
        name: "ghcr.io/team/hello",
        repository: Some("ghcr.io/team/hello"),
        digest: &digest,
        platform: &platform,
        created: None,
        layers: &[],
        base: None,
    };
    catalogue.spdx(&described).unwrap().to_string()
}

#[test]
fn the_spdx_validator_accepts_the_document() {
    let Some(validator) = peer("pyspdxtools") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hello.spdx.json");
    fs::write(&path, document(&list(&[layer()]).unwrap())).unwrap();
    let arguments = ["--version".as_ref(), "SPDX-2.3".as_ref(), "--infile".as_ref(), path.as_os_str()];
    if let Err(error) = validator.run(arguments) {
        panic!("{error}");
    }
    fs::write(&path, document(&list(&[layer()]).unwrap()).replace("SPDXRef-Image", "Image")).unwrap();
    assert!(validator.run(arguments).is_err(), "it accepts anything");
}

#[test]
fn syft_finds_the_same_packages() {
    let Some(syft) = peer("syft") else { return };
    let folder = tempfile::tempdir().unwrap();
    write_layout(folder.path(), &layer());
    let source = format!("oci-dir:{}", folder.path().display());
    let output = match syft.run(["scan", "--quiet", "--output", "spdx-json", "--select-catalogers", "dpkg", &source]) {
        Ok(output) => output,
        Err(error) => panic!("{error}"),
    };
    let ours = document(&list(&[layer()]).unwrap());
    let (ours, theirs) = (purls(&ours), purls(&output));
    assert!(!ours.is_empty());
    assert_eq!(ours.symmetric_difference(&theirs).collect::<Vec<_>>(), Vec::<&PackageUrl>::new());
}

/// Name, version and parts of the package URL.
type PackageUrl = (String, String, Vec<String>);

/// Returns name, version and package URL of each Debian package in a document. Qualifiers may be in any order.
fn purls(document: &str) -> BTreeSet<PackageUrl> {
    let document: Value = serde_json::from_str(document).unwrap();
    let packages = document["packages"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parts = |purl: &str| {
        let mut parts: Vec<String> = purl.split(['?', '&']).map(str::to_owned).collect();
        parts[1..].sort();
        parts
    };
    let purl = |package: &Value| {
        package["externalRefs"]
            .as_array()?
            .iter()
            .map(|each| text(&each["referenceLocator"]))
            .find(|each| each.starts_with("pkg:deb/"))
    };
    packages
        .iter()
        .filter_map(|package| Some((text(&package["name"]), text(&package["versionInfo"]), parts(&purl(package)?))))
        .collect()
}

/// Writes an OCI image layout of one image with one layer.
fn write_layout(folder: &Path, entries: &[Entry]) {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let keep = |media_type: &str, bytes: &[u8]| {
        let descriptor = Descriptor::of(media_type, bytes);
        fs::write(blobs.join(descriptor.digest.hex()), bytes).unwrap();
        descriptor
    };
    let (gzip, tar) = blob(entries);
    let layer = keep(media_type::LAYER_GZIP, &gzip);
    let config = ImageConfig {
        created: None,
        author: None,
        platform: "linux/amd64".parse().unwrap(),
        config: RuntimeConfig::default(),
        rootfs: RootFilesystem::new(vec![Digest::of(&tar)]),
        history: Vec::new(),
    };
    let config = keep(media_type::CONFIG, &serde_json::to_vec(&config).unwrap());
    let manifest = keep(media_type::MANIFEST, &serde_json::to_vec(&Manifest::new(config, vec![layer])).unwrap());
    fs::write(folder.join("index.json"), serde_json::to_vec(&Index::new(vec![manifest])).unwrap()).unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
}
