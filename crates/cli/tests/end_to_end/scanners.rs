//! What other scanners say of images, into the same receipts.

use crate::advisories::{environment, environment_of};
use crate::common::{Run, TestEnvironment};
use consign_testkit::tools::peer;
use consign_testkit::trivy::{TrivyAdvisory, write_database};
use serde_json::{Value, json};
use std::env;

/// Runs consign where trivy has a database with an advisory about the tool.
fn with_trivy(environment: &TestEnvironment, arguments: &[&str]) -> Run {
    let severity = "HIGH";
    let (release, package, vulnerability, fixed) = ("debian 13", "tool", "CVE-2026-7", "2.0-1");
    let advisory = TrivyAdvisory { release, package, vulnerability, fixed, severity };
    let cache = environment.beside("trivy");
    write_database(&cache, "2026-01-02T03:04:05Z", &[advisory]).unwrap();
    let invocation = environment.invocation().variable("PATH", &env::var("PATH").unwrap());
    let invocation = invocation.variable("TRIVY_CACHE_DIR", cache.to_str().unwrap());
    // What would hide it does not reach trivy.
    let invocation = invocation.variable("TRIVY_SEVERITY", "LOW").variable("TRIVY_EXIT_CODE", "7");
    invocation.run(&[&["--offline"], arguments].concat())
}

#[test]
fn trivy_judges_each_platform_by_itself() {
    if peer("trivy").is_none() {
        return;
    }
    let environment = environment_of("13", "13.1\n");
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    let report =
        with_trivy(&environment, &["scan", "--engine", "trivy", "--output", "json", "oci:layout"]).expect(0).json();
    let found = report["advisories"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{report}");
    let said =
        ["advisory", "package", "version", "fixed", "severity", "installed", "platforms"].map(|key| &found[0][key]);
    let expected = [
        json!("CVE-2026-7"),
        json!("tool"),
        json!("1.9-1"),
        json!("2.0-1"),
        json!("high"),
        json!(["libtool"]),
        json!(["linux/arm64"]),
    ];
    assert_eq!(said, expected.each_ref());
    assert!(report["database"]["scanner"].as_str().unwrap().starts_with("trivy "), "{report}");
    assert_eq!(report["database"]["lastUpdate"], "2026-01-02T03:04:05Z");
    let coverage: Vec<&Value> = report["platforms"].as_array().unwrap().iter().map(|of| &of["coverage"]).collect();
    let covered = |packages: usize| json!([{"ecosystem": "deb", "packages": packages, "covered": true}]);
    assert_eq!(coverage, [&covered(2), &covered(3)]);
    // A policy judges what trivy found; the same file may say who looks.
    environment.write("policy.yaml", "scan: {engine: trivy}\npolicy:\n  advisories: {maximum-severity: medium}\n");
    let refused = with_trivy(&environment, &["scan", "--policy", "policy.yaml", "oci:layout"]).expect(15);
    assert!(refused.error().contains("tool 1.9-1: CVE-2026-7, severity high, fixed in 2.0-1"), "{refused}");
    with_trivy(&environment, &["scan", "--engine", "trivy", "sbom:policy.yaml"]).expect(2);
}

#[test]
fn what_it_does_not_look_at_is_not_compared() {
    if peer("trivy").is_none() {
        return;
    }
    // Without the file by which trivy knows Debian it lists no packages of it, and says nothing.
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    let report = with_trivy(&environment, &["scan", "--engine", "trivy", "oci:layout"]).expect(16);
    assert!(
        report.stdout.contains(
            "none of 3 packages could be compared, and whether advisories match is not known; not compared: 3 of deb"
        ),
        "{report}"
    );
    environment.write("policy.yaml", "scan: {engine: trivy}\npolicy:\n  advisories: {maximum-severity: critical}\n");
    with_trivy(&environment, &["scan", "--policy", "policy.yaml", "oci:layout"]).expect(16);
}

#[test]
fn its_verdict_closes_the_gate_and_is_signed() {
    if peer("trivy").is_none() {
        return;
    }
    let environment = environment_of("13", "13.1\n");
    let policy = "scan: {engine: trivy}\npolicy:\n  advisories:\n    maximum-severity: medium\nsigning:\n";
    environment.replace("consign.yaml", "signing:\n", policy);
    environment.commit("Trivy looks.");
    environment.git(&["tag", "v2.1.0"]);
    let refused = with_trivy(&environment, &["release", "--quiet"]).expect(15);
    assert!(refused.error().contains("CVE-2026-7"), "{refused}");
    environment.replace("consign.yaml", "maximum-severity: medium", "maximum-severity: high");
    environment.commit("It may be.");
    environment.git(&["tag", "v2.2.0"]);
    let report = with_trivy(&environment, &["release", "--quiet", "--output", "json"]).expect(0).json();
    assert_eq!(report["images"][0]["advisories"][0]["advisory"], "CVE-2026-7", "{report}");
    // What is published says who looked, and may be judged again.
    let _server = environment.serve();
    let reference = environment.reference("team/hello:2.2.0");
    environment.write(
        "strict.yaml",
        "policy:\n  require: [advisories]\n  advisories: {maximum-severity: low}\nscan: {engine: trivy}\n",
    );
    let refused =
        environment.consign(&["verify", "--key", "cosign.pub", "--policy", "strict.yaml", &reference]).expect(15);
    assert!(refused.error().contains("CVE-2026-7"), "{refused}");
}

#[test]
fn a_scanner_that_says_nothing_is_no_pass() {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    let programs = environment.beside("programs").display().to_string();
    let scan = |engine: &str| {
        let invocation = environment.invocation().variable("PATH", &format!("{programs}:/usr/bin:/bin"));
        invocation.run(&["scan", "--engine", engine, "--platform", "linux/amd64", "oci:layout"])
    };
    let absent = scan("grype").expect(3);
    assert!(absent.error().contains("there is no grype on PATH"), "{absent}");
    for (script, said) in [
        ("echo '2026 FATAL no database' >&2; exit 1", "trivy gives no verdict"),
        ("echo '2026 FATAL no database' >&2; exit 1", "exit status: 1: 2026 FATAL no database"),
        ("kill -9 $$", "signal: 9"),
        ("exit 0", "cannot read"),
        ("echo '[]' > report.json; echo '{}'", "the report that trivy wrote cannot be read"),
        ("echo '{\"SchemaVersion\": 3}' > report.json", "it has schema 3, and 2 is read"),
        ("echo '{\"SchemaVersion\": 2}' > report.json; echo nonsense", "the version that trivy wrote cannot be read"),
        ("head -c 300000000 /dev/zero > report.json", "it wrote more than 268435456 bytes"),
    ] {
        environment.write_program("../programs/trivy", format!("#!/bin/sh\n{script}\n").as_bytes());
        let failed = scan("trivy").expect(1);
        assert!(failed.error().contains(said), "{script}: {failed}");
    }
    // It sees one platform, nothing else, and no password.
    let look = "ls -A . image image/blobs/sha256 | wc -l >&2; cat image/index.json >&2; env >&2; exit 1";
    environment.write_program("../programs/trivy", format!("#!/bin/sh\n{look}\n").as_bytes());
    let failed = scan("trivy").expect(1).error();
    assert!(failed.contains("linux") || failed.contains("manifests"), "{failed}");
    assert!(!failed.contains("COSIGN_PASSWORD"), "{failed}");
}
