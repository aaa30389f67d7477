//! The database as one file: made, looked at, searched, and compared with.

use crate::common::TestEnvironment;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;

fn environment() -> TestEnvironment {
    let environment = TestEnvironment::new();
    for (id, fixed) in [("CVE-2026-1", "2.0-1"), ("CVE-2026-2", "1.0-1")] {
        environment.write(&format!("advisories/{id}.json"), record(id, fixed).to_string());
    }
    let fixes = json!({"3.1.0-r2": ["CVE-2026-3 GHSA-1"], "0": ["CVE-2026-4"]});
    let database = json!({
        "distroversion": "v3.20", "reponame": "main", "packages": [{"pkg": {"name": "openssl", "secfixes": fixes}}],
    });
    environment.write("alpine.json", database.to_string());
    let listed = json!([{"cveID": "CVE-2026-1", "dateAdded": "2026-01-09", "vulnerabilityName": "A flaw in a tool"}]);
    let catalog = json!({"dateReleased": "2026-01-10T00:00:00Z", "catalogVersion": "1", "vulnerabilities": listed});
    environment.write("kev.json", catalog.to_string());
    environment
}

fn record(id: &str, fixed: &str) -> Value {
    json!({
        "id": id, "modified": "2026-01-02T03:04:05Z", "summary": "Something is wrong with it",
        "database_specific": {"severity": "high"},
        "affected": [{
            "package": {"ecosystem": "Debian:12", "name": "tool"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
        }],
    })
}

#[test]
fn a_database_is_built_and_says_what_is_in_it() {
    let environment = environment();
    let sources = ["advisories", "alpine.json", "kev.json"];
    let build = |sources: &[&str], to: &str| {
        environment.consign(&[&["db", "build"], sources, &["--to", to]].concat()).expect(0)
    };
    let built = build(&sources, "advisories.db");
    assert!(
        built.stdout.starts_with("advisories.db: 4 records about 2 packages, the newest of 2026-01-02T03:04:05Z, "),
        "{}",
        built.stdout
    );
    assert!(!built.stdout.contains("passed over"), "{}", built.stdout);
    environment.write("advisories/LICENSE", "words");
    let built = build(&sources, "advisories.db");
    assert!(built.stdout.ends_with("; 1 file was passed over\n"), "{}", built.stdout);
    environment.write("empty/LICENSE", "words");
    let nothing = environment.consign(&["db", "build", "advisories", "empty", "--to", "x.db"]).expect(16);
    assert!(nothing.error().contains("there is no feed of advisories in empty"), "{}", nothing.error());
    build(&["kev.json", "alpine.json", "advisories"], "again.db");
    let bytes = |name: &str| fs::read(environment.path(name)).unwrap();
    assert_eq!(bytes("again.db"), bytes("advisories.db"));
    assert_snapshot!(environment.consign(&["db", "status"]), @"
    status 0
    --- stdout
    FEED                                  ABOUT         RECORDS  NEWEST
    Alpine secdb v3.20 main               Alpine:v3.20  1        unknown
    CISA known exploited vulnerabilities  -             1        2026-01-10T00:00:00Z
    OSV: Debian                           Debian:12     2        2026-01-02T03:04:05Z

    4 records about 2 packages, the newest of 2026-01-02T03:04:05Z
    sha256:000000000001…
    ");
    let status = environment.consign(&["db", "status", "advisories.db", "--output", "json"]).expect(0).json();
    assert_eq!((&status["records"], &status["vulnerabilities"]), (&json!(4), &json!(1)));
    assert_eq!(status["feeds"][2]["origins"][0]["ecosystem"], "Debian:12");
    // Feeds that are not packed say the same.
    let digest = |database: &str| environment.consign(&["db", "status", database, "--output", "json"]).expect(0).json();
    assert_eq!(digest("alpine.json")["feeds"][0]["name"], "Alpine secdb v3.20 main");
}

#[test]
fn advisories_are_found_by_their_names_and_packages() {
    let environment = environment();
    environment.consign(&["db", "build", "advisories", "alpine.json", "kev.json", "--to", "advisories.db"]).expect(0);
    assert_snapshot!(environment.consign(&["db", "search", "cve-2026-1"]), @"
    status 0
    --- stdout
    CVE-2026-1
    Something is wrong with it
    severity high
    known to be exploited since 2026-01-09
    from OSV: Debian
    ECOSYSTEM  PACKAGE  AFFECTED  STATUS
    Debian:12  tool     < 2.0-1
    ");
    let ids = |query: &str| {
        let found = environment.consign(&["db", "search", query, "--output", "json"]).expect(0).json();
        found["advisories"].as_array().unwrap().iter().map(|found| found["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids("tool"), ["CVE-2026-1", "CVE-2026-2"]);
    assert_eq!(ids("pkg:deb/debian/tool@1.9-1?distro=debian-12"), ["CVE-2026-1"]);
    assert_eq!(ids("GHSA-1"), ["CVE-2026-3"]);
    assert_eq!(ids("CVE-2026-77"), [""; 0]);
    let nothing = environment.consign(&["db", "search", "CVE-2026-77"]).expect(0);
    assert_eq!(nothing.stdout, "nothing is known of CVE-2026-77\n");
    assert_snapshot!(environment.consign(&["db", "search", "pkg:deb/debian"]), @"
    status 2
    --- stderr
    error: `pkg:deb/debian` is no package URL; one is such as `pkg:deb/debian/openssl@3.0.1-1?distro=debian-12`
    ");
}

#[test]
fn what_a_newer_database_says_otherwise() {
    let environment = environment();
    environment.consign(&["db", "build", "advisories", "--to", "old.db"]).expect(0);
    environment.write("advisories/CVE-2026-1.json", record("CVE-2026-1", "3.0-1").to_string());
    environment.write("advisories/CVE-2026-5.json", record("CVE-2026-5", "3.0-1").to_string());
    fs::remove_file(environment.path("advisories/CVE-2026-2.json")).unwrap();
    environment.consign(&["db", "build", "advisories", "--to", "new.db"]).expect(0);
    assert_snapshot!(environment.consign(&["db", "diff", "old.db", "new.db"]), @"
    status 0
    --- stdout
             ADVISORY    SUMMARY
    added    CVE-2026-5  Something is wrong with it
    removed  CVE-2026-2  Something is wrong with it
    changed  CVE-2026-1  Something is wrong with it

    1 added, 1 removed, 1 changed
    ");
    let same = environment.consign(&["db", "diff", "old.db", "old.db"]).expect(0);
    assert_eq!(same.stdout, "0 added, 0 removed, 0 changed\n");
}

#[test]
fn databases_that_cannot_be_used() {
    let environment = environment();
    environment.consign(&["db", "build", "advisories", "--to", "whole.db"]).expect(0);
    let whole = fs::read(environment.path("whole.db")).unwrap();
    environment.write("cut.db", &whole[..whole.len() - 1]);
    assert_snapshot!(environment.consign(&["db", "status", "cut.db"]), @"
    status 16
    --- stderr
    error: cut.db is damaged: it is cut off; fetch or build it anew
    hint: a database is what `consign db build` made, or feeds of advisories in folders, archives and files: `advisories: databases:` in the policy, or `--db`
    ");
    // What is damaged farther on is found, too.
    let mut spoilt = whole.clone();
    let middle = spoilt.len() / 2;
    spoilt[middle] ^= 1;
    environment.write("spoilt.db", spoilt);
    let run = environment.consign(&["db", "status", "spoilt.db"]).expect(16);
    assert!(run.error().contains("spoilt.db is damaged"), "{run}");
    environment.consign(&["db", "build", "alpine.json", "--to", "alpine.db"]).expect(0);
    let status = environment.consign(&["db", "status", "alpine.db"]).expect(0);
    assert!(status.stdout.contains("2 records about 1 package, of unknown age\n"), "{status}");
    environment.write("other.json", "{}");
    assert_snapshot!(environment.consign(&["db", "build", "advisories", "other.json", "--to", "x.db"]), @"
    status 16
    --- stderr
    error: other.json is neither an OSV record nor any other feed of advisories that is known
    hint: a database is what `consign db build` made, or feeds of advisories in folders, archives and files: `advisories: databases:` in the policy, or `--db`
    ");
    assert!(!environment.path("x.db").exists());
    let missing = environment.consign(&["db", "status"]).expect(16);
    assert!(missing.error().contains("cannot read advisories.db"), "{}", missing.error());
}
