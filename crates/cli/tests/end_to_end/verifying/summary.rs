//! What others get who leave verifying to somebody whom they trust.

use super::World;
use consign_oci::Digest;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Verifies and returns the summary, which has all that its specification asks for and nothing else (SLSA v1.1, `verification_summary.md`).
fn summary(world: &World, status: i32, arguments: &[&str]) -> Value {
    let _ = std::fs::remove_file(world.environment.path("summary.json"));
    world.verify(&[&["--summary", "summary.json"], arguments].concat()).expect(status);
    let statement: Value = serde_json::from_str(&world.environment.read("summary.json")).unwrap();
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://slsa.dev/verification_summary/v1");
    let subjects = statement["subject"].as_array().unwrap();
    assert_eq!(subjects.len(), 1);
    assert_eq!(subjects[0]["digest"], json!({"sha256": world.digests()[0].hex()}));
    let summary = statement["predicate"].clone();
    let keys: BTreeSet<&str> = summary.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = BTreeSet::from([
        "verifier",
        "timeVerified",
        "resourceUri",
        "policy",
        "inputAttestations",
        "verificationResult",
        "verifiedLevels",
        "slsaVersion",
    ]);
    if status != 0 {
        expected.remove("inputAttestations");
    }
    assert_eq!(keys, expected);
    let time: Timestamp = summary["timeVerified"].as_str().unwrap().parse().unwrap();
    assert!(time > Timestamp::now() - 1.hour() && time < Timestamp::now() + 1.minute());
    assert_eq!(summary["resourceUri"], format!("oci://{}", world.image()));
    summary
}

#[test]
fn it_says_what_was_asked_for_and_what_came_of_it() {
    let world = World::new(true);
    let unsigned = summary(&world, 13, &[]);
    assert_eq!(unsigned["verificationResult"], "FAILED");
    assert_eq!(unsigned["verifiedLevels"], json!(["FAILED"]));
    world.sign("bundle");
    let signed = summary(&world, 0, &[]);
    assert_eq!(signed["verificationResult"], "PASSED");
    assert_eq!(signed["verifiedLevels"], json!(["SLSA_BUILD_LEVEL_UNEVALUATED"]));
    assert_eq!(signed["policy"], json!({"uri": "https://consign.dev/policy/default"}));
    assert_eq!(signed["verifier"]["id"], "https://consign.dev/verifier");
    assert_eq!(signed["inputAttestations"].as_array().unwrap().len(), 3);

    world.environment.write("policy.yaml", "policy:\n  require: [provenance]\n");
    let policy = Digest::of(b"policy:\n  require: [provenance]\n");
    let asked = ["--policy", "policy.yaml", "--verifier-id", "https://example.com/verifier"];
    let refused = summary(&world, 11, &asked);
    assert_eq!(refused["verificationResult"], "FAILED");
    assert_eq!(refused["verifier"]["id"], "https://example.com/verifier");
    assert_eq!(refused["policy"]["digest"]["sha256"], policy.hex());
    assert!(refused["policy"]["uri"].as_str().unwrap().starts_with("ni:///sha-256;"), "{refused}");
    let provenance = json!({
        "buildDefinition": {"buildType": "https://example.com/build", "externalParameters": {}},
        "runDetails": {"builder": {"id": "https://example.com/builder"}},
    });
    for platform in ["linux/amd64", "linux/arm64"] {
        world.attest("slsaprovenance1", Some(platform), &provenance);
    }
    let named = [&asked[..], &["--policy-uri", "https://example.com/policy"]].concat();
    let passed = summary(&world, 0, &named);
    assert_eq!(passed["policy"], json!({"uri": "https://example.com/policy", "digest": {"sha256": policy.hex()}}));
    assert_eq!(passed["verifiedLevels"], json!(["SLSA_BUILD_LEVEL_1"]));
    // A policy out of a pipe is read once, and its digest is that of what was read.
    let image = world.image();
    let piped = ["verify", "--key", "cosign.pub", "--policy", "/dev/stdin", "--summary", "piped.json", &image];
    world.environment.invocation().run_reading("policy:\n  require: [provenance]\n", &piped).expect(0);
    let piped: Value = serde_json::from_str(&world.environment.read("piped.json")).unwrap();
    assert_eq!(piped["predicate"]["policy"]["digest"]["sha256"], policy.hex());
    // Each statement can be fetched by what names it.
    let inputs = passed["inputAttestations"].as_array().unwrap();
    assert_eq!(inputs.len(), 5);
    for input in inputs {
        let name = input["uri"].as_str().unwrap().strip_prefix("oci://").unwrap();
        let blob = world.run(&["download", "blob", name]).expect(0).stdout;
        assert_eq!(Digest::of(blob.as_bytes()).hex(), input["digest"]["sha256"], "{name}");
    }
}

#[test]
fn it_can_be_attested() {
    let world = World::new(true);
    world.sign("bundle");
    let summary = summary(&world, 0, &[]);
    let kind = "https://slsa.dev/verification_summary/v1";
    world.attest(kind, None, &summary);
    let statement = world.verify(&["--type", kind, "--output", "json"]).expect(0).json();
    assert_eq!(statement["predicate"], summary);
}

#[test]
fn where_nothing_can_be_told_nothing_is_written() {
    let world = World::new(true);
    world.sign("bundle");
    world
        .registry
        .hook(|head| head.uri.path().contains("/referrers/").then(|| consign_testkit::registry::Fault::busy(429)));
    world.verify(&["--summary", "summary.json"]).expect(14);
    assert!(!world.environment.path("summary.json").exists());
    world.verify(&["--verifier-id", "https://example.com/verifier"]).expect(2);
}
