//! Images that cosign has signed, and verifies where they were copied to.

use crate::common::{Destination, TestEnvironment};
use consign_testkit::tools::{Peer, peer};

/// Runs cosign without its public log.
pub(crate) fn cosign(environment: &TestEnvironment, cosign: &Peer, arguments: &[&str]) -> String {
    let mut command = cosign.command();
    command.args(arguments);
    let mut command = environment.surrounded(command, &environment.folder());
    let output = command.env("COSIGN_PASSWORD", "").env("COSIGN_EXPERIMENTAL", "1").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "cosign {arguments:?}: {out}{err}");
    out.into_owned()
}

pub(crate) const SIGN: [&str; 6] =
    ["--yes", "--tlog-upload=false", "--key", "their.key", "--allow-http-registry", "--allow-insecure-registry"];
const VERIFY: [&str; 5] =
    ["--key", "their.pub", "--insecure-ignore-tlog", "--allow-http-registry", "--allow-insecure-registry"];

#[test]
fn signatures_and_attestations_of_cosign_verify_by_every_digest() {
    let Some(program) = peer("cosign") else { return };
    let environment = TestEnvironment::with_image();
    let report = environment.consign(&["release", "--output", "json"]).expect(0).json();
    let (from, to) = (Destination::start(), Destination::start());
    let (from, to) = (format!("{}/team/hello", from.host()), format!("{}/copied/hello", to.host()));
    {
        // Without the signatures of consign: those of cosign are to be seen alone.
        let _server = environment.serve();
        let source = environment.reference("team/hello:latest");
        environment.consign(&["copy", "--no-referrers", &source, &format!("{from}:1")]).expect(0);
    }
    let index = report["images"][0]["index"].as_str().unwrap();
    let raw = environment.consign(&["inspect", "--raw", &format!("{from}:1")]).expect(0).stdout;
    let list: serde_json::Value = serde_json::from_str(&raw).unwrap();
    let children = list["manifests"].as_array().unwrap().iter().map(|entry| entry["digest"].as_str().unwrap());
    let digests: Vec<&str> = [index].into_iter().chain(children).collect();
    assert_eq!(digests.len(), 3);
    let run = |arguments: &[&str]| cosign(&environment, &program, arguments);
    let all = |parts: &[&[&str]]| run(&parts.concat());
    run(&["generate-key-pair", "--output-key-prefix", "their"]);
    environment.write("predicate.json", r#"{"tested":true}"#);
    let root = format!("{from}@{index}");
    // The older form under tags, and as referrers.
    all(&[&["sign", "--recursive"], &SIGN, &[&root]]);
    all(&[&["sign", "--recursive", "--registry-referrers-mode=oci-1-1"], &SIGN, &[&root]]);
    for digest in &digests {
        let name = format!("{from}@{digest}");
        all(&[&["attest", "--type", "custom", "--predicate", "predicate.json"], &SIGN, &[&name]]);
    }
    environment.consign(&["copy", &format!("{from}:1"), &format!("{to}:1")]).expect(0);
    for digest in &digests {
        let name = format!("{to}@{digest}");
        all(&[&["verify"], &VERIFY, &[&name]]);
        all(&[&["verify", "--experimental-oci11"], &VERIFY, &[&name]]);
        let attested = all(&[&["verify-attestation", "--type", "custom"], &VERIFY, &[&name]]);
        assert!(attested.contains("application/vnd.in-toto+json"), "{attested}");
    }
}
