//! Files that cosign signed before version 3, whose bundles are of its own form.

use crate::common::{Run, TestEnvironment, TestSigstore};
use crate::signed_elsewhere::cosign;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consign_testkit::sigstore::claims;
use consign_testkit::tools::{Peer, peer};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const WORKFLOW: &str = "https://github.com/octo/app/.github/workflows/release.yaml@refs/heads/main";
const CUSTOM: &str = "https://cosign.sigstore.dev/attestation/v1";

fn world() -> Option<(Peer, TestEnvironment)> {
    let program = peer("cosign")?;
    let environment = TestEnvironment::new();
    environment.write("app", "the program");
    environment.write("other", "another program");
    environment.write("claim.json", r#"{"tested":true}"#);
    cosign(&environment, &program, &["generate-key-pair", "--output-key-prefix", "their"]);
    Some((program, environment))
}

fn bundle(environment: &TestEnvironment) -> Value {
    serde_json::from_str(&environment.read("bundle")).unwrap()
}

/// Changes the first character of a text that carries something.
fn changed(text: &Value) -> Value {
    let text = text.as_str().unwrap();
    let middle = text.len() / 2;
    let other = if text.as_bytes()[middle] == b'A' { "B" } else { "A" };
    json!(format!("{}{other}{}", &text[..middle], &text[middle + 1..]))
}

#[test]
fn signed_with_a_key() {
    let Some((program, environment)) = world() else { return };
    let sign = ["--yes", "--tlog-upload=false", "--key", "their.key", "--bundle", "bundle"];
    cosign(&environment, &program, &[&["sign-blob"], &sign[..], &["app"]].concat());
    let good = bundle(&environment);
    assert!(good["base64Signature"].is_string() && good["mediaType"].is_null(), "{good}");
    let verify = |file: &str, key: &str, more: &[&str]| {
        environment.consign(&[&["verify-blob", file, "--bundle", "bundle", "--key", key], more].concat())
    };
    verify("app", "their.pub", &[]).expect(0);
    let digest = verify("app", "their.pub", &["--output", "json"]).expect(0).json()["digest"].clone();
    verify(digest.as_str().unwrap(), "their.pub", &[]).expect(0);
    verify("other", "their.pub", &[]).expect(12);
    assert!(verify("app", "cosign.pub", &[]).expect(12).error().contains("the signature is not one of key"));
    let statement = verify("app", "their.pub", &["--type", CUSTOM]).expect(12);
    assert!(statement.error().contains("it signs the file itself"), "{statement}");
    for (field, value, expected) in [
        ("base64Signature", changed(&good["base64Signature"]), "the signature is not one of key"),
        ("base64Signature", json!("!"), "not a signature of a file as cosign wrote them"),
        ("base64Signature", json!(""), "not a signature of a file as cosign wrote them"),
        ("base64Signature", json!(1), "not a Sigstore bundle"),
        ("cert", json!("?"), "not a signature of a file as cosign wrote them"),
        ("rekorBundle", json!({}), "not a signature of a file as cosign wrote them"),
        ("mediaType", json!(""), "not a Sigstore bundle"),
    ] {
        let mut forged = good.clone();
        forged[field] = value.clone();
        environment.write("bundle", forged.to_string());
        let run = verify("app", "their.pub", &[]).expect(12);
        assert!(run.error().contains(expected), "{field} {value}: {run}");
    }
    // The public key in the place of a certificate, as cosign wrote it for a time.
    let mut with_key = good.clone();
    with_key["cert"] = json!(STANDARD.encode(environment.read("their.pub")));
    environment.write("bundle", with_key.to_string());
    verify("app", "their.pub", &[]).expect(0);
    let whose = ["--certificate-identity", "a", "--certificate-oidc-issuer", "a"];
    let run = environment.consign(&[&["verify-blob", "app", "--bundle", "bundle"], &whose[..]].concat()).expect(12);
    assert!(run.error().contains("it was signed with a key"), "{run}");

    let attest = ["attest-blob", "--predicate", "claim.json", "--type", "custom"];
    cosign(&environment, &program, &[&attest[..], &sign, &["app"]].concat());
    let run = verify("app", "their.pub", &["--output", "json"]);
    assert!(run.expect(12).error().contains("it is a statement of the type"), "a statement is no signature");
    let kind = verify("app", "their.pub", &["--type", "https://slsa.dev/provenance/v1"]).expect(12);
    assert!(kind.error().contains(CUSTOM), "{kind}");
    verify("app", "their.pub", &["--type", CUSTOM]).expect(0);
    verify("other", "their.pub", &["--type", CUSTOM]).expect(12);
    verify("app", "cosign.pub", &["--type", CUSTOM]).expect(12);
}

/// Where there is an entry of a log it counts, and is checked.
#[test]
fn logged() {
    let Some((program, environment)) = world() else { return };
    let sigstore = TestSigstore::start();
    let [_, root] = sigstore.files(&environment, 1);
    let mut variables: BTreeMap<String, String> = sigstore.pem_files(&environment);
    variables.insert("HOME".to_owned(), environment.beside("home").display().to_string());
    variables.insert("COSIGN_PASSWORD".to_owned(), String::new());
    let list = sigstore.signing_config(1);
    let url = |name: &str| list[name][0]["url"].as_str().unwrap().to_owned();
    let (authority, log) = (url("caUrls"), url("rekorTlogUrls"));
    let path = |name: &str| environment.path(name).display().to_string();
    let sign = |who: &[&str], file: &str| -> Value {
        let line = ["sign-blob", "--yes", "--bundle", &path("bundle"), "--rekor-url", &log, "--fulcio-url", &authority];
        program.run_with(&variables, [&line[..], who, &[&path(file)]].concat()).unwrap();
        bundle(&environment)
    };
    let token = sigstore.token(&claims::github());
    let (key, keyless) = (path("their.key"), ["--identity-token", token.as_str()]);
    let issuer = sigstore.issuer();
    let person = ["--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", issuer];
    for (who, whose, is_keyless) in
        [(&["--key", key.as_str()][..], &["--key", "their.pub"][..], false), (&keyless, &person, true)]
    {
        let (other, good) = (sign(who, "other"), sign(who, "app"));
        let verify = |bundle: &Value, file: &str, more: &[&str]| -> Run {
            environment.write("bundle", bundle.to_string());
            let line = ["verify-blob", file, "--bundle", "bundle", "--trusted-root", &root];
            environment.consign(&[&line[..], whose, more].concat())
        };
        let found = verify(&good, "app", &["--output", "json"]).expect(0).json();
        assert_eq!(found["logEntries"].as_array().unwrap().len(), 1, "{found}");
        verify(&good, "other", &[]).expect(12);
        let entry = ["rekorBundle", "Payload"];
        let with = |change: &dyn Fn(&mut Value)| {
            let mut forged = good.clone();
            change(&mut forged);
            forged
        };
        for (what, forged, expected) in [
            ("the entry of another", with(&|it| it["rekorBundle"] = other["rekorBundle"].clone()), ""),
            (
                "the body of another",
                with(&|it| it[entry[0]][entry[1]]["body"] = other["rekorBundle"]["Payload"]["body"].clone()),
                "",
            ),
            ("another signature", with(&|it| it["base64Signature"] = other["base64Signature"].clone()), ""),
            (
                "another promise",
                with(&|it| {
                    it["rekorBundle"]["SignedEntryTimestamp"] = changed(&good["rekorBundle"]["SignedEntryTimestamp"])
                }),
                "",
            ),
            (
                "another time",
                with(&|it| {
                    let time = it["rekorBundle"]["Payload"]["integratedTime"].as_i64().unwrap();
                    it["rekorBundle"]["Payload"]["integratedTime"] = json!(time - 1);
                }),
                "promise",
            ),
            (
                "another number",
                with(&|it| {
                    let number = it["rekorBundle"]["Payload"]["logIndex"].as_i64().unwrap();
                    it["rekorBundle"]["Payload"]["logIndex"] = json!(number + 1);
                }),
                "promise",
            ),
            (
                "another log",
                with(&|it| it["rekorBundle"]["Payload"]["logID"] = json!("0".repeat(64))),
                "the trusted root has no transparency log",
            ),
        ] {
            let run = verify(&forged, "app", &[]).expect(12);
            assert!(run.error().contains(expected), "{what}: {run}");
        }
        let unlogged = with(&|it| it["rekorBundle"] = Value::Null);
        if !is_keyless {
            // Who trusts a key needs nobody else.
            verify(&unlogged, "app", &[]).expect(0);
            continue;
        }
        verify(&unlogged, "app", &[]).expect(12);
        let certificate = with(&|it| it["cert"] = other["cert"].clone());
        verify(&certificate, "app", &[]).expect(12);
        let plain = STANDARD.decode(good["cert"].as_str().unwrap()).unwrap();
        verify(&with(&|it| it["cert"] = json!(String::from_utf8(plain.clone()).unwrap())), "app", &[]).expect(0);
        let key = environment.consign(&["verify-blob", "app", "--bundle", "bundle", "--key", "their.pub"]).expect(12);
        assert!(key.error().contains("with a certificate, not with a key"), "{key}");
        environment.write("bundle", good.to_string());
        let eve = WORKFLOW.replace("octo", "eve");
        let whose = ["--certificate-identity", eve.as_str(), "--certificate-oidc-issuer", issuer];
        let line = ["verify-blob", "app", "--bundle", "bundle", "--trusted-root", root.as_str()];
        let run = environment.consign(&[&line[..], &whose].concat()).expect(12);
        assert!(run.error().contains("the signature is by somebody else"), "{run}");
    }
}
