//! What other scanners write, as they write it: of trivy 0.59 and grype 0.110, shortened.

use consign_oci::Digest;
use consign_receipt::predicate::Vulnerabilities;
use consign_receipt::{Coverage, Engine, Finding, FixStatus, Severity};
use consign_scan::{EngineReport, ScanError, Subject, engine_receipt};
use serde::Deserialize;
use serde_json::{Value, json};

fn taken(engine: Engine, report: &Value, aside: &Value) -> Result<Vulnerabilities, ScanError> {
    let package = |name: &str, purl: &str| json!({"SPDXID": name, "name": name, "externalRefs": [{"referenceType": "purl", "referenceLocator": purl}]});
    let deb = package("libfoo", "pkg:deb/debian/libfoo@1.0-1%2Bb1?upstream=libtool%401.0-1");
    let sbom = json!({"packages": [deb, package("x", "pkg:cargo/x@1.0.0")]});
    let digest = Digest::of(b"manifest");
    let subject = Subject { digest: &digest, platform: None, sbom: &sbom, created: Some("2026-01-01T00:00:00Z") };
    let (report, aside) = (report.to_string(), aside.to_string());
    let written = EngineReport { engine, report: report.as_bytes(), aside: aside.as_bytes() };
    let receipt = engine_receipt(&subject, &written)?;
    assert!(receipt.statement.is_about(&digest));
    Ok(Vulnerabilities::deserialize(&receipt.statement.predicate)?)
}

/// The tool's library, of the source package `libtool`, has a flaw.
fn flaw() -> Finding {
    Finding {
        package: "libtool".to_owned(),
        version: "1.0-1".to_owned(),
        advisory: "CVE-2099-1".to_owned(),
        severity: Some(Severity::High),
        fixed: Some("99.0-1".to_owned()),
        installed: vec!["libfoo".to_owned()],
        status: Some(FixStatus::Fixed),
        ..Finding::default()
    }
}

fn coverage(parts: &[(&str, usize, bool)]) -> Vec<Coverage> {
    let part = |(ecosystem, packages, covered): &(&str, usize, bool)| Coverage {
        ecosystem: (*ecosystem).to_owned(),
        packages: *packages,
        covered: *covered,
        foreign: false,
    };
    parts.iter().map(part).collect()
}

#[test]
fn trivy() {
    let purl = "pkg:deb/debian/libfoo@1.0-1%2Bb1?arch=amd64&distro=debian-12.5";
    let packages = json!([{
        "ID": "libfoo@1.0-1+b1", "Name": "libfoo", "Identifier": {"PURL": purl}, "Version": "1.0", "Release": "1+b1",
        "SrcName": "libtool", "SrcVersion": "1.0", "SrcRelease": "1",
    }]);
    let vulnerability = json!({
        "VulnerabilityID": "CVE-2099-1", "VendorIDs": ["DSA-1"], "PkgID": "libfoo@1.0-1+b1", "PkgName": "libfoo",
        "PkgIdentifier": {"PURL": purl}, "InstalledVersion": "1.0-1+b1", "FixedVersion": "99.0-1", "Status": "fixed",
        "DataSource": {"ID": "debian", "Name": "Debian Security Tracker"}, "Severity": "HIGH",
    });
    let part = json!({"Class": "os-pkgs", "Type": "debian", "Packages": packages, "Vulnerabilities": [vulnerability]});
    let report =
        json!({"SchemaVersion": 2, "Results": [part, {"Class": "lang-pkgs", "Type": "npm", "Packages": null}]});
    let database = json!({"Version": 2, "UpdatedAt": "2026-11-01T00:00:00Z"});
    let version = json!({"Version": "0.59.1", "VulnerabilityDB": database});
    let claim = taken(Engine::Trivy, &report, &version).unwrap();
    assert_eq!((claim.scanner.uri.as_str(), claim.scanner.version.as_deref()), (Engine::Trivy.uri(), Some("0.59.1")));
    assert_eq!(claim.scanner.db.last_update, "2026-11-01T00:00:00Z");
    assert_eq!(claim.metadata.scan_started_on, "2026-11-01T00:00:00Z");
    let (purls, sources) = (vec![purl.to_owned()], vec!["trivy: debian".to_owned()]);
    assert_eq!(claim.findings(), [Finding { aliases: vec!["DSA-1".to_owned()], purls, sources, ..flaw() }]);
    // Of what consign lists beside, trivy says nothing.
    assert_eq!(claim.coverage, coverage(&[("deb", 1, true), ("cargo", 1, false)]));
    // An image without packages, of a trivy whose database is elsewhere.
    let claim = taken(Engine::Trivy, &json!({"SchemaVersion": 2}), &json!({"Version": "0.59.1"})).unwrap();
    assert_eq!(claim.scanner.db.last_update, "1970-01-01T00:00:00Z");
    assert_eq!((claim.findings(), claim.coverage), (vec![], coverage(&[("cargo", 1, false), ("deb", 1, false)])));
}

