//! cosign reads our keys and bundles, and we read cosign's. Runs where `cosign` is on PATH.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and says what it did not run")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consign_oci::{Digest, Exact};
use consign_receipt::{Statement, predicate};
use consign_sign::{Annotations, Bundle, KeyAlgorithm, PrivateKey, PublicKey, sign, signature_statement};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const PASSWORD: &str = "pass word";
/// A root that trusts nobody: without one, cosign asks the network for one.
const TRUSTED_ROOT: &str = r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;
const ARTIFACT: &[u8] = b"{\"schemaVersion\":2}";

/// Returns what cosign did, or `None` where there is no cosign.
fn cosign(directory: &Path, arguments: &[&str]) -> Option<Output> {
    let run = Command::new("cosign")
        .args(arguments)
        .current_dir(directory)
        .env("HOME", directory)
        .env("COSIGN_PASSWORD", PASSWORD)
        .output();
    if run.is_err() {
        println!("not run: cosign");
    }
    run.ok()
}

fn expect(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn cosign_reads_our_keys() {
    let directory = tempfile::tempdir().unwrap();
    let key = PrivateKey::generate().unwrap();
    fs::write(directory.path().join("our.key"), key.to_encrypted_pem(PASSWORD.as_bytes()).unwrap()).unwrap();
    let Some(output) = cosign(directory.path(), &["public-key", "--key", "our.key"]) else { return };
    assert_eq!(expect(&output).trim(), key.public().to_pem().trim());
}

#[test]
fn we_read_cosigns_keys() {
    let directory = tempfile::tempdir().unwrap();
    let Some(output) = cosign(directory.path(), &["generate-key-pair"]) else { return };
    expect(&output);
    let read = |name| fs::read_to_string(directory.path().join(name)).unwrap();
    let key = PrivateKey::from_pem(&read("cosign.key"), PASSWORD.as_bytes()).unwrap();
    assert_eq!(key.public(), &PublicKey::from_pem(&read("cosign.pub")).unwrap());
}

#[test]
fn cosign_verifies_our_bundles() {
    let directory = tempfile::tempdir().unwrap();
    let key = PrivateKey::generate().unwrap();
    let digest = Digest::of(ARTIFACT);
    let sbom = Exact::write(Statement::new(&digest, predicate::SBOM, json!({"spdxVersion": "SPDX-2.3"}))).unwrap();
    fs::write(directory.path().join("our.pub"), key.public().to_pem()).unwrap();
    fs::write(directory.path().join("artifact"), ARTIFACT).unwrap();
    fs::write(directory.path().join("other"), b"other").unwrap();
    fs::write(directory.path().join("root.json"), TRUSTED_ROOT).unwrap();
    for statement in [signature_statement(&digest, &Annotations::new()).unwrap(), sbom] {
        fs::write(directory.path().join("bundle.json"), sign(&statement, &key).unwrap()).unwrap();
        let arguments = |artifact: &'static str| {
            let fixed =
                ["verify-blob-attestation", "--new-bundle-format", "--bundle", "bundle.json", "--key", "our.pub"];
            let rest = [
                "--trusted-root",
                "root.json",
                "--insecure-ignore-tlog",
                "--type",
                statement.predicate_type.as_str(),
                artifact,
            ];
            [&fixed[..], &rest[..]].concat()
        };
        let Some(output) = cosign(directory.path(), &arguments("artifact")) else { return };
        expect(&output);
        let other = cosign(directory.path(), &arguments("other")).unwrap();
        assert!(!other.status.success(), "cosign took the bundle for another artifact");
    }
}

