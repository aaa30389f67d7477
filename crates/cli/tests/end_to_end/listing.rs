//! What is in images is listed: of every platform, wherever they lie, as documents that others read.

use crate::advisories::environment;
use crate::common::TestEnvironment;
use consign_oci::{Descriptor, Digest, media_type};
use consign_testkit::tools::peer;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// An image of two platforms in a layout; on arm64 it has a package more.
fn layout() -> TestEnvironment {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    environment
}

fn names(document: &Value) -> Vec<&str> {
    let packages = document["packages"].as_array().unwrap().iter();
    let names = packages.filter(|package| package.get("primaryPackagePurpose").is_none());
    names.map(|package| package["name"].as_str().unwrap()).collect()
}

#[test]
fn every_platform_is_listed() {
    let environment = layout();
    assert_snapshot!(environment.consign(&["sbom", "--output", "tree", "oci:layout"]), @"
    status 0
    --- stdout
    oci:layout
    ├── linux/amd64               sha256:000000000001
    │   ├── debian 12
    │   └── deb: 2
    │       ├── base-files 12
    │       └── program 1.0-1
    └── linux/arm64               sha256:000000000002
        ├── debian 12
        └── deb: 3
            ├── base-files 12
            ├── libtool 1.9-1+b1
            └── program 1.0-1
    ");
    let index = environment.consign(&["sbom", "oci:layout"]).expect(0).json();
    assert_eq!(names(&index), ["base-files", "program", "base-files", "libtool", "program"]);
    let arm64 = environment.consign(&["sbom", "--platform", "linux/arm64", "oci:layout"]).expect(0).json();
    assert_eq!(names(&arm64), ["base-files", "libtool", "program"]);
    let source_info = "built from the source package tool 1.9-1; found in /var/lib/dpkg/status (layer 1 of 1, sha256:";
    let libtool = &arm64["packages"][3];
    assert!(libtool["sourceInfo"].as_str().unwrap().starts_with(source_info), "{libtool}");
    let absent = environment.consign(&["sbom", "--platform", "linux/s390x", "oci:layout"]).expect(1);
    assert!(absent.error().contains("linux/amd64, linux/arm64"), "{}", absent.error());
    environment.consign(&["sbom", "--output", "sarif", "oci:layout"]).expect(2);
    environment.consign(&["scan", "--output", "tree", "--db", "advisories", "oci:layout"]).expect(2);
}

#[test]
fn the_same_image_gives_the_same_bytes() {
    let environment = layout();
    for format in ["spdx-json", "cyclonedx-json"] {
        let list = |store: &str| {
            let run = environment.invocation().store(store).run(&["sbom", "--format", format, "oci:layout"]);
            run.expect(0).stdout
        };
        let first = list("store");
        // What was kept, and what another machine finds.
        assert_eq!(list("store"), first, "{format}");
        assert_eq!(list("other"), first, "{format}");
        assert_eq!(environment.consign(&["sbom", "--output", format, "oci:layout"]).expect(0).stdout, first);
    }
}

#[test]
fn there_is_a_document_for_each_platform_and_one_for_the_index() {
    let environment = layout();
    for (format, end) in [("spdx-json", "spdx.json"), ("cyclonedx-json", "cdx.json")] {
        environment.consign(&["sbom", "--format", format, "--to", "sboms", "oci:layout"]).expect(0);
        for (name, arguments) in [("index", &[][..]), ("linux-arm64", &["--platform", "linux/arm64"])] {
            let whole = [&["sbom", "--format", format, "oci:layout"], arguments].concat();
            let expected = environment.consign(&whole).expect(0).stdout;
            assert_eq!(environment.read(&format!("sboms/{name}.{end}")), expected, "{name}");
        }
    }
    assert_eq!(fs::read_dir(environment.path("sboms")).unwrap().count(), 6);
}

#[test]
fn judges_accept_the_documents() {
    let environment = layout();
    environment.consign(&["sbom", "--to", "sboms", "oci:layout"]).expect(0);
    environment.consign(&["sbom", "--format", "cyclonedx-json", "--to", "sboms", "oci:layout"]).expect(0);
    for name in ["index", "linux-amd64", "linux-arm64"] {
        let path = |end: &str| environment.path(&format!("sboms/{name}.{end}"));
        if let Some(validator) = peer("pyspdxtools") {
            let arguments = [
                "--version".as_ref(),
                "SPDX-2.3".as_ref(),
                "--infile".as_ref(),
                path("spdx.json").into_os_string().as_os_str(),
            ]
            .map(ToOwned::to_owned);
            validator.run(arguments).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        if let Some(validator) = peer("cyclonedx-validate") {
            validator.run([path("cdx.json")]).unwrap_or_else(|error| panic!("{name}: {error}"));
            let spoilt = environment.read(&format!("sboms/{name}.cdx.json")).replace("\"library\"", "\"book\"");
            environment.write("spoilt.json", spoilt);
            assert!(validator.run([environment.path("spoilt.json")]).is_err(), "it accepts anything");
        }
    }
}

/// Puts an attestation before the platforms of the image in the layout, as an index may have it.
fn attest_first(environment: &TestEnvironment) {
    let blob = |bytes: &[u8]| {
        let digest = Digest::of(bytes);
        environment.write(&format!("layout/blobs/sha256/{}", digest.hex()), bytes);
        (digest, bytes.len() as u64)
    };
    let descriptor = |media_type: &str, bytes: &[u8]| {
        let (digest, size) = blob(bytes);
        serde_json::to_value(Descriptor::new(media_type, digest, size)).unwrap()
    };
    let mut list: Value = serde_json::from_str(&environment.read("layout/index.json")).unwrap();
    let root = list["manifests"][0]["digest"].as_str().unwrap().replace("sha256:", "layout/blobs/sha256/");
    let mut index: Value = serde_json::from_str(&environment.read(&root)).unwrap();
    let config = descriptor(
        media_type::CONFIG,
        br#"{"architecture":"unknown","os":"unknown","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"#,
    );
    let layer = descriptor("application/vnd.in-toto+json", br#"{"_type":"https://in-toto.io/Statement/v0.1"}"#);
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type::MANIFEST, "config": config, "layers": [layer]});
    let mut attestation = descriptor(media_type::MANIFEST, manifest.to_string().as_bytes());
    attestation["platform"] = json!({"architecture": "unknown", "os": "unknown"});
    attestation["annotations"] = json!({
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": index["manifests"][0]["digest"],
    });
    index["manifests"].as_array_mut().unwrap().insert(0, attestation);
    let root = descriptor(media_type::INDEX, index.to_string().as_bytes());
    list["manifests"][0]["digest"] = root["digest"].clone();
    list["manifests"][0]["size"] = root["size"].clone();
    environment.write("layout/index.json", list.to_string());
}

#[test]
fn an_attestation_that_comes_first_is_no_platform() {
    let environment = layout();
    let tree = || environment.consign(&["sbom", "--output", "tree", "oci:layout"]).expect(0).stdout;
    let before = tree();
    attest_first(&environment);
    assert_eq!(tree(), before);
    // syft and trivy, of the versions that the tests install, find no package in such a layout.
    let layout = environment.path("layout");
    if let Some(syft) = peer("syft") {
        let said = syft.run([format!("oci-dir:{}", layout.display())]).unwrap_err().to_string();
        assert!(
            said.contains("unexpected number of OCI directory manifests") || said.contains("unexpected media type"),
            "{said}"
        );
    }
    if let Some(trivy) = peer("trivy") {
        let cache = environment.path("trivy");
        let options = ["image", "--offline-scan", "--skip-db-update", "--skip-java-db-update", "--format", "cyclonedx"];
        let options = options.map(PathBuf::from).into_iter();
        let options = options.chain(["--cache-dir".into(), cache, "--input".into(), layout]);
        let listed = trivy.run(options).unwrap_or_default();
        assert!(!listed.contains("pkg:deb/"), "{listed}");
    }
}
