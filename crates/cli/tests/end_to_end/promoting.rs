//! `promote`.

use crate::common::{Destination, TestEnvironment};
use insta::assert_snapshot;

#[test]
fn what_was_verified_arrives_with_its_signatures() {
    let environment = TestEnvironment::with_image();
    let report = environment.consign(&["release", "--output", "json"]).expect(0).json();
    let digest = report["images"][0]["index"].as_str().unwrap();
    let _server = environment.serve();
    let source = environment.reference("team/hello:latest");
    let production = Destination::start();
    let to = format!("{}/prod/hello", production.host());
    environment.consign(&["promote", "--key", "cosign.pub", "--dry-run", &source, &to]).expect(0);
    assert_eq!(production.writes(), 0);
    let promoted = environment.consign(&["promote", "--key", "cosign.pub", &source, &to]).expect(0);
    assert_eq!(promoted.stdout, format!("{digest}\n"));
    assert_eq!(production.tags_written(), ["prod/hello:latest"]);
    environment.consign(&["verify", "--key", "cosign.pub", &format!("{to}@{digest}")]).expect(0);
    // By digest, to a tag of its own.
    let by_digest = environment.reference(&format!("team/hello@{digest}"));
    let again = environment.consign(&["promote", "--key", "cosign.pub", &by_digest, &format!("{to}:stable")]).expect(0);
    assert_eq!(again.stdout, format!("{digest}\n"));
}

#[test]
fn what_does_not_verify_is_not_copied() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["release"]).expect(0);
    environment.consign(&["keygen", "--output-key-prefix", "other"]).expect(0);
    let _server = environment.serve();
    let source = environment.reference("team/hello:latest");
    let production = Destination::start();
    let to = format!("{}/prod/hello", production.host());
    let promote = |arguments: &[&str]| environment.consign(&[&["promote"], arguments].concat());
    promote(&["--key", "other.pub", &source, &to]).expect(13);
    // A tag that the release record does not name.
    environment.consign(&["tag", &source, "unrecorded"]).expect(0);
    promote(&["--key", "cosign.pub", &environment.reference("team/hello:unrecorded"), &to]).expect(12);
    promote(&["--key", "cosign.pub", &environment.reference("team/absent:1"), &to]).expect(14);
    let by_digest = environment.reference(&format!("team/hello@{}", consign_oci::Digest::of(b"")));
    assert_snapshot!(promote(&["--key", "cosign.pub", &by_digest, "prod.example/hello"]), @"
    status 2
    --- stderr
    error: localhost:PORT1/team/hello@sha256:000000000001… has no tag for DST to take over: write one
    ");
    assert_eq!(production.writes(), 0);
}

#[test]
fn a_statement_says_where_a_promoted_image_comes_from() {
    let environment = TestEnvironment::with_image();
    let report = environment.consign(&["release", "--output", "json"]).expect(0).json();
    let digest = report["images"][0]["index"].as_str().unwrap().to_owned();
    let _server = environment.serve();
    let source = environment.reference("team/hello:latest");
    let production = Destination::start();
    let to = format!("{}/prod/hello", production.host());
    let promote = |arguments: &[&str]| environment.consign(&[&["promote", "--statement"], arguments].concat());
    // The key is looked at before anything else.
    promote(&["--key", "cosign.pub", "--sign-key", "absent.key", &source, &to]).expect(1);
    promote(&["--key", "cosign.pub", "--sign-key", "cosign.pub", &source, &to]).expect(1);
    promote(&["--key", "cosign.pub", "--dry-run", &source, &to]).expect(0);
    assert_eq!(production.writes(), 0);

    let promoted = promote(&["--key", "cosign.pub", &source, &to]).expect(0);
    assert_eq!(promoted.stdout, format!("{digest}\n"));
    assert_eq!(production.tags_written().last().unwrap(), "prod/hello:latest");
    let by_digest = format!("{to}@{digest}");
    let verified = environment.consign(&["verify", "--key", "cosign.pub", &by_digest]).expect(0).stdout;
    assert!(verified.contains("copy record, release record, signature"), "{verified}");
    let tree = environment.consign(&["tree", &by_digest]).expect(0).stdout;
    assert!(tree.contains("copy record"), "{tree}");
    // What was verified goes on with its statements, and where it is already nothing is stated again.
    production.forget();
    promote(&["--key", "cosign.pub", &source, &to]).expect(0);
    assert_eq!(production.writes(), 0);

    // Another's statement is another's: it changes nothing for those who trust the first.
    environment.consign(&["keygen", "--output-key-prefix", "other"]).expect(0);
    let stable = format!("{to}:stable");
    promote(&["--key", "cosign.pub", "--sign-key", "other.key", &source, &stable]).expect(0);
    environment.consign(&["verify", "--key", "cosign.pub", &by_digest]).expect(0);
    let tree = environment.consign(&["tree", &by_digest]).expect(0).stdout;
    assert_eq!(tree.matches("copy record").count(), 2, "{tree}");
}

#[test]
fn a_signature_that_names_its_repository_is_spoken_of() {
    let environment = TestEnvironment::with_image();
    let report = environment.consign(&["release", "--output", "json"]).expect(0).json();
    let digest = report["images"][0]["index"].as_str().unwrap().to_owned();
    let _server = environment.serve();
    let source = environment.reference("team/hello:latest");
    // What cosign wrote before it had bundles.
    let payload = format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"ghcr.io/team/hello"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}},"optional":null}}"#
    );
    let blob = |text: &str| {
        let digest = consign_oci::Digest::of(text.as_bytes());
        environment.write(&format!("layout/blobs/sha256/{}", digest.hex()), text);
        format!("\"digest\":\"{digest}\",\"size\":{}", text.len())
    };
    let config = blob("{}");
    let layer = blob(&payload);
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json",{config}}},"layers":[{{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json",{layer}}}]}}"#
    );
    let manifest = blob(&manifest);
    environment.write("layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    environment.write("layout/index.json", format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json",{manifest}}}]}}"#
    ));
    let tag = environment.reference(&format!("team/hello:{}.sig", digest.replace(':', "-")));
    environment.consign(&["copy", "oci:layout", &tag]).expect(0);
    let production = Destination::start();
    let to = format!("{}/prod/hello", production.host());
    let promoted = environment.consign(&["promote", "--key", "cosign.pub", &source, &to]).expect(0);
    let expected = format!(
        r#""signedIdentity": {{"type": "remapIdentity", "prefix": "{to}", "signedPrefix": "ghcr.io/team/hello"}}"#
    );
    assert!(promoted.stderr.contains(&expected), "{}", promoted.stderr);
}