#[test]
fn we_verify_cosigns_bundles() {
    let directory = tempfile::tempdir().unwrap();
    let key = PrivateKey::generate().unwrap();
    fs::write(directory.path().join("our.key"), key.to_encrypted_pem(PASSWORD.as_bytes()).unwrap()).unwrap();
    fs::write(directory.path().join("artifact"), ARTIFACT).unwrap();
    fs::write(directory.path().join("predicate"), r#"{"spdxVersion":"SPDX-2.3"}"#).unwrap();
    let fixed = ["attest-blob", "--new-bundle-format", "--bundle", "bundle.json", "--key", "our.key", "--yes"];
    let rest = ["--tlog-upload=false", "--type", predicate::SBOM, "--predicate", "predicate", "artifact"];
    let Some(output) = cosign(directory.path(), &[&fixed[..], &rest[..]].concat()) else { return };
    expect(&output);
    let bundle = Bundle::read(&fs::read(directory.path().join("bundle.json")).unwrap()).unwrap();
    assert!(bundle.names(key.public()));
    let statement = bundle.verify(key.public(), &Digest::of(ARTIFACT)).unwrap();
    assert_eq!(statement.predicate_type, predicate::SBOM);
    assert_eq!(statement.predicate["spdxVersion"], "SPDX-2.3");
    assert!(bundle.verify(key.public(), &Digest::of(b"other")).is_err());
}

/// What each kind of key signs here is what cosign verifies, and the other way round, from one key file.
#[test]
fn keys_of_each_kind_are_the_same_to_cosign() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("artifact"), ARTIFACT).unwrap();
    fs::write(path("root.json"), TRUSTED_ROOT).unwrap();
    for algorithm in KeyAlgorithm::ALL {
        let key = PrivateKey::generate_with(algorithm).unwrap();
        fs::write(path("our.key"), key.to_encrypted_pem(PASSWORD.as_bytes()).unwrap()).unwrap();
        fs::write(path("our.pub"), key.public().to_pem()).unwrap();
        let Some(output) = cosign(directory.path(), &["public-key", "--key", "our.key"]) else { return };
        assert_eq!(expect(&output).trim(), key.public().to_pem().trim(), "{algorithm}");

        fs::write(path("signature"), STANDARD.encode(key.sign(ARTIFACT).unwrap())).unwrap();
        let verify =
            ["verify-blob", "--key", "our.pub", "--signature", "signature", "--insecure-ignore-tlog", "artifact"];
        expect(&cosign(directory.path(), &verify).unwrap());
        let signing =
            ["sign-blob", "--key", "our.key", "--tlog-upload=false", "--output-signature", "theirs", "artifact"];
        expect(&cosign(directory.path(), &signing).unwrap());
        let theirs = STANDARD.decode(fs::read_to_string(path("theirs")).unwrap().trim()).unwrap();
        assert!(key.public().verify(ARTIFACT, &theirs), "{algorithm}");

        let statement = Statement::new(&Digest::of(ARTIFACT), predicate::SBOM, json!({"spdxVersion": "SPDX-2.3"}));
        fs::write(path("bundle.json"), sign(&Exact::write(statement).unwrap(), &key).unwrap()).unwrap();
        let fixed = ["verify-blob-attestation", "--new-bundle-format", "--bundle", "bundle.json", "--key", "our.pub"];
        let rest = ["--trusted-root", "root.json", "--insecure-ignore-tlog", "--type", predicate::SBOM, "artifact"];
        expect(&cosign(directory.path(), &[&fixed[..], &rest].concat()).unwrap());
    }
}

#[test]
fn keys_that_cosign_imports_are_those_that_we_import() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    for name in ["sec1-p384", "sec1-p521", "pkcs1-rsa-2048", "pkcs8-p256", "pkcs8-rsa-3072", "pkcs8-ed25519"] {
        let text = fs::read_to_string(format!("tests/data/import/{name}.pem")).unwrap();
        fs::write(path("open.pem"), &text).unwrap();
        let arguments = ["import-key-pair", "--key", "open.pem", "--output-key-prefix", name];
        let Some(output) = cosign(directory.path(), &arguments) else { return };
        // As Debian builds cosign, it does not know its own kinds of keys here.
        if String::from_utf8_lossy(&output.stderr).contains("unsupported public key type") {
            println!("not run: cosign import-key-pair of {name}");
            continue;
        }
        expect(&output);
        let theirs = fs::read_to_string(path(&format!("{name}.key"))).unwrap();
        let theirs = PrivateKey::from_pem(&theirs, PASSWORD.as_bytes()).unwrap();
        let ours = PrivateKey::import(&text, None).unwrap();
        assert_eq!(theirs.public(), ours.public(), "{name}");
        assert_eq!(theirs.sign(ARTIFACT).unwrap(), ours.sign(ARTIFACT).unwrap(), "{name}");
    }
}
