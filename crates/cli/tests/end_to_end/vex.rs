//! Statements of OpenVEX, taken and made.

use crate::advisories::{advise, environment};
use serde_json::{Value, json};

const POLICY: &str = "policy:\n  advisories:\n    databases: [advisories]\n    maximum-severity: low\n";

/// A document that says of the tool's advisory that it is none of the image's.
fn document(product: &str) -> String {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex", "author": "team@example.org",
        "timestamp": "2026-01-01T00:00:00Z", "version": 1,
        "statements": [{
            "vulnerability": {"name": "DSA-CVE-2026-1"},
            "products": [{"@id": product, "subcomponents": [{"@id": "pkg:deb/debian/libtool"}]}],
            "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path",
        }],
    })
    .to_string()
}

#[test]
fn what_does_not_affect_an_image_does_not_close_its_gate() {
    let environment = environment();
    environment.write("hello.vex.json", document("pkg:oci/hello"));
    let policy = POLICY.to_owned() + "    vex: hello.vex.json\n";
    environment.replace("consign.yaml", "signing:\n", &format!("{policy}signing:\n"));
    environment.commit("Statements.");
    environment.git(&["tag", "v2.1.0"]);
    let report = environment.consign(&["release", "--quiet", "--output", "json"]).expect(0).json();
    let found = &report["images"][0]["advisories"][0];
    assert_eq!((&found["judgement"], &found["ignored"]["owner"]), (&json!("ignored"), &json!("team@example.org")));
    assert_eq!(found["ignored"]["reason"], "not_affected: vulnerable_code_not_in_execute_path");
    // The record has it, for those who have no such document.
    let _server = environment.serve();
    environment.consign(&["verify", "--key", "cosign.pub", &environment.reference("team/hello:latest")]).expect(0);
    // It is about this image alone.
    environment.write("hello.vex.json", document("pkg:oci/other"));
    environment.commit("Another image.");
    environment.git(&["tag", "v2.2.0"]);
    environment.consign(&["release", "--dry-run"]).expect(15);
    environment.write("hello.vex.json", "{}");
    let refused = environment.consign(&["release", "--dry-run"]).expect(3);
    assert!(refused.error().contains("cannot read ") && refused.error().contains("no OpenVEX document"), "{refused}");
}

#[test]
fn what_is_found_is_said_in_statements() {
    let environment = environment();
    advise(&environment, "CVE-2026-2", None, Some("low"));
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    environment.write("policy.yaml", POLICY);
    let scan = |arguments: &[&str]| {
        environment.consign(&[&["scan", "--policy", "policy.yaml", "oci:layout"], arguments].concat())
    };
    scan(&[]).expect(15);
    environment.write("hello.vex.json", document("pkg:oci/layout"));
    scan(&["--vex", "hello.vex.json"]).expect(0);
    let made = scan(&["--vex", "hello.vex.json", "--output", "openvex"]).expect(0).json();
    assert_eq!((&made["@context"], &made["author"]), (&json!("https://openvex.dev/ns/v0.2.0"), &json!("consign")));
    let said = |document: &Value| -> Vec<Value> {
        let statements = document["statements"].as_array().unwrap().iter();
        let said = statements.map(|said| {
            let products = said["products"].as_array().unwrap().len();
            json!([said["vulnerability"]["name"], said["status"], products])
        });
        said.collect()
    };
    // The layout has one platform and no index: what the image is called is what its platform is called.
    assert_eq!(said(&made), [json!(["CVE-2026-1", "not_affected", 1]), json!(["CVE-2026-2", "affected", 1])]);
    let action = &made["statements"][1]["action_statement"];
    assert_eq!(action, "No version of tool is known that is free of it");
    let why = &made["statements"][0]["impact_statement"];
    assert_eq!(why, "vulnerable_code_not_in_execute_path (team@example.org)");
    // What was made is taken again: the image is named by its digests.
    environment.write("made.vex.json", made.to_string());
    let again = scan(&["--vex", "made.vex.json", "--output", "openvex"]).expect(0).json();
    assert_eq!(said(&again), said(&made));
}

#[test]
fn a_statement_without_a_reason_does_not_count_and_that_is_said() {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    environment.write("policy.yaml", POLICY);
    let (reason, note) = ("\"justification\":\"vulnerable_code_not_in_execute_path\"", "\"status_notes\":\"trust me\"");
    environment.write("hello.vex.json", document("pkg:oci/layout"));
    environment.replace("hello.vex.json", reason, note);
    let scan = |arguments: &[&str]| {
        environment.consign(
            &[&["scan", "--policy", "policy.yaml", "oci:layout", "--vex", "hello.vex.json"], arguments].concat(),
        )
    };
    let refused = scan(&[]).expect(15);
    let warning = "warning: hello.vex.json: `not_affected` needs a justification or an impact statement, and does not count without: DSA-CVE-2026-1\n";
    assert!(refused.stderr.contains(warning), "{refused}");
    environment.replace("hello.vex.json", note, reason);
    let passed = scan(&[]).expect(0);
    assert!(!passed.stderr.contains("warning"), "{passed}");
}

#[test]
fn of_platforms_that_were_not_looked_at_nothing_is_said() {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    let indexes = |place: &str, more: &[&str]| -> Vec<bool> {
        let arguments = ["scan", "--db", "advisories", place, "--output", "openvex"];
        let made = environment.consign(&[&arguments, more].concat()).expect(0).json();
        let index = environment.consign(&["digest", place]).expect(0).stdout;
        let index = index.trim().trim_start_matches("sha256:");
        let statements = made["statements"].as_array().unwrap().iter();
        statements.map(|said| said["products"].to_string().contains(index)).collect()
    };
    // The package is on one of two platforms.
    assert_eq!(indexes("oci:layout", &[]), [false]);
    assert_eq!(indexes("oci:layout", &["--platform", "linux/arm64"]), [false]);
    assert_eq!(indexes("oci:layout", &["--platform", "linux/amd64"]), [false; 0]);
    environment.write("image.yaml", "packages: [libtool]\nsuite: stable\nplatforms: [linux/arm64]\n");
    environment.consign(&["build", "--quiet", "--to", "oci:single"]).expect(0);
    assert_eq!(indexes("oci:single", &[]), [true]);
}
