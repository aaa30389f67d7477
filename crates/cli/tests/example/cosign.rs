use crate::common::TestEnvironment;
use consign_testkit::tools::{Peer, peer};
use serde_json::Value;
use std::fs;

const RELEASE_RECORD: &str = "https://consign.dev/attestation/release-record/v1";
const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// Asks cosign about everything that is signed: about each platform and about the index.
pub(crate) fn believes(environment: &TestEnvironment, report: &Value, repository: &str) {
    let Some(peer) = peer("cosign") else { return };
    // There is no transparency log behind a key of one's own.
    environment.write("root.json", r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#);
    let cosign = Cosign { environment, peer };
    let index = environment.reference(&format!("{repository}@{}", report["images"][0]["index"].as_str().unwrap()));
    for row in report["images"][0]["rows"].as_array().unwrap() {
        let platform = environment.reference(&format!("{repository}@{}", row["digest"].as_str().unwrap()));
        for predicate in ["spdxjson", "slsaprovenance1", TEST_RESULT] {
            cosign.verify_attestation(&platform, predicate, "cosign.pub").unwrap();
        }
        cosign.verify(&platform);
    }
    cosign.verify_attestation(&index, RELEASE_RECORD, "cosign.pub").unwrap();
    cosign.verify(&index);

    let other = environment.beside("other");
    fs::create_dir(&other).unwrap();
    environment.invocation().folder(&other).run(&["keygen"]).expect(0);
    let refused = cosign.verify_attestation(&index, RELEASE_RECORD, "../other/cosign.pub");
    assert!(refused.is_err(), "with another key: {refused:?}");
}

struct Cosign<'a> {
    environment: &'a TestEnvironment,
    peer: Peer,
}

impl Cosign<'_> {
    fn verify_attestation(&self, reference: &str, predicate: &str, key: &str) -> Result<(), String> {
        let root = self.environment.path("root.json").display().to_string();
        let arguments = ["verify-attestation", "--new-bundle-format", "--trusted-root", &root, "--type", predicate];
        self.run(&arguments, reference, key)
    }

    /// Version 2 finds no signatures in bundles, only attestations; it has an option that version 3 does without.
    fn verify(&self, reference: &str) {
        let help = self.peer.run(["verify", "--help"]).unwrap();
        if !help.contains("--new-bundle-format=") {
            self.run(&["verify"], reference, "cosign.pub").unwrap();
        }
    }

    fn run(&self, arguments: &[&str], reference: &str, key: &str) -> Result<(), String> {
        let mut command = self.peer.command();
        command.args(arguments).args(["--insecure-ignore-tlog", "--key"]).arg(self.environment.path(key));
        let output = command.arg(reference).env("HOME", self.environment.beside("home")).output().unwrap();
        if output.status.success() { Ok(()) } else { Err(String::from_utf8(output.stderr).unwrap()) }
    }
}
