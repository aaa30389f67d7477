//! `inspect` and `tree` of what strangers made, on machines that give nothing.

use crate::common::TestEnvironment;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;

/// Puts a document into the OCI layout in the folder `layout` and returns its descriptor.
fn put(environment: &TestEnvironment, media_type: &str, value: &Value) -> Value {
    let bytes = serde_json::to_vec(value).unwrap();
    let digest = consign_oci::Digest::of(&bytes);
    environment.write(&format!("layout/blobs/sha256/{}", digest.hex()), &bytes);
    json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
}

#[test]
fn looking_needs_no_store() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["release"]).expect(0);
    environment.consign(&["build", "--to", "oci-archive:hello.tar"]).expect(0);
    let _server = environment.serve();
    let reference = environment.reference("team/hello:latest");
    let home = environment.beside("no home").display().to_string();
    // Below a file nothing can be made, not even by root.
    let nowhere =
        || environment.invocation().variable("HOME", "/dev/null").variable("CONSIGN_STORE", "/dev/null/store");
    let homeless = || environment.invocation().variable("HOME", &home).without("CONSIGN_STORE");
    for arguments in [
        &["verify", "--key", "cosign.pub", &reference][..],
        &["inspect", &reference],
        &["tree", &reference],
        &["tree", "oci-archive:hello.tar"],
    ] {
        nowhere().run(arguments).expect(0);
        homeless().run(arguments).expect(0);
        homeless().variable("CONSIGN_STORE", "").run(arguments).expect(0);
        assert!(!environment.beside("no home").exists(), "{arguments:?}");
    }
    let run = nowhere().run(&["inspect", "store:hello"]);
    assert!(run.expect(1).stderr.contains("/dev/null/store"));
}

/// Puts an OCI layout into the folder `layout`: one image, with something about it, and texts that a terminal would act on.
fn hostile_layout(environment: &TestEnvironment, media_type: &str) {
    let put = |media_type: &str, value: &Value| put(environment, media_type, value);
    let manifest = "application/vnd.oci.image.manifest.v1+json";
    let empty = put("application/vnd.oci.empty.v1+json", &json!({}));
    let note = "\u{1b}[2J\u{9b}31m\u{7f}\u{202e}note\nnext";
    let mut image = json!({"schemaVersion": 2, "mediaType": media_type, "config": empty, "layers": []});
    image["annotations"] = json!({ "note": note });
    let image = put(manifest, &image);
    let about = json!({"schemaVersion": 2, "mediaType": manifest, "artifactType": note.repeat(100),
        "config": empty, "layers": [], "subject": image});
    let about = put(manifest, &about);
    environment.write("layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    let index = json!({"schemaVersion": 2, "manifests": [image, about]});
    environment.write("layout/index.json", serde_json::to_vec(&index).unwrap());
}

#[test]
fn a_terminal_is_not_driven_by_strangers() {
    let environment = TestEnvironment::new();
    hostile_layout(&environment, "application/vnd.oci.image.manifest.v1+json");
    let acts = |text: &str| text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}');
    for arguments in
        [&["tree", "oci:layout"][..], &["tree", "oci:layout", "--output", "json"], &["inspect", "oci:layout"]]
    {
        let run = environment.consign(arguments).expect(0);
        assert!(!acts(&run.stdout) && !acts(&run.stderr), "{run}");
    }
    assert!(environment.consign(&["tree", "oci:layout"]).stdout.lines().all(|line| line.chars().count() < 200));
    let annotations = environment.consign(&["inspect", "oci:layout"]).json()["annotations"].clone();
    assert_eq!(annotations["note"], "\u{1b}[2J\u{9b}31m\u{7f}\u{202e}note\nnext");

    hostile_layout(&environment, "text/\u{1b}[2J\u{9b}31m");
    let run = environment.consign(&["inspect", "oci:layout"]).expect(1);
    assert!(run.stderr.contains("but the document says") && !acts(&run.stderr), "{}", run.stderr);
}

#[test]
fn a_tree_shows_what_is_left_of_an_image() {
    let environment = TestEnvironment::with_image();
    let report = environment.consign(&["release", "--output", "json"]).expect(0).json();
    let manifest = report["images"][0]["rows"][0]["digest"].as_str().unwrap().replace(':', "/");
    let link = format!("registry/repositories/team/hello/_manifests/{manifest}");
    fs::remove_file(environment.path(&link)).unwrap();
    let _server = environment.serve();
    assert_snapshot!(environment.consign(&["tree", &environment.reference("team/hello:latest")]), @"
    status 0
    --- stdout
    localhost:PORT1/team/hello:latest  sha256:000000000001
    ├── release record                 sha256:000000000002
    ├── signature                      sha256:000000000003
    ├── linux/amd64                    sha256:000000000004
    │   ├── provenance                 sha256:000000000005
    │   ├── sbom                       sha256:000000000006
    │   └── signature                  sha256:000000000007
    └── linux/arm64                    sha256:000000000008  636 B
        ├── provenance                 sha256:000000000009
        ├── sbom                       sha256:000000000010
        └── signature                  sha256:000000000011
    --- stderr
    note: linux/amd64: localhost:PORT1/team/hello has no sha256:000000000004…
    ");
}

#[test]
fn a_tree_is_bounded() {
    let environment = TestEnvironment::new();
    let (manifest, index) = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json");
    let put = |media_type: &str, value: &Value| put(&environment, media_type, value);
    let layer = |text: &str| {
        let digest = consign_oci::Digest::of(text.as_bytes());
        json!({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": u64::MAX})
    };
    let image = json!({"schemaVersion": 2, "config": layer("config"), "layers": [layer("one"), layer("other")]});
    let image = put(manifest, &image);
    let list = put(index, &json!({"schemaVersion": 2, "manifests": vec![image; 300]}));
    environment.write("layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    let layout = json!({"schemaVersion": 2, "manifests": [list]});
    environment.write("layout/index.json", serde_json::to_vec(&layout).unwrap());
    let run = environment.consign(&["tree", "oci:layout"]).expect(0);
    assert_eq!(run.stdout.lines().count(), 1 + 256);
    assert_eq!(run.stdout.lines().filter(|line| line.ends_with("  18.4 EB")).count(), 256);
    assert_eq!(run.stderr, "note: 44 more entries of the index are not shown\n");
}
