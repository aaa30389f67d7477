//! Which advisories match which packages.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{claim, database, findings, record, scanned, with};
use consign_oci::Digest;
use consign_receipt::{Finding, Severity};
use consign_scan::{Subject, scan};
use serde_json::{Value, json};

const LIBSSL: &str = "pkg:deb/debian/libssl3@3.0.1-2%2Bb1?arch=amd64&distro=debian-12&upstream=openssl%403.0.1-2";
const OPENSSL: &str = "pkg:deb/debian/openssl@3.0.1-2?arch=amd64&distro=debian-12";

/// Returns findings as `package: advisory until fixed`.
fn said(records: &[Value], purls: &[&str]) -> Vec<String> {
    let text = |finding: &Finding| {
        let fixed = finding.fixed.as_deref().unwrap_or("-");
        let mark = if finding.undetermined { "?" } else { "" };
        format!("{} {} {fixed}{mark}", finding.package, finding.advisory)
    };
    findings(&database(records), purls).iter().map(text).collect()
}

#[test]
fn sources_are_compared_in_the_release_of_the_image() {
    let ubuntu = "pkg:deb/ubuntu/tool@1.0-1ubuntu2?arch=amd64&distro=ubuntu-22.04";
    /// Ecosystem, package, version that is fixed, what is there, and what is found.
    type Case = (&'static str, &'static str, Option<&'static str>, &'static str, &'static [&'static str]);
    let cases: &[Case] = &[
        ("Debian:12", "openssl", Some("3.0.1-3"), LIBSSL, &["openssl CVE-1 3.0.1-3"]),
        // The version of the source package decides: a binary rebuild is no fix, and no later version.
        ("Debian:12", "openssl", Some("3.0.1-2"), LIBSSL, &[]),
        ("Debian:12", "openssl", Some("3.0.1-2+b1"), LIBSSL, &["openssl CVE-1 3.0.1-2+b1"]),
        // The name of a binary package is nobody's source.
        ("Debian:12", "libssl3", Some("9"), LIBSSL, &[]),
        ("Debian:12", "openssl", None, LIBSSL, &["openssl CVE-1 -"]),
        ("Debian:12", "openssl", Some("1:0"), LIBSSL, &["openssl CVE-1 1:0"]),
        ("Debian", "openssl", Some("9"), LIBSSL, &["openssl CVE-1 9"]),
        ("Debian:11", "openssl", Some("9"), LIBSSL, &[]),
        ("Ubuntu:22.04", "openssl", Some("9"), LIBSSL, &[]),
        ("Ubuntu:22.04:LTS", "tool", Some("1.0-1ubuntu3"), ubuntu, &["tool CVE-1 1.0-1ubuntu3"]),
        ("Ubuntu:22.04:LTS", "tool", Some("1.0-1ubuntu2"), ubuntu, &[]),
        // Nobody says which version is installed: that is no reason to call it safe.
        ("Debian:12", "tool", Some("1"), "pkg:deb/debian/tool?distro=debian-12", &["tool CVE-1 -?"]),
    ];
    for (ecosystem, package, fixed, purl, expected) in cases {
        assert_eq!(
            said(&[record("CVE-1", ecosystem, package, *fixed)], &[purl]),
            *expected,
            "{ecosystem} {package} {fixed:?} {purl}"
        );
    }
}

#[test]
fn one_finding_for_all_packages_of_a_source() {
    let found = findings(&database(&[record("CVE-1", "Debian:12", "openssl", None)]), &[LIBSSL, OPENSSL]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].installed, ["libssl3", "openssl"]);
    assert_eq!(found[0].version, "3.0.1-2");
}

#[test]
fn what_was_withdrawn_matches_nothing() {
    let record = record("CVE-1", "Debian:12", "openssl", None);
    assert_eq!(said(&[with(record.clone(), json!({"withdrawn": "2026-01-03T00:00:00Z"}))], &[OPENSSL]), [""; 0]);
    assert_eq!(said(&[with(record, json!({"withdrawn": null}))], &[OPENSSL]), ["openssl CVE-1 -"]);
}

#[test]
fn names_of_one_advisory_are_one_finding() {
    let severity = |word: &str| json!({"database_specific": {"severity": word}});
    let tracker = record("DEBIAN-CVE-2026-1", "Debian:12", "openssl", Some("3.0.1-3"));
    let notice = record("DSA-1-1", "Debian:12", "openssl", Some("3.0.1-4"));
    let records = [
        with(with(tracker, json!({"upstream": ["CVE-2026-1"]})), severity("low")),
        with(with(notice, json!({"aliases": ["CVE-2026-1", "GHSA-x"]})), severity("high")),
        // It passes on two advisories, and is neither of them.
        with(record("DSA-2-1", "Debian:12", "openssl", None), json!({"upstream": ["CVE-2026-1", "CVE-2026-2"]})),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let records = order.map(|index| records[index].clone());
        let found = findings(&database(&records), &[OPENSSL]);
        let names: Vec<_> =
            found.iter().map(|finding| (finding.advisory.as_str(), finding.aliases.join(" "))).collect();
        assert_eq!(names, [("CVE-2026-1", "DEBIAN-CVE-2026-1 DSA-1-1 GHSA-x".to_owned()), ("DSA-2-1", String::new())]);
        assert_eq!(found[0].severity, Some(Severity::High), "the worst counts");
        assert_eq!(found[0].fixed.as_deref(), Some("3.0.1-4"), "free of all of it");
        assert_eq!(found[1].severity, None);
    }
}

