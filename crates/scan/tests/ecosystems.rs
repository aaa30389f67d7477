//! Packages of languages, and of distributions made of rpm packages.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{claim, database, findings, record, sbom, scanned, with};
use consign_oci::Digest;
use consign_scan::{Subject, scan};
use serde_json::{Value, json};

fn said(records: &[Value], purl: &str) -> Vec<String> {
    let text = |finding: &consign_receipt::Finding| {
        let mark = if finding.undetermined { "?" } else { "" };
        format!("{} {} {}{mark}", finding.package, finding.advisory, finding.fixed.as_deref().unwrap_or("-"))
    };
    findings(&database(records), &[purl]).iter().map(text).collect()
}

fn semantic(ecosystem: &str, package: &str, fixed: &str) -> Value {
    let mut record = record("X-1", ecosystem, package, Some(fixed));
    record["affected"][0]["ranges"][0]["type"] = json!("SEMVER");
    record
}

#[test]
fn packages_of_languages() {
    /// The record, what is there, and whether it is affected; `None`: nobody knows.
    type Case = (Value, &'static str, Option<bool>);
    let cases: Vec<Case> = vec![
        (record("X-1", "PyPI", "Flask.SQLAlchemy", Some("2.0")), "pkg:pypi/flask-sqlalchemy@2.0rc1", Some(true)),
        (record("X-1", "PyPI", "flask", Some("2.0")), "pkg:pypi/flask@2.0.post1", Some(false)),
        (record("X-1", "PyPI", "flask", Some("2.0")), "pkg:pypi/flask", None),
        (semantic("PyPI", "flask", "2.0"), "pkg:pypi/flask@1", None),
        (semantic("npm", "@scope/a", "1.2.3"), "pkg:npm/%40scope/a@1.2.3-rc.1", Some(true)),
        (semantic("npm", "@scope/a", "1.2.3"), "pkg:npm/a@1.0.0", Some(false)),
        (semantic("npm", "JSONStream", "1.2.3"), "pkg:npm/jsonstream@1.0.0", Some(true)),
        (
            semantic("Go", "github.com/BurntSushi/toml", "1.0.0"),
            "pkg:golang/github.com/burntsushi/toml@v0.9.0",
            Some(true),
        ),
        (
            semantic("Go", "golang.org/x/net", "0.7.0"),
            "pkg:golang/golang.org/x/net@v0.0.0-20210226172049-e18ecbb05110",
            Some(true),
        ),
        (semantic("Go", "golang.org/x/net", "0.7.0"), "pkg:golang/golang.org/x/net@v0.7.0", Some(false)),
        (semantic("Go", "github.com/a/b", "1.0.0"), "pkg:golang/github.com/a/b@(devel)", None),
        (semantic("Go", "github.com/a/b", "1.0.0"), "pkg:golang/github.com/a/b@v2.0.0%2Bincompatible", Some(false)),
        (semantic("Go", "stdlib", "1.21.9"), "pkg:golang/stdlib@1.21.8", Some(true)),
        (semantic("Go", "stdlib", "1.21.9"), "pkg:golang/stdlib@go1.21.9", Some(false)),
        (semantic("crates.io", "time", "0.2.23"), "pkg:cargo/time@0.2.22", Some(true)),
        (
            semantic("crates.io", "time", "0.2.23"),
            "pkg:cargo/time@0.2.22?repository_url=https://example.org",
            Some(false),
        ),
        (record("X-1", "Maven", "org.a:b", Some("2.17.0")), "pkg:maven/org.a/b@2.14.1?type=jar", Some(true)),
        (record("X-1", "Maven", "org.a:b", Some("2.17.0")), "pkg:maven/org.b/b@2.14.1", Some(false)),
        (record("X-1", "RubyGems", "rack", Some("2.2.3.1")), "pkg:gem/rack@2.2.3", Some(true)),
        (
            record("X-1", "Packagist", "Symfony/Http-Kernel", Some("5.4.20")),
            "pkg:composer/symfony/http-kernel@v5.4.1",
            Some(true),
        ),
        (record("X-1", "NuGet", "Newtonsoft.Json", Some("13.0.1")), "pkg:nuget/newtonsoft.json@12.0.3", Some(true)),
        (record("X-1", "NuGet", "Newtonsoft.Json", Some("13.0.1")), "pkg:nuget/Newtonsoft.Json@13.0.1.0", Some(false)),
        (record("X-1", "Maven:https://example.org", "org.a:b", Some("2")), "pkg:maven/org.a/b@1", Some(false)),
    ];
    for (record, purl, expected) in cases {
        let found = findings(&database(&[record]), &[purl]);
        let effect = match &found[..] {
            [] => Some(false),
            [only] => (!only.undetermined).then_some(true),
            _ => panic!("{found:?}"),
        };
        assert_eq!(effect, expected, "{purl}");
    }
}

#[test]
fn what_a_record_says_beside_its_ranges_is_no_range() {
    let mut record = semantic("npm", "a", "1.0.0");
    record["affected"][0]["ranges"][0]["events"] = json!([{"introduced": "0"}]);
    record["affected"][0]["database_specific"] = json!({"last_known_affected_version_range": "<= 1.0.0"});
    assert_eq!(said(&[record.clone()], "pkg:npm/a@9.0.0"), ["a X-1 -"]);
    // Commits say nothing about versions.
    record["affected"][0]["ranges"] = json!([
        {"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]},
        {"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"last_affected": "2.0.0"}]},
    ]);
    assert_eq!(said(&[record.clone()], "pkg:npm/a@2.0.0"), ["a X-1 -"]);
    assert_eq!(said(&[record], "pkg:npm/a@2.0.1"), [""; 0]);
}

#[test]
fn packages_of_rpm() {
    let alma = |package: &str, fixed: &str| {
        with(
            record("ALSA-1", "AlmaLinux:8", package, Some(fixed)),
            json!({"summary": "Moderate: ruby:2.5 security update"}),
        )
    };
    let purl = |name: &str, version: &str, more: &str| {
        format!("pkg:rpm/almalinux/{name}@{version}?arch=x86_64&distro=almalinux-8.7{more}")
    };
    let source = "&upstream=openssl-1.1.1k-5.el8.src.rpm";
    for (record, purl, expected) in [
        (
            alma("openssl-libs", "1:1.1.1k-9.el8_7"),
            purl("openssl-libs", "1.1.1k-5.el8", "&epoch=1"),
            &["openssl-libs ALSA-1 1:1.1.1k-9.el8_7"][..],
        ),
        (alma("openssl-libs", "1:1.1.1k-9.el8_7"), purl("openssl-libs", "1.1.1k-9.el8_7", "&epoch=1"), &[]),
        (
            alma("openssl-libs", "1:1.1.1k-9.el8_7"),
            purl("openssl-libs", "1:1.1.1k-5.el8", ""),
            &["openssl-libs ALSA-1 1:1.1.1k-9.el8_7"],
        ),
        // AlmaLinux names what is installed, not its source.
        (alma("openssl", "1:1.1.1k-9.el8_7"), purl("openssl-libs", "1.1.1k-5.el8", &format!("&epoch=1{source}")), &[]),
        // A stream of modules is compared with itself.
        (
            alma("ruby", "2.5.9-107.module_el8.4.0+1"),
            purl("ruby", "2.5.5-105.module_el8.1.0%2B214", "&rpmmod=ruby:2.5:8010"),
            &["ruby ALSA-1 2.5.9-107.module_el8.4.0+1"],
        ),
        (
            alma("ruby", "2.5.9-107.module_el8.4.0+1"),
            purl("ruby", "2.4.0-1.module_el8.1.0%2B214", "&rpmmod=ruby%3A2.4%3A8010"),
            &[],
        ),
        (alma("ruby", "2.5.9-107.module_el8.4.0+1"), purl("ruby", "2.5.5-105.el8", ""), &[]),
        (alma("ruby", "2.5.9-107.el8"), purl("ruby", "2.5.5-105.module_el8.1.0%2B214", ""), &[]),
        (
            record("RLSA-1", "Rocky Linux:8", "openssl", Some("1:1.1.1k-9.el8_7")),
            format!("pkg:rpm/rocky/openssl-libs@1.1.1k-5.el8?distro=rocky-8.7&epoch=1{source}"),
            &["openssl RLSA-1 1:1.1.1k-9.el8_7"],
        ),
        (
            record("SUSE-1", "SUSE:Linux Enterprise Module for Basesystem 15 SP5", "bash", Some("4.4-2")),
            "pkg:rpm/suse/bash@4.4-1?distro=sles-15.5".to_owned(),
            &["bash SUSE-1 4.4-2"],
        ),
        (
            record("RHSA-1", "Red Hat:enterprise_linux:9::baseos", "bash", Some("0:5.1-2")),
            "pkg:rpm/redhat/bash@5.1-1?distro=rhel-9.2".to_owned(),
            &["bash RHSA-1 0:5.1-2"],
        ),
    ] {
        assert_eq!(said(&[record], &purl), expected, "{purl}");
    }
    // Builds for several contexts are free of it, each as it is.
    let mut several = alma("ruby", "2.5.9-107.module_el8.4.0+259");
    let other = alma("ruby", "2.5.9-107.module_el8.4.0+2625")["affected"][0].clone();
    several["affected"].as_array_mut().unwrap().push(other);
    assert_eq!(said(&[several.clone()], &purl("ruby", "2.5.9-107.module_el8.4.0%2B259", "")), [""; 0]);
    assert_eq!(
        said(&[several], &purl("ruby", "2.5.9-106.module_el8.4.0%2B1", "")),
        ["ruby ALSA-1 2.5.9-107.module_el8.4.0+2625"]
    );
}

#[test]
fn what_others_made_is_neither_compared_nor_clean() {
    let database = database(&[record("ALSA-1", "AlmaLinux:9", "docker-ce", None)]);
    let mut document = sbom(&[
        "pkg:rpm/almalinux/docker-ce@25-1?distro=almalinux-9.3",
        "pkg:rpm/almalinux/bash@5-1?distro=almalinux-9.3",
    ]);
    document["packages"][1]["supplier"] = json!("Organization: Docker");
    document["packages"][2]["supplier"] = json!("Organization: AlmaLinux");
    let digest = Digest::of(b"manifest");
    let claim = claim(&scan(&Subject { digest: &digest, sbom: &document, created: None }, &database).unwrap());
    assert_eq!(claim.findings(), []);
    let coverage: Vec<_> =
        claim.coverage.iter().map(|part| (part.ecosystem.as_str(), part.packages, part.covered)).collect();
    assert_eq!(coverage, [("AlmaLinux:9", 1, true), ("rpm of Docker", 1, false)]);
}

#[test]
fn the_distribution_alone_judges_what_it_brought() {
    let database = database(&[record("PYSEC-1", "PyPI", "requests", None), record("X", "Debian:12", "other", None)]);
    let (own, other) = ("pkg:pypi/requests@2.28.1", "pkg:pypi/requests@2.0");
    let mut document = sbom(&[own, other, "pkg:deb/debian/python3-requests@2.28.1-1?distro=debian-12"]);
    for (number, package) in document["packages"].as_array_mut().unwrap().iter_mut().enumerate() {
        package["SPDXID"] = format!("SPDXRef-{number}").into();
    }
    // That the image contains the other one says nothing of who brought it.
    let contains =
        |from: &str, to: &str| json!({"spdxElementId": from, "relationshipType": "CONTAINS", "relatedSpdxElement": to});
    document["relationships"] = json!([contains("SPDXRef-3", "SPDXRef-1"), contains("SPDXRef-0", "SPDXRef-2")]);
    let digest = Digest::of(b"manifest");
    let claim = claim(&scan(&Subject { digest: &digest, sbom: &document, created: None }, &database).unwrap());
    assert_eq!(claim.findings().iter().map(|finding| finding.version.as_str()).collect::<Vec<_>>(), ["2.0"]);
    let coverage: Vec<_> = claim.coverage.iter().map(|part| (part.ecosystem.as_str(), part.packages)).collect();
    assert_eq!(coverage, [("Debian:12", 1), ("PyPI", 1), ("PyPI in packages of Debian:12", 1)]);
}

#[test]
fn until_when_the_distribution_is_looked_after_is_stated() {
    let database = database(&[record("X", "Alpine:v3.11", "a", None)]);
    let mut document = sbom(&["pkg:apk/alpine/a@1-r0?distro=alpine-3.11.5"]);
    let system = json!({"name": "alpine", "versionInfo": "3.11.5", "primaryPackagePurpose": "OPERATING-SYSTEM"});
    document["packages"].as_array_mut().unwrap().push(system);
    let digest = Digest::of(b"manifest");
    let subject = Subject { digest: &digest, sbom: &document, created: None };
    let lifetime = claim(&scan(&subject, &database).unwrap()).lifetime.unwrap();
    assert_eq!((lifetime.release.as_str(), lifetime.ends.as_str()), ("alpine 3.11", "2021-11-01"));
    assert_eq!(claim(&scanned(&database, &["pkg:apk/alpine/a@1-r0?distro=alpine-3.11.5"])).lifetime, None);
}
