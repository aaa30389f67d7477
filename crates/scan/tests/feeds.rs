//! Feeds of all kinds, recognized by what is in them.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{claim, findings, read, record, scanned};
use consign_receipt::{Finding, FixStatus, Severity};
use consign_scan::{Built, Database};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use tempfile::TempDir;

/// Writes files, and reads each as a source of its own, or the folder that it lies in.
fn database(files: &[(&str, String)]) -> Database {
    let (_folder, paths) = written(files);
    read(&paths).unwrap()
}

fn written(files: &[(&str, String)]) -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let write = |(name, text): &(&str, String)| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        name.split_once('/').map_or(path, |(name, _)| folder.path().join(name))
    };
    let mut paths: Vec<PathBuf> = files.iter().map(write).collect();
    paths.dedup();
    (folder, paths)
}

fn said(found: &[Finding]) -> Vec<String> {
    let text = |finding: &Finding| {
        let status = finding.status.map(FixStatus::word).unwrap_or("?");
        format!("{} {} {} {status}", finding.package, finding.advisory, finding.fixed.as_deref().unwrap_or("-"))
    };
    found.iter().map(text).collect()
}

fn secdb(origin: Value, secfixes: Value) -> String {
    let mut document = json!({"reponame": "main", "packages": [{"pkg": {"name": "openssl", "secfixes": secfixes}}]});
    document.as_object_mut().unwrap().extend(origin.as_object().unwrap().clone());
    document.to_string()
}

#[test]
fn security_databases_of_alpine_wolfi_and_chainguard() {
    let fixes = json!({"3.1.0-r2": ["CVE-2026-1 GHSA-x ???"], "3.0.0-r0": ["CVE-2026-2"], "0": ["CVE-2026-3"]});
    let alpine = secdb(json!({"distroversion": "v3.20"}), fixes.clone());
    let edge = secdb(json!({"distroversion": "edge"}), fixes.clone());
    let wolfi = secdb(
        json!({"apkurl": "{{urlprefix}}", "urlprefix": "https://packages.wolfi.dev", "reponame": "os"}),
        fixes.clone(),
    );
    let chainguard =
        secdb(json!({"apkurl": "{{urlprefix}}", "urlprefix": "https://packages.cgr.dev/chainguard"}), fixes);
    let database = database(&[("a.json", alpine), ("e.json", edge), ("w.json", wolfi), ("c.json", chainguard)]);
    let names: Vec<&str> = database.feeds().iter().map(|feed| feed.name.as_str()).collect();
    assert_eq!(names, ["Alpine secdb edge main", "Alpine secdb v3.20 main", "Chainguard secdb main", "Wolfi secdb os"]);
    for (purl, expected) in [
        (
            "pkg:apk/alpine/libssl3@3.1.0-r1?distro=alpine-3.20.3&upstream=openssl",
            &["openssl CVE-2026-1 3.1.0-r2 fixed"][..],
        ),
        ("pkg:apk/alpine/libssl3@3.1.0-r2?distro=alpine-3.20.3&upstream=openssl", &[]),
        // The name of what is installed is nobody's origin.
        ("pkg:apk/alpine/openssl@3.1.0-r1?distro=alpine-3.20.3&upstream=other", &[]),
        ("pkg:apk/alpine/openssl@3.1.0-r1?distro=alpine-3.19.0", &[]),
        ("pkg:apk/alpine/openssl@3.1.0-r1?distro=alpine-3.23_alpha20260127", &["openssl CVE-2026-1 3.1.0-r2 fixed"]),
        (
            "pkg:apk/alpine/openssl@2.9-r0?distro=alpine-edge",
            &["openssl CVE-2026-1 3.1.0-r2 fixed", "openssl CVE-2026-2 3.0.0-r0 fixed"],
        ),
        (
            "pkg:apk/wolfi/libssl3@3.1.0-r1?distro=wolfi-20230201&upstream=openssl",
            &["openssl CVE-2026-1 3.1.0-r2 fixed"],
        ),
        // Wolfi names packages, too, that are installed.
        (
            "pkg:apk/wolfi/openssl@3.1.0-r1?distro=wolfi-20230201&upstream=openssl-fips",
            &["openssl-fips CVE-2026-1 3.1.0-r2 fixed"],
        ),
        ("pkg:apk/chainguard/openssl@3.1.0-r1", &["openssl CVE-2026-1 3.1.0-r2 fixed"]),
        ("pkg:apk/acme/openssl@1-r0?distro=alpine-3.20.3", &[]),
    ] {
        assert_eq!(said(&findings(&database, &[purl])), expected, "{purl}");
    }
    let found = findings(&database, &["pkg:apk/alpine/libssl3@3.1.0-r1?distro=alpine-3.20.3&upstream=openssl"]);
    assert_eq!(
        (found[0].aliases.join(" ").as_str(), found[0].sources.join(" ").as_str()),
        ("GHSA-x", "Alpine secdb v3.20 main")
    );
    // A repository with nothing against any package is about them all the same.
    let nothing = self::database(&[("a.json", secdb(json!({"distroversion": "v3.20"}), json!({"0": ["CVE-2026-3"]})))]);
    let coverage = claim(&scanned(&nothing, &["pkg:apk/alpine/openssl@1-r0?distro=alpine-3.20.3"])).coverage;
    assert!(coverage[0].covered);
}