#[test]
fn grype() {
    let purl = "pkg:deb/debian/libfoo@1.0-1%2Bb1?arch=amd64&distro=debian-12&upstream=libtool%401.0-1";
    let artifact = json!({
        "name": "libfoo", "version": "1.0-1+b1", "type": "deb", "purl": purl,
        "upstreams": [{"name": "libtool", "version": "1.0-1"}],
    });
    let of = |name: &str, related: &[&str]| {
        let related: Vec<Value> = related.iter().map(|id| json!({"id": id, "severity": "Unknown"})).collect();
        let vulnerability = json!({
            "id": name, "namespace": "debian:distro:debian:12", "severity": "High", "advisories": null,
            "epss": [{"cve": "CVE-2099-1", "epss": 0.51, "percentile": 0.9, "date": "2026-11-01"}],
            "knownExploited": [{"cve": "CVE-2099-1", "dateAdded": "2026-10-01"}],
            "fix": {"versions": ["99.0-1"], "state": "fixed"},
        });
        json!({"vulnerability": vulnerability, "relatedVulnerabilities": related, "artifact": artifact})
    };
    let status = json!({"schemaVersion": "v6.1.4", "built": "2026-11-01T00:00:00Z", "from": "file"});
    let report = |matches: &[Value]| {
        let descriptor = json!({"name": "grype", "version": "0.110.0", "db": {"status": status}});
        json!({"matches": matches, "descriptor": descriptor})
    };
    let components = json!([{"type": "library", "purl": purl}, {"type": "file"}, {"type": "operating-system"}]);
    let bill = json!({"bomFormat": "CycloneDX", "components": components});
    let findings = |found: Value| taken(Engine::Grype, &report(&[found]), &bill).unwrap().findings();
    let claim = taken(Engine::Grype, &report(&[of("CVE-2099-1", &["CVE-2099-1"])]), &bill).unwrap();
    assert_eq!((claim.scanner.uri.as_str(), claim.scanner.version.as_deref()), (Engine::Grype.uri(), Some("0.110.0")));
    assert_eq!(claim.scanner.db.version.as_deref(), Some("grype-db v6.1.4"));
    assert_eq!(claim.scanner.db.last_update, "2026-11-01T00:00:00Z");
    assert_eq!(claim.coverage, coverage(&[("deb", 1, true), ("cargo", 1, false)]));
    let [found] = &claim.findings()[..] else { panic!("one finding") };
    assert_eq!(found.known_exploited.as_deref(), Some("2026-10-01"));
    assert_eq!(found.epss.map(|epss| epss.score.number()), Some(0.51));
    let plain = Finding { known_exploited: None, epss: None, ..found.clone() };
    let sources = vec!["grype: debian:distro:debian:12".to_owned()];
    assert_eq!(plain, Finding { purls: vec![purl.to_owned()], sources, ..flaw() });
    // By its CVE number, where it has one; what is about several has its own name.
    for (name, related, expected, aliases) in [
        ("GHSA-1", &["CVE-2099-1"][..], "CVE-2099-1", &["GHSA-1"][..]),
        ("ALAS-1", &["CVE-2099-1", "CVE-2099-2"], "ALAS-1", &["CVE-2099-1", "CVE-2099-2"]),
        ("GHSA-2", &[], "GHSA-2", &[]),
    ] {
        let [found] = &findings(of(name, related))[..] else { panic!("one finding") };
        assert_eq!(
            (found.advisory.as_str(), found.aliases.iter().map(String::as_str).collect::<Vec<_>>().as_slice()),
            (expected, aliases),
            "{name}"
        );
    }
}

#[test]
fn what_is_no_report_is_an_error() {
    let version = json!({"Version": "0.59.1"});
    for (engine, report, aside, expected) in [
        (Engine::Trivy, json!({"SchemaVersion": 3}), &version, "the report that trivy wrote cannot be read"),
        (Engine::Trivy, json!([]), &version, "the report that trivy wrote cannot be read"),
        (Engine::Trivy, json!({"SchemaVersion": 2}), &json!({}), "the version that trivy wrote cannot be read"),
        (Engine::Grype, json!({"matches": 3}), &json!({}), "the report that grype wrote cannot be read"),
        (Engine::Grype, json!({"descriptor": {}}), &json!({}), "the report that grype wrote cannot be read"),
    ] {
        assert_eq!(taken(engine, &report, aside).unwrap_err().to_string(), expected, "{report}");
    }
}
