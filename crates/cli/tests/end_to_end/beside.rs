//! Images that others misread, each beside what syft and trivy say of it, of the versions that the tests install.

use crate::advisories::environment;
use crate::common::{ImageLayout, TestEnvironment};
use consign_oci::{Descriptor, Digest, media_type};
use consign_testkit::tools::peer;
use serde_json::{Value, json};
use std::path::PathBuf;

/// What syft says of a layout: its own list of packages, or why there is none. `None`: it is not here.
fn syft(environment: &TestEnvironment) -> Option<Result<Value, String>> {
    let source = format!("oci-dir:{}", environment.path("layout").display());
    let said = peer("syft")?.run_without_network(["scan", "--output", "syft-json", &source]);
    Some(said.map(|document| serde_json::from_str(&document).unwrap()).map_err(|error| error.to_string()))
}

/// What trivy says of it: a CycloneDX document, or why there is none. `None`: it is not here.
fn trivy(environment: &TestEnvironment, options: &[&str]) -> Option<Result<String, String>> {
    let usual = ["image", "--offline-scan", "--skip-db-update", "--skip-java-db-update", "--format", "cyclonedx"];
    let places = ["--cache-dir".into(), environment.path("trivy"), "--input".into(), environment.path("layout")];
    let options = usual.iter().chain(options).map(PathBuf::from).chain(places);
    Some(peer("trivy")?.run_without_network(options).map_err(|error| error.to_string()))
}

/// Returns whether an error of syft's says that it takes no layout of several images.
fn refuses_several(said: &str) -> bool {
    said.contains("unexpected number of OCI directory manifests") || said.contains("unexpected media type")
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
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    let tree = || environment.consign(&["sbom", "--output", "tree", "oci:layout"]).expect(0).stdout;
    let before = tree();
    attest_first(&environment);
    assert_eq!(tree(), before);
    if let Some(said) = syft(&environment) {
        let said = said.unwrap_err();
        assert!(refuses_several(&said), "{said}");
    }
    if let Some(said) = trivy(&environment, &[]) {
        assert!(!said.unwrap_or_default().contains("program@1.0-1"), "it lists packages");
    }
}

#[test]
fn the_platform_that_advisories_match_is_told_from_the_other() {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    let scan = environment.consign(&["scan", "--db", "advisories", "--output", "json", "oci:layout"]).expect(0).json();
    let found: Vec<&Value> = scan["advisories"].as_array().unwrap().iter().collect();
    assert_eq!(found.len(), 1, "{scan}");
    assert_eq!((&found[0]["advisory"], &found[0]["platforms"]), (&json!("CVE-2026-1"), &json!(["linux/arm64"])));
    // syft takes no such layout at all, and trivy its first platform, whichever it is asked for, even one that is not there.
    if let Some(said) = syft(&environment) {
        let said = said.unwrap_err();
        assert!(refuses_several(&said), "{said}");
    }
    for platform in ["linux/amd64", "linux/arm64", "linux/s390x"] {
        let Some(said) = trivy(&environment, &["--platform", platform]) else { break };
        let said = said.unwrap();
        assert!(said.contains("program@1.0-1") && !said.contains("libtool"), "{platform}: {said}");
    }
}

/// An image in which uv installed a package of Python, as it does: the file in the environment is another name of that in uv's cache. Whether the next
/// layer removes the cache is said.
fn installed_by_links(removes_cache: bool) -> TestEnvironment {
    let environment = TestEnvironment::new();
    let metadata = b"Metadata-Version: 2.1\nName: urllib3\nVersion: 2.0.7\n";
    let mut image = ImageLayout::new(&environment.path("layout"));
    image.layer(|layer| {
        // syft only searches folders that have entries of their own.
        for folder in [CACHED, INSTALLED] {
            let ends = folder.match_indices('/').map(|(end, _)| end).chain([folder.len()]);
            ends.for_each(|end| layer.folder(&folder[..end]));
        }
        layer.file(&format!("{CACHED}/METADATA"), metadata);
        layer.hard_link(&format!("{INSTALLED}/METADATA"), &format!("{CACHED}/METADATA"));
    });
    if removes_cache {
        image.layer(|layer| layer.file("root/.wh..cache", b""));
    }
    image.finish();
    environment
}

const CACHED: &str = "root/.cache/uv/archive-v0/abc/urllib3-2.0.7.dist-info";
const INSTALLED: &str = "app/urllib3-2.0.7.dist-info";

#[test]
fn a_hard_link_is_the_file_that_it_names() {
    for removes_cache in [false, true] {
        let environment = installed_by_links(removes_cache);
        let document = environment.consign(&["sbom", "--format", "cyclonedx-json", "oci:layout"]).expect(0).json();
        let components = document["components"].as_array().unwrap();
        assert_eq!(components.len(), 1, "{document}");
        let places = components[0]["evidence"]["occurrences"].as_array().unwrap();
        let places: Vec<&str> = places.iter().map(|place| place["location"].as_str().unwrap()).collect();
        let [installed, cached] = [INSTALLED, CACHED].map(|folder| format!("/{folder}/METADATA"));
        let all = if removes_cache { vec![installed.as_str()] } else { vec![installed.as_str(), &cached] };
        assert_eq!((&components[0]["purl"], &places), (&json!("pkg:pypi/urllib3@2.0.7"), &all));
        // syft and trivy know of the name in the cache alone, and of nothing once that is gone.
        let theirs = if removes_cache { Vec::new() } else { vec![cached.clone()] };
        if let Some(said) = syft(&environment) {
            let said = said.unwrap();
            let locations =
                said["artifacts"].as_array().unwrap().iter().flat_map(|found| found["locations"].as_array().unwrap());
            let paths: Vec<&str> = locations.map(|location| location["path"].as_str().unwrap()).collect();
            assert_eq!(paths, theirs);
        }
        if let Some(said) = trivy(&environment, &[]) {
            let said = said.unwrap();
            assert_eq!(said.contains("pkg:pypi/urllib3@2.0.7"), !removes_cache, "{said}");
            assert!(!said.contains(INSTALLED), "{said}");
        }
    }
}
