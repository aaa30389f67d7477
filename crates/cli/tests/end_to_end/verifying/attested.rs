//! What is asked for beside a signature: statements of a type, words in signatures; and where the older form is kept elsewhere.

use super::World;
use crate::signed_elsewhere::{SIGN, cosign};
use consign_testkit::tools::peer;
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Returns the statements that are printed, one on each line.
fn statements(world: &World, kind: &str) -> Vec<Value> {
    let output = world.verify(&["--output", "json", "--type", kind]).expect(0).stdout;
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_statement_that_is_asked_for_must_be_there_and_is_printed() {
    for format in ["bundle", "legacy"] {
        let world = World::new(format == "bundle");
        world.environment.write("predicate.json", json!({"spdxVersion": "SPDX-2.3", "packages": []}).to_string());
        let attest = |platform: &str| {
            let attest = ["attest", "--key", "cosign.key", "--predicate", "predicate.json", "--type", "spdxjson"];
            world.on(&[&attest[..], &["--signature-format", format, "--platform", platform]].concat()).expect(0);
        };
        let missing = || world.verify(&["--type", "spdxjson"]).expect(13).error();
        if format == "bundle" {
            assert_snapshot!(missing(), @"
            error: no statement of the type https://spdx.dev/Document is signed by key sha256:000000000001…: manifest of linux/amd64 sha256:000000000002…; manifest of linux/arm64 sha256:000000000003…
            hint: `consign tree REF` shows what is attached, whoever signed it
            ");
            world.sign("bundle");
        }
        attest("linux/amd64");
        if format == "bundle" {
            assert_snapshot!(missing(), @"
            error: no statement of the type https://spdx.dev/Document is signed by key sha256:000000000001…: manifest of linux/arm64 sha256:000000000002…; there are statements of the types https://sigstore.dev/cosign/sign/v1; https://spdx.dev/Document
            hint: `consign tree REF` shows what is attached, whoever signed it
            ");
        }
        assert!(missing().contains("manifest of linux/arm64"));
        attest("linux/arm64");
        // With nothing but attestations, as `cosign verify-attestation` has it.
        let expected = if format == "bundle" { 0 } else { 13 };
        world.verify(&[]).expect(expected);
        world.verify(&["--type", "spdxjson"]).expect(0);
        let found = statements(&world, "spdxjson");
        assert_eq!(found.len(), 2, "{format}");
        for (statement, digest) in found.iter().zip(&world.digests()[1..]) {
            assert_eq!(statement["predicate"]["spdxVersion"], "SPDX-2.3");
            assert_eq!(statement["subject"][0]["digest"]["sha256"], digest.hex());
        }
        world.verify(&["--type", "spdxjson", "--type", "vuln"]).expect(13);
        world.verify(&["--type", "no type"]).expect(2);
    }
}

#[test]
fn what_cosign_attests_is_found() {
    let Some(program) = peer("cosign") else { return };
    let world = World::new(true);
    cosign(&world.environment, &program, &["generate-key-pair", "--output-key-prefix", "their"]);
    world.environment.write("claim.json", r#"{"tested":true}"#);
    let attest = ["attest", "--type", "custom", "--predicate", "claim.json"];
    cosign(&world.environment, &program, &[&attest[..], &SIGN, &[&world.image()]].concat());
    let run = world.on(&["verify", "--key", "their.pub", "--type", "custom", "--output", "json"]).expect(0);
    assert_eq!(run.json()["predicate"]["Data"], "{\"tested\":true}", "{run}");
    world.on(&["verify", "--key", "their.pub"]).expect(13);
}

#[test]
fn a_signature_must_say_what_is_asked_for() {
    for format in ["bundle", "legacy"] {
        let world = World::new(true);
        let sign = ["sign", "--key", "cosign.key", "--signature-format", format, "-a", "team=base", "-a", "stage=test"];
        world.on(&sign).expect(0);
        world.verify(&["-a", "team=base"]).expect(0);
        world.verify(&["-a", "team=base", "-a", "stage=test"]).expect(0);
        for wanted in ["team=other", "team=", "owner=base"] {
            let error = world.verify(&["-a", wanted]).expect(12).error();
            assert!(error.contains(&format!("says {wanted}")), "{error}");
            assert!(error.contains("signatures say stage=test, team=base"), "{error}");
        }
        // Not half of it from one signature, and half from another.
        world.on(&["sign", "--key", "cosign.key", "--signature-format", format, "-a", "owner=me"]).expect(0);
        world.verify(&["-a", "owner=me"]).expect(0);
        let error = world.verify(&["-a", "owner=me", "-a", "team=base"]).expect(12).error();
        assert!(error.contains(" says all of owner=me, team=base"), "{error}");
        assert!(error.contains("signatures say, each for itself: owner=me; stage=test, team=base"), "{error}");
    }
}

#[test]
fn the_older_form_is_looked_for_where_it_is_kept() {
    let world = World::new(true);
    let elsewhere = format!("{}/team/signatures", world.registry.host());
    let there = |arguments: &[&str]| {
        let invocation = world.environment.invocation().variable("COSIGN_REPOSITORY", &elsewhere);
        invocation.run(&[arguments, &[&world.image()]].concat())
    };
    there(&["sign", "--key", "cosign.key", "--signature-format", "legacy"]).expect(0);
    world.verify(&[]).expect(13);
    there(&["verify", "--key", "cosign.pub"]).expect(0);
    if let Some(program) = peer("cosign") {
        cosign(&world.environment, &program, &["generate-key-pair", "--output-key-prefix", "their"]);
        let mut command = program.command();
        command.arg("sign").args(SIGN).arg(world.image());
        let mut command = world.environment.surrounded(command, &world.environment.folder());
        command.env("COSIGN_PASSWORD", "").env("COSIGN_REPOSITORY", &elsewhere);
        assert!(command.status().unwrap().success());
        there(&["verify", "--key", "their.pub"]).expect(0);
        world.on(&["verify", "--key", "their.pub"]).expect(13);
    }
}