#[test]
fn different_numbers_stay_apart_whatever_names_both() {
    let package = |id: &str, other: Value| with(record(id, "Debian:12", "openssl", None), other);
    let rated = |word: &str| json!({"database_specific": {"severity": word}});
    let (low, critical) = (
        package("CVE-2026-1", rated("low")),
        with(package("CVE-2026-2", rated("critical")), json!({"aliases": ["X"]})),
    );
    let both = package("DSA-1-1", json!({"aliases": ["CVE-2026-1", "CVE-2026-2"]}));
    // The names that it shares with each would make one of all.
    let tracker = with(low.clone(), json!({"aliases": ["DSA-1-1", "X"]}));
    let chain = [low.clone(), critical.clone(), package("DEBIAN-1", json!({"aliases": ["X"]})), tracker.clone()];
    let cases: [(&[Value], &[&str]); 4] = [
        (&[low, critical.clone(), both.clone()], &["CVE-2026-1 low", "CVE-2026-2 critical X", "DSA-1-1 -"]),
        // It is about the other number too, of which no other record speaks.
        (&[tracker.clone(), both], &["CVE-2026-1 low DSA-1-1 X", "DSA-1-1 -"]),
        (&[tracker, critical], &["CVE-2026-1 low DSA-1-1 X", "CVE-2026-2 critical X"]),
        (&chain, &["CVE-2026-1 low DSA-1-1 X", "CVE-2026-2 critical X", "DEBIAN-1 - X"]),
    ];
    for (records, expected) in cases {
        for turn in 0..records.len() {
            let mut records = records.to_vec();
            records.rotate_left(turn);
            let text = |finding: &Finding| {
                let severity = finding.severity.map_or("-", Severity::word);
                let names = [finding.advisory.as_str(), severity].into_iter();
                names.chain(finding.aliases.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
            };
            let said: Vec<String> = findings(&database(&records), &[OPENSSL]).iter().map(text).collect();
            assert_eq!(said, expected);
        }
    }
}

#[test]
fn a_record_that_says_all_many_times_is_said_once() {
    let words = |start: &str, count: usize| (0..count).map(|number| format!("{start}{number}")).collect::<Vec<_>>();
    let affected = vec![record("X", "Debian:12", "openssl", None)["affected"][0].clone(); 20_000];
    let severity = vec![json!({"type": "CVSS_V3", "score": "x".repeat(100_000)}); 100];
    let record = json!({
        "id": "X", "modified": "2026-01-02T03:04:05Z", "aliases": words("A", 1000), "affected": affected, "severity": severity,
    });
    let found = findings(&database(&[record]), &[OPENSSL]);
    assert_eq!((found.len(), found[0].aliases.len()), (1, 1000));
}

#[test]
fn says_what_was_not_compared() {
    let database = database(&[record("CVE-1", "Debian:12", "other", None), record("X", "PyPI", "a", None)]);
    let coverage = claim(&scanned(&database, &[LIBSSL, OPENSSL, "pkg:deb/debian/a@1", "pkg:pypi/a@1"])).coverage;
    let said: Vec<_> = coverage.iter().map(|part| (part.ecosystem.as_str(), part.packages, part.covered)).collect();
    assert_eq!(said, [("Debian of an unknown release", 1, false), ("Debian:12", 2, true), ("PyPI", 1, true)]);
}

#[test]
fn says_where_packages_may_be_that_are_not_known() {
    let database = database(&[record("CVE-1", "Debian:12", "other", None)]);
    let digest = Digest::of(b"manifest");
    let mut sbom = common::sbom(&[LIBSSL]);
    sbom["relationships"] = json!([
        {"spdxElementId": "i", "relationshipType": "CONTAINS", "relatedSpdxElement": "x"},
        {"spdxElementId": "i", "relationshipType": "CONTAINS", "relatedSpdxElement": "NOASSERTION", "comment": "what /a lists"},
    ]);
    let subject = Subject { digest: &digest, platform: None, sbom: &sbom, created: None };
    let coverage = claim(&scan(&subject, &database).unwrap()).coverage;
    let said: Vec<_> = coverage.iter().map(|part| (part.ecosystem.as_str(), part.packages, part.covered)).collect();
    assert_eq!(said, [("Debian:12", 1, true), ("what /a lists", 0, false)]);
    assert_eq!(claim(&scanned(&database, &[])).coverage, []);
}

#[test]
fn the_same_image_and_records_give_the_same_bytes() {
    let records = [record("CVE-1", "Debian:12", "openssl", None), record("CVE-2", "Debian:12", "openssl", Some("9"))];
    let (one, other) = (database(&records), database(&[records[1].clone(), records[0].clone()]));
    let receipt = scanned(&one, &[LIBSSL, OPENSSL]);
    assert_eq!(receipt.statement.bytes(), scanned(&other, &[OPENSSL, LIBSSL]).statement.bytes());
    let claim = claim(&receipt);
    assert_eq!(claim.scanner.db.version.as_deref(), Some(one.digest().to_string().as_str()));
    assert!(claim.scanner.db.uri.unwrap().ends_with(one.digest().hex()));
    assert_eq!(claim.scanner.db.last_update, "2026-01-02T03:04:05Z");
    // The later of the image and the newest record.
    assert_eq!(claim.metadata.scan_started_on, "2026-01-02T03:04:05Z");
}
