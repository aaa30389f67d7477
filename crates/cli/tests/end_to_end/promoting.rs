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
