//! Packages of languages, and of distributions made of rpm packages.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{claim, database, findings, judged, record, sbom, scanned, with};
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
fn what_a_record_says_beside_its_ranges() {
    let mut record = semantic("npm", "xlsx", "1.0.0");
    let open = json!([{"introduced": "0"}]);
    let with_end = json!([{"introduced": "0"}, {"fixed": "0.5.0"}]);
    let several = json!([{"introduced": "0"}, {"fixed": "0.1.0"}, {"introduced": "0.2.0"}]);
    for (events, words, version, expected) in [
        // What has no end ends there, published at the registry or not.
        (&open, json!("< 0.19.3"), "0.19.2", &["xlsx X-1 0.19.3"][..]),
        (&open, json!("< 0.19.3"), "0.20.3", &[]),
        (&open, json!("<= 1.0.0"), "1.0.0", &["xlsx X-1 -"]),
        (&open, json!("<= 1.0.0"), "9.0.0", &[]),
        (&open, json!("soon"), "9.0.0", &["xlsx X-1 -"]),
        (&open, json!(["< 1"]), "9.0.0", &["xlsx X-1 -"]),
        (&open, json!("< x y"), "9.0.0", &["xlsx X-1 -"]),
        (&open, Value::Null, "9.0.0", &["xlsx X-1 -"]),
        // What says itself where it ends needs no other word.
        (&with_end, json!("< 0.1.0"), "0.4.0", &["xlsx X-1 0.5.0"]),
        (&several, json!("< 0.1.0"), "0.4.0", &["xlsx X-1 -"]),
    ] {
        record["affected"][0]["ranges"][0]["events"] = events.clone();
        record["affected"][0]["database_specific"] = json!({"last_known_affected_version_range": words});
        assert_eq!(said(&[record.clone()], &format!("pkg:npm/xlsx@{version}")), expected, "{events} {words}");
    }
    // Commits say nothing about versions.
    record["affected"][0]["ranges"] = json!([
        {"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]},
        {"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"last_affected": "2.0.0"}]},
    ]);
    assert_eq!(said(&[record.clone()], "pkg:npm/xlsx@2.0.0"), ["xlsx X-1 -"]);
    assert_eq!(said(&[record], "pkg:npm/xlsx@2.0.1"), [""; 0]);
}

#[test]
fn local_labels_of_python() {
    let mut torch = record("PYSEC-1", "PyPI", "torch", None);
    torch["affected"][0]["ranges"][0]["events"] = json!([{"introduced": "0"}, {"last_affected": "2.10.0"}]);
    torch["affected"][0]["versions"] = json!(["2.9.0", "2.10.0"]);
    for (version, expected) in [("2.10.0%2Bcpu", 1), ("2.9.0%2Bcu126", 1), ("2.10.1%2Bcpu", 0), ("2.10.0", 1)] {
        assert_eq!(said(&[torch.clone()], &format!("pkg:pypi/torch@{version}")).len(), expected, "{version}");
    }
}

#[test]
fn archives_of_java_without_a_group_are_told_and_never_clean() {
    let spring = record("CVE-2022-22965", "Maven", "org.springframework:spring-beans", Some("5.3.18"));
    let records = [spring, record("X", "Maven", "org.other:spring-core", None)];
    let (old, fixed) = ("pkg:maven/spring-beans@5.3.17", "pkg:maven/spring-beans@5.3.18");
    assert_eq!(said(&records, old), ["spring-beans CVE-2022-22965 -?"]);
    assert_eq!(said(&records, fixed), [""; 0]);
    let database = database(&records);
    let found = &findings(&database, &[old])[0];
    assert_eq!(
        found.to_string(),
        "spring-beans 5.3.17: CVE-2022-22965, severity unknown, no fixed version; nothing says of which group it is"
    );
    for purl in [old, fixed, "pkg:maven/unheard-of@1"] {
        let (_, parts) = judged(&database, &sbom(&[purl]), None);
        assert_eq!(parts, ["not compared: 1 of Maven artifacts whose group is not known"]);
    }
}

#[test]
fn epochs_of_sources_of_rpm() {
    let perl = record("RLSA-1", "Rocky Linux:9", "perl", Some("4:5.32.1-481.el9"));
    let httpd = record("RLSA-2", "Rocky Linux:9", "httpd", Some("0:2.4.57-11.el9_4"));
    let database = database(&[perl, httpd]);
    let purl = |name: &str, version: &str, epoch: &str, source: &str| {
        let epoch = if epoch.is_empty() { String::new() } else { format!("&epoch={epoch}") };
        format!("pkg:rpm/rocky/{name}@{version}?distro=rocky-9.4{epoch}&upstream={source}.src.rpm")
    };
    // The package has no epoch, its source has 4.
    let patched = purl("perl-Errno", "1.30-481.1.el9", "", "perl-5.32.1-481.1.el9");
    let unpatched = purl("perl-Errno", "1.30-480.el9", "", "perl-5.32.1-480.el9");
    let perl =
        |release: &str| purl("perl", &format!("5.32.1-{release}.el9"), "4", &format!("perl-5.32.1-{release}.el9"));
    // The package has 1, its source none.
    let old_module = purl("mod_ssl", "2.4.57-8.el9", "1", "httpd-2.4.57-8.el9");
    let new_module = purl("mod_ssl", "2.4.57-11.el9_4", "1", "httpd-2.4.57-11.el9_4");
    for (purls, expected) in [
        (vec![&patched], &[][..]),
        (vec![&unpatched], &["perl RLSA-1"]),
        (vec![&patched, &perl("481.1")], &[]),
        (vec![&unpatched, &perl("480")], &["perl RLSA-1"]),
        (vec![&old_module], &["httpd RLSA-2"]),
        (vec![&new_module], &[]),
    ] {
        let purls: Vec<&str> = purls.into_iter().map(String::as_str).collect();
        assert_eq!(judged(&database, &sbom(&purls), None).0, expected, "{purls:?}");
    }
}

#[test]
fn what_rustsec_says_of_maintenance_and_of_other_systems() {
    let rust = |id: &str, package: &str, specific: Value| {
        let mut record = semantic("crates.io", package, "9.0.0");
        record["id"] = id.into();
        record["affected"][0].as_object_mut().unwrap().extend(specific.as_object().unwrap().clone());
        record
    };
    let only = |key: &str, words: &[&str]| json!({"ecosystem_specific": {"affects": {key: words}, "affected_functions": null}});
    let informational = |word: &str| json!({"database_specific": {"informational": word, "cvss": null}});
    let database = database(&[
        rust("RUSTSEC-2021-0139", "ansi_term", informational("unmaintained")),
        rust("RUSTSEC-2021-0145", "atty", informational("unsound")),
        rust("RUSTSEC-2024-0019", "mio", only("os", &["windows"])),
        rust("RUSTSEC-2022-0001", "simd", only("arch", &["aarch64"])),
        rust("RUSTSEC-2022-0002", "any", only("os", &[])),
    ]);
    let purls = ["ansi_term", "atty", "mio", "simd", "any"].map(|name| format!("pkg:cargo/{name}@0.8.10"));
    let purls: Vec<&str> = purls.iter().map(String::as_str).collect();
    for (platform, expected) in [
        ("linux/amd64", &["RUSTSEC-2021-0139", "RUSTSEC-2022-0002", "RUSTSEC-2021-0145"][..]),
        ("linux/arm64", &["RUSTSEC-2021-0139", "RUSTSEC-2022-0002", "RUSTSEC-2021-0145", "RUSTSEC-2022-0001"]),
        ("windows/amd64", &["RUSTSEC-2021-0139", "RUSTSEC-2022-0002", "RUSTSEC-2021-0145", "RUSTSEC-2024-0019"]),
    ] {
        let found = judged(&database, &sbom(&purls), Some(platform)).0;
        let found: Vec<&str> = found.iter().map(|found| found.split_once(' ').unwrap().1).collect();
        assert_eq!(found, expected, "{platform}");
    }
    let severities: Vec<String> =
        findings(&database, &purls[..2]).iter().map(consign_receipt::Finding::severity_text).collect();
    assert_eq!(severities, ["none (unmaintained)", "unknown"]);
}

#[test]
fn errata_of_almalinux() {
    let erratum = |id: &str, summary: &str, related: &[&str]| {
        let record = record(id, "AlmaLinux:8", "dbus", Some("1:1.12.8-18.el8"));
        with(record, json!({"summary": summary, "related": related}))
    };
    let records = [
        erratum("ALSA-1", "Critical: dbus security update", &["CVE-2026-1", "CVE-2026-2"]),
        erratum("ALBA-2022:2071", "dbus bug fix and enhancement update", &[]),
        erratum("ALEA-1", "dbus enhancement update", &["RHEA-1"]),
        erratum("ALBA-2", "dbus bug fix update", &["CVE-2026-3"]),
    ];
    let folder = tempfile::tempdir().unwrap();
    common::write(folder.path(), &records);
    let kev = json!({"dateReleased": "2026-01-10T00:00:00Z", "catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2026-2", "dateAdded": "2026-01-09"}]});
    std::fs::write(folder.path().join("kev.json"), kev.to_string()).unwrap();
    let database = common::read([folder.path()]).unwrap();
    assert_eq!(database.records(), 4);
    let found = findings(&database, &["pkg:rpm/almalinux/dbus@1.12.8-14.el8?distro=almalinux-8.10&epoch=1"]);
    let text = |finding: &consign_receipt::Finding| {
        let exploited = finding.known_exploited.as_deref().unwrap_or("-");
        format!("{} {} {exploited} {}", finding.advisory, finding.severity_text(), finding.aliases.join(" "))
    };
    let found: Vec<String> = found.iter().map(text).collect();
    assert_eq!(found, ["ALBA-2 unknown - ", "ALSA-1 critical 2026-01-09 "]);
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
fn until_when_the_distribution_is_looked_after_is_stated() {
    let database = database(&[record("X", "Alpine:v3.11", "a", None)]);
    let mut document = sbom(&["pkg:apk/alpine/a@1-r0?distro=alpine-3.11.5"]);
    let system = json!({"name": "alpine", "versionInfo": "3.11.5", "primaryPackagePurpose": "OPERATING-SYSTEM"});
    document["packages"].as_array_mut().unwrap().push(system);
    let digest = Digest::of(b"manifest");
    let subject = Subject { digest: &digest, platform: None, sbom: &document, created: None };
    let lifetime = claim(&scan(&subject, &database).unwrap()).lifetime.unwrap();
    assert_eq!((lifetime.release.as_str(), lifetime.ends.as_deref()), ("alpine 3.11", Some("2021-11-01")));
    assert_eq!(claim(&scanned(&database, &["pkg:apk/alpine/a@1-r0?distro=alpine-3.11.5"])).lifetime, None);
}
