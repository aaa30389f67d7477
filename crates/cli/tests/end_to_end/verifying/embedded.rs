//! What BuildKit puts into an index, told for each platform of a signed image.

use super::World;
use consign_oci::Digest;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;

/// Puts a document among the blobs of the layout and returns its descriptor.
fn put(world: &World, media_type: &str, document: &Value) -> Value {
    let text = document.to_string();
    let digest = Digest::of(text.as_bytes());
    world.environment.write(&format!("built/blobs/sha256/{}", digest.hex()), &text);
    json!({"mediaType": media_type, "digest": digest, "size": text.len()})
}

/// Makes an image as BuildKit does, with statements about the first platform in its index, and signs it.
fn built() -> World {
    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    let world = World::new(true);
    let raw = world.run(&["inspect", "--raw", "oci:built:1"]).expect(0).stdout;
    let mut index: Value = serde_json::from_str(&raw).unwrap();
    let image = index["manifests"][0]["digest"].as_str().unwrap().to_owned();
    let documents = [
        ("https://spdx.dev/Document", json!({"spdxVersion": "SPDX-2.3", "packages": [{}, {}, {}]})),
        (
            "https://slsa.dev/provenance/v0.2",
            json!({
                "builder": {"id": "https://github.com/team/app/actions/runs/1"},
                "metadata": {"buildStartedOn": "2026-01-02T03:04:05Z", "buildFinishedOn": "2026-01-02T03:05:05Z"},
                "materials": [{"uri": "pkg:docker/debian@12?platform=linux%2Famd64"}],
            }),
        ),
    ];
    let layers = documents.map(|(predicate_type, predicate)| {
        let subject = json!([{"name": "_", "digest": {"sha256": image.strip_prefix("sha256:").unwrap()}}]);
        let kind = "https://in-toto.io/Statement/v0.1";
        let statement =
            json!({"_type": kind, "subject": subject, "predicateType": predicate_type, "predicate": predicate});
        let mut layer = put(&world, "application/vnd.in-toto+json", &statement);
        layer["annotations"] = json!({"in-toto.io/predicate-type": predicate_type});
        layer
    });
    let config =
        put(&world, "application/vnd.oci.image.config.v1+json", &json!({"architecture": "unknown", "os": "unknown"}));
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
    let mut entry = put(&world, MANIFEST, &manifest);
    entry["platform"] = json!({"architecture": "unknown", "os": "unknown"});
    entry["annotations"] =
        json!({"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image});
    index["manifests"].as_array_mut().unwrap().push(entry);
    let mut root = put(&world, INDEX, &index);
    root["annotations"] = json!({"org.opencontainers.image.ref.name": "1"});
    let list = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [root]});
    fs::write(world.environment.path("built/index.json"), list.to_string()).unwrap();
    world.run(&["copy", "oci:built:1", &world.image()]).expect(0);
    world.on(&["sign", "--key", "cosign.key"]).expect(0);
    world
}

#[test]
fn it_is_told_and_marked() {
    let world = built();
    let verified = world.verify(&[]).expect(0);
    assert_snapshot!(verified.to_string().replace(&world.registry.host(), "HOST"), @"
    status 0
    --- stdout
    MANIFEST     SIGNED     DIGEST
    index        signature  sha256:000000000001…
    linux/amd64  signature  sha256:000000000002…
    linux/arm64  signature  sha256:000000000003…

    linux/amd64: SPDX-2.3, 3 packages (in the index); built by https://github.com/team/app/actions/runs/1 from 2026-01-02T03:04:05Z to 2026-01-02T03:05:05Z (in the index); on pkg:docker/debian@12?platform=linux%2Famd64 (in the index)
    signed by key sha256:000000000004…
    verified  HOST/team/plain:1, 12 checks
    --- stderr
    note: no release record says that `1` is to name this image: whoever may write tags can make it name any image that was ever signed
    ");
    let json = world.verify(&["--output", "json"]).expect(0).json();
    let embedded = &json["manifests"][1]["embedded"];
    assert_eq!(embedded[0]["predicateType"], "https://spdx.dev/Document");
    assert_eq!(embedded[0]["facts"], json!(["SPDX-2.3, 3 packages"]));
    assert_eq!(json["manifests"][1]["facts"], json!([]));
    // What somebody signed goes before it.
    world.attest("spdxjson", Some("linux/amd64"), &json!({"spdxVersion": "SPDX-2.3", "packages": [{}]}));
    let told = world.verify(&[]).expect(0).stdout;
    let line = told.lines().find(|line| line.starts_with("linux/amd64: ")).unwrap();
    assert!(line.starts_with("linux/amd64: SPDX-2.3, 1 package; built by https://github.com/team"), "{line}");
}

#[test]
fn it_is_seen_and_downloaded() {
    let world = built();
    let tree = world.on(&["tree", "--output", "json"]).expect(0).json();
    let children = tree["children"].as_array().unwrap();
    let entry = children.iter().find(|child| child["label"] == "unknown/unknown").unwrap();
    let labels: Vec<&str> =
        entry["children"].as_array().unwrap().iter().filter_map(|child| child["label"].as_str()).collect();
    assert_eq!(labels, ["sbom", "https://slsa.dev/provenance/v0.2"]);
    let sbom = world.on(&["download", "sbom", "--platform", "linux/amd64"]).expect(0).json();
    assert_eq!(sbom["packages"].as_array().unwrap().len(), 3);
    let attestations = world.on(&["download", "attestation", "--platform", "linux/amd64"]).expect(0).stdout;
    assert_eq!(attestations.lines().count(), 2);
}