#[test]
fn a_security_database_that_is_cut_off_is_no_feed() {
    let whole = "distroversion: v3.20\nreponame: main\npackages:\n- pkg:\n    name: a\n    secfixes:\n      1-r1:\n      - CVE-1\n- pkg:\n    name: b\n    secfixes:\n      1-r0:\n      - CVE-3\n      2-r1:\n      - CVE-2\n";
    let said = |name: &str, text: &str| {
        let (_folder, paths) = written(&[(name, text.to_owned())]);
        read(&paths).map(|database| database.records()).map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            cause.unwrap_or_else(|| error.to_string())
        })
    };
    assert_eq!(said("a.yaml", whole), Ok(3));
    let behind = |number: &str| whole.find(number).unwrap() + number.len();
    for end in 0..whole.len() {
        // Behind a list that is whole, nothing shows that more should follow.
        if ![behind("CVE-1\n"), behind("CVE-3\n")].contains(&end) {
            assert!(said("a.yaml", &whole[..end]).is_err(), "{:?}", &whole[..end]);
        }
    }
    let cut = "a version of its last package has no fix, or its last line no end: it may be cut off";
    assert_eq!(said("a.yaml", &whole[..whole.len() - 1]), Err(cut.to_owned()));
    assert_eq!(said("a.yaml", &whole[..whole.len() - "      - CVE-2\n".len()]), Err(cut.to_owned()));
    let empty = json!({"distroversion": "v3.24", "reponame": "main", "packages": []}).to_string();
    assert_eq!(said("a.json", &empty), Err("it names no fix of any package: it may be cut off".to_owned()));
    let unfixed =
        json!({"distroversion": "v3.24", "packages": [{"pkg": {"name": "a", "secfixes": {"1": null}}}]}).to_string();
    assert_eq!(said("a.json", &unfixed), Err("it names no fix of any package: it may be cut off".to_owned()));
}

#[test]
fn what_says_no_time_is_as_old_as_whoever_fetched_it_says() {
    let file = [("a.json", secdb(json!({"distroversion": "v3.20"}), json!({"1-r0": ["CVE-2026-1"]})))];
    let (_folder, paths) = written(&file);
    let purl = "pkg:apk/alpine/openssl@1-r0?distro=alpine-3.20.3";
    let at = |published: Option<&str>| {
        let built = Built::of(&paths, published.map(|time| time.parse().unwrap())).unwrap();
        let database = built.open("2026-11-21T00:00:00Z".parse().unwrap()).unwrap();
        claim(&scanned(&database, &[purl])).scanner.db.last_update
    };
    assert_eq!(at(None), "1970-01-01T00:00:00Z");
    assert_eq!(at(Some("2026-11-20T00:00:00Z")), "2026-11-20T00:00:00Z");
    assert_eq!(at(Some("2999-01-01T00:00:00Z")), "1970-01-01T00:00:00Z", "what is yet to come says nothing");
    // Nor is what was found before that time kept beyond it.
    let built = Built::of(&paths, Some("2026-11-20T00:00:00Z".parse().unwrap())).unwrap().bytes().to_vec();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("advisories.db"), built).unwrap();
    let state = |now: &str| Database::open(&folder.path().join("advisories.db"), now.parse().unwrap()).unwrap().state();
    let [before, after, later] =
        ["2026-11-19", "2026-11-21", "2026-11-22"].map(|day| state(&format!("{day}T00:00:00Z")));
    assert!(before != after && after == later);
    // Go's own repository has records of the year 1. One that is dated needs nobody's word.
    for (modified, published, expected) in [
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2026-11-20T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "2022-02-03T00:00:00Z", "2022-02-03T00:00:00Z"),
        ("2022-02-04T00:00:00Z", "2022-02-03T00:00:00Z", "2022-02-04T00:00:00Z"),
    ] {
        let record = common::with(record("X", "Go", "a", None), json!({"modified": modified, "published": published}));
        let (_folder, paths) = written(&[("a.json", record.to_string())]);
        let built = Built::of(&paths, Some("2026-11-20T00:00:00Z".parse().unwrap())).unwrap();
        let database = built.open("2026-11-21T00:00:00Z".parse().unwrap()).unwrap();
        let found = claim(&scanned(&database, &["pkg:golang/a@v1.0.0"])).scanner.db.last_update;
        assert_eq!(found, expected);
    }
}

fn tracker() -> Value {
    let release = |status: &str, fixed: Option<&str>, urgency: &str| json!({"status": status, "repositories": {"bookworm": "1.0-1"}, "fixed_version": fixed, "urgency": urgency});
    let nodsa = |reason: &str| json!({"status": "open", "repositories": {}, "urgency": "low", "nodsa": "Minor issue", "nodsa_reason": reason});
    json!({"tool": {
        "CVE-2026-1": {"description": "A flaw.", "releases": {
            "bookworm": release("resolved", Some("1.0-2"), "high"), "trixie": release("resolved", Some("0"), "high"),
        }},
        "CVE-2026-2": {"releases": {"bookworm": release("open", None, "not yet assigned"), "sid": release("open", None, "low")}},
        "CVE-2026-3": {"releases": {"bookworm": nodsa("ignored")}},
        "CVE-2026-4": {"releases": {"bookworm": nodsa("postponed")}},
        "CVE-2026-5": {"releases": {"bookworm": nodsa("")}},
        "CVE-2026-6": {"releases": {"bookworm": release("open", None, "end-of-life")}},
        "CVE-2026-7": {"releases": {"bookworm": release("undetermined", None, "unimportant")}},
        "CVE-2026-8": {"releases": {"bookworm": release("open", Some("9"), "unimportant")}},
    }})
}

#[test]
fn debian_says_what_is_fixed_and_what_is_not() {
    let database = database(&[("tracker.json", tracker().to_string())]);
    assert_eq!(database.records(), 8);
    let found = findings(&database, &["pkg:deb/debian/tool@1.0-1?distro=debian-12"]);
    let expected = [
        "tool CVE-2026-1 1.0-2 fixed",
        "tool CVE-2026-2 - affected",
        "tool CVE-2026-3 - will_not_fix",
        "tool CVE-2026-4 - fix_deferred",
        "tool CVE-2026-5 - affected",
        "tool CVE-2026-6 - end_of_life",
        "tool CVE-2026-7 - ?",
        "tool CVE-2026-8 - affected",
    ];
    assert_eq!(said(&found), expected);
    assert_eq!(
        (found[0].severity, found[1].severity, found[7].severity),
        (Some(Severity::High), None, Some(Severity::Low))
    );
    assert!(found[6].undetermined);
    assert_eq!(said(&findings(&database, &["pkg:deb/debian/tool@1.0-2?distro=debian-12"])).len(), 7);
    assert_eq!(findings(&database, &["pkg:deb/debian/tool@1.0-1?distro=debian-13"]), []);
}

#[test]
fn what_is_exploited_likely_and_bad_is_joined_by_number() {
    let advisory = record("GHSA-1", "PyPI", "flask", Some("2"));
    let advisory = common::with(advisory, json!({"aliases": ["CVE-2026-1"]}));
    let kev = json!({
        "catalogVersion": "2026.11.01", "dateReleased": "2026-11-01T00:00:00.0000Z",
        "vulnerabilities": [{"cveID": "CVE-2026-1", "dateAdded": "2026-10-05"}, {"cveID": "CVE-2026-9", "dateAdded": "2026-10-06", "vulnerabilityName": "Other"}],
    });
    let epss =
        "#model_version:v2025.03.14,score_date:2026-11-01T12:55:00Z\ncve,epss,percentile\nCVE-2026-1,0.00043,0.5\n";
    let metric = |vector: &str| json!([{"source": "nvd@nist.gov", "type": "Primary", "cvssData": {"vectorString": vector, "baseScore": 5.0}}]);
    let nvd = json!({
        "resultsPerPage": 2, "format": "NVD_CVE", "version": "2.0", "timestamp": "2026-11-02T03:04:05.000",
        "vulnerabilities": [
            {"cve": {"id": "CVE-2026-1", "vulnStatus": "Analyzed", "descriptions": [{"lang": "en", "value": "Words"}], "metrics": {
                "cvssMetricV31": metric("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), "cvssMetricV2": metric("AV:N/AC:L/Au:N/C:P/I:P/A:P"),
            }}},
            {"cve": {"id": "CVE-2026-7", "metrics": {"cvssMetricV2": metric("AV:N/AC:L/Au:N/C:P/I:P/A:P")}}},
        ],
    });
    let cve = json!({
        "dataType": "CVE_RECORD", "cveMetadata": {"cveId": "CVE-2026-1", "state": "PUBLISHED", "dateUpdated": "2026-11-03T00:00:00.000Z"},
        "containers": {"cna": {"title": "A title", "providerMetadata": {"shortName": "acme"}, "metrics": [{"format": "CVSS", "cvssV4_0": {"vectorString": "CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"}}]}},
    });
    let changes = json!({"fetchTime": "2026-11-03T00:00:00.000Z", "numberOfChanges": 0, "new": [], "updated": []});
    let files = [
        ("a.json", advisory.to_string()),
        ("kev.json", kev.to_string()),
        ("epss.csv", epss.to_owned()),
        ("nvd.json", nvd.to_string()),
        ("cvelist/cve.json", cve.to_string()),
        ("cvelist/delta.json", changes.to_string()),
        ("cvelist/deltaLog.json", json!([changes]).to_string()),
    ];
    let database = database(&files);
    let purl = "pkg:pypi/Flask@1.0";
    let found = findings(&database, &[purl]);
    assert_eq!(found.len(), 1);
    let finding = &found[0];
    assert_eq!((finding.advisory.as_str(), finding.severity), ("CVE-2026-1", Some(Severity::Critical)));
    assert_eq!(finding.known_exploited.as_deref(), Some("2026-10-05"));
    assert_eq!(finding.epss.map(|epss| (epss.score.number(), epss.percentile.number())), Some((0.00043, 0.5)));
    assert_eq!((finding.purls.join(" ").as_str(), finding.sources.join(" ").as_str()), (purl, "OSV: PyPI"));
    let stated = &claim(&scanned(&database, &[purl])).scanner.result[0].severity;
    let methods: Vec<&str> = stated.iter().map(|stated| stated.method.as_str()).collect();
    assert_eq!(methods, ["rating", "acme: CVSS_V4", "nvd@nist.gov: CVSS_V2", "nvd@nist.gov: CVSS_V3"]);
    // Of what no other feed has, severities are not kept; lists are kept whole.
    assert_eq!(database.vulnerabilities(), 2);
    assert_eq!(database.search("CVE-2026-9").unwrap()[0].known_exploited.as_deref(), Some("2026-10-06"));
    assert_eq!(database.search("CVE-2026-7").unwrap(), []);
    let searched = database.search("cve-2026-1").unwrap();
    assert_eq!((searched[0].id.as_str(), searched[0].packages[0].versions.as_str()), ("GHSA-1", "< 2"));
    assert_eq!(database.search("flask").unwrap(), searched);
    assert_eq!(database.search("pkg:pypi/flask@1").unwrap()[0].id, "GHSA-1");
    assert_eq!(database.search("pkg:pypi/flask@2").unwrap(), []);
    let feeds: Vec<(&str, u64)> = database.feeds().iter().map(|feed| (feed.name.as_str(), feed.records)).collect();
    assert_eq!(
        feeds,
        [("CISA known exploited vulnerabilities", 2), ("CVE list", 1), ("EPSS", 1), ("NVD", 2), ("OSV: PyPI", 1)]
    );
    // The order of sources changes nothing, nor how they are compressed.
    let (folder, mut paths) = written(&files);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(epss.as_bytes()).unwrap();
    paths[2] = folder.path().join("epss.csv.gz");
    std::fs::write(&paths[2], gzip.finish().unwrap()).unwrap();
    paths.reverse();
    assert_eq!(read(&paths).unwrap().digest(), database.digest());
}

#[test]
fn a_search_by_package_url_finds_what_a_scan_does() {
    let wolfi = record("CVE-1", "Wolfi", "py3.12-foo", Some("2-r0"));
    let mut modular = record("ALSA-1", "AlmaLinux:8", "ruby", Some("2.5.9-107.module_el8.4.0+1"));
    modular["summary"] = "Moderate: ruby:2.5 security update".into();
    let spring = record("GHSA-1", "Maven", "org.springframework:spring-beans", Some("5.3.18"));
    let database = common::database(&[wolfi, modular, spring]);
    let ids = |purl: &str| {
        let found = database.search(purl).unwrap();
        found.into_iter().map(|found| found.id).collect::<Vec<_>>()
    };
    for (purl, expected) in [
        ("pkg:apk/wolfi/py3.12-foo@1-r0?upstream=py3-foo", &["CVE-1"][..]),
        ("pkg:apk/wolfi/py3.12-foo@2-r0?upstream=py3-foo", &[]),
        ("pkg:apk/wolfi/py3.12-foo?upstream=py3-foo", &["CVE-1"]),
        ("pkg:rpm/almalinux/ruby@2.5.5-1.module_el8.1.0%2B2?distro=almalinux-8.7&rpmmod=ruby:2.5", &["ALSA-1"]),
        ("pkg:rpm/almalinux/ruby@2.4.5-1.module_el8.1.0%2B2?distro=almalinux-8.7&rpmmod=ruby:2.4", &[]),
        ("pkg:rpm/almalinux/ruby@2.5.5-1.el8?distro=almalinux-8.7", &[]),
        ("pkg:maven/spring-beans@5.3.17", &["GHSA-1"]),
    ] {
        assert_eq!(ids(purl), expected, "{purl}");
        assert_eq!(findings(&database, &[purl]).len(), expected.len(), "{purl}");
    }
    let found = database.search("pkg:maven/spring-beans@5.3.17").unwrap();
    assert_eq!(found[0].packages[0].package, "org.springframework:spring-beans");
    let error = database.search("pkg:deb").unwrap_err().to_string();
    assert!(error.starts_with("`pkg:deb` is no package URL"), "{error}");
}

#[test]
fn what_is_no_feed_is_named() {
    for (name, text, expected) in [
        ("x.json", "{}", "x.json is neither an OSV record nor any other feed of advisories that is known"),
        (
            "x.json",
            "{\"a\": {\"b\": 1}}",
            "x.json is neither an OSV record nor any other feed of advisories that is known",
        ),
        ("x.json", "[1]", "x.json cannot be read as a feed of advisories"),
        ("x.csv", "a,b\n1,2\n", "x.csv is neither an OSV record nor any other feed of advisories that is known"),
        (
            "x.csv",
            "cve,epss,percentile\nCVE-1,x,y\n",
            "x.csv is taken for a table of EPSS scores, and cannot be read as one",
        ),
        (
            "x.json",
            "{\"catalogVersion\": \"1\", \"vulnerabilities\": [{\"cveID\": 1}]}",
            "x.json is taken for a catalog of known exploited vulnerabilities, and cannot be read as one",
        ),
        (
            "x.json",
            "{\"resultsPerPage\": 1, \"vulnerabilities\": 1}",
            "x.json is taken for a feed of the NVD, and cannot be read as one",
        ),
        ("x.json", "{\"cveMetadata\": {}}", "x.json is taken for a CVE record, and cannot be read as one"),
        (
            "x.json",
            "{\"reponame\": \"os\", \"packages\": []}",
            "x.json is taken for a security database of Alpine, Wolfi or Chainguard, and cannot be read as one",
        ),
        (
            "x.yaml",
            "distroversion: v3.20\npackages: [1]\n",
            "x.yaml is taken for a security database of Alpine, Wolfi or Chainguard, and cannot be read as one",
        ),
        (
            "x.json",
            "{\"tool\": {\"CVE-1\": {\"releases\": {\"sid\": {}}}}}",
            "x.json is taken for a file of Debian's security tracker, and cannot be read as one",
        ),
    ] {
        let (_folder, paths) = written(&[(name, text.to_owned())]);
        let error = read(&paths).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{text}: {error}");
    }
}

#[test]
fn databases_are_told_apart() {
    let old = [record("A", "Debian:12", "a", None), record("B", "Debian:12", "b", None)];
    let new = [record("B", "Debian:12", "b", Some("2")), record("C", "Debian:12", "c", None)];
    let difference = common::database(&old).difference(&common::database(&new)).unwrap();
    let ids = |advisories: &[consign_scan::ChangedAdvisory]| {
        advisories.iter().map(|advisory| advisory.id.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        (ids(&difference.added), ids(&difference.removed), ids(&difference.changed)),
        ("C".into(), "A".into(), "B".into())
    );
    let same = common::database(&old).difference(&common::database(&old)).unwrap();
    assert_eq!(same, consign_scan::Difference::default());
}
