//! What documents of OpenVEX that are made say: of which images, and what.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use consign_oci::{Digest, Platform};
use consign_receipt::{AdvisoryRules, Exception, Finding, IgnoredAdvisory, Severity, VexDocument};
use consign_report::{AdvisoryReport, DatabaseReport, PlatformName, ScanReport, VexProduct, VexProducts, openvex};
use jiff::civil::{Date, date};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const TODAY: Date = date(2026, 11, 21);
const AMD64: &str = "linux/amd64";
const ARM64: &str = "linux/arm64";

fn finding(architecture: &str) -> Finding {
    Finding {
        package: "openssl".into(),
        version: "3.0.1-1".into(),
        advisory: "CVE-1".into(),
        aliases: vec!["DSA-1".into()],
        severity: Some(Severity::High),
        fixed: Some("3.0.1-2".into()),
        purls: vec![format!("pkg:deb/debian/libssl3@3.0.1-1?arch={architecture}")],
        ..Finding::default()
    }
}

/// An entry of the ignore list; with package URLs, as a document of OpenVEX makes it on one platform.
fn entry(reason: &str, platform: Option<&str>, purls: &[String]) -> IgnoredAdvisory {
    IgnoredAdvisory {
        advisory: "CVE-1".into(),
        package: None,
        purl: None,
        purls: purls.to_vec(),
        listed: None,
        exception: Exception {
            platforms: platform.into_iter().map(|platform| platform.parse().unwrap()).collect(),
            reason: reason.into(),
            owner: "team@example.org".into(),
            until: None,
        },
    }
}

/// Judges what was found.
fn judged(found: &[(&str, Finding)], ignore: Vec<IgnoredAdvisory>) -> Vec<AdvisoryReport> {
    let name = |platform: &str| PlatformName::from(platform.parse::<Platform>().unwrap());
    let found: Vec<(PlatformName, &Finding)> =
        found.iter().map(|(platform, finding)| (name(platform), finding)).collect();
    let rules = AdvisoryRules { ignore, ..AdvisoryRules::new(Severity::Low) };
    AdvisoryReport::all(found.iter().map(|(platform, finding)| (platform, *finding)), Some((&rules, TODAY)))
}

fn report(advisories: Vec<AdvisoryReport>) -> ScanReport {
    ScanReport {
        reference: "oci:a".into(),
        database: Some(DatabaseReport {
            scanner: None,
            digest: Some(Digest::of(b"d")),
            records: Some(2),
            last_update: "2026-01-02T03:04:05Z".into(),
        }),
        platforms: Vec::new(),
        advisories,
        differences: Vec::new(),
        findings: Vec::new(),
        since: None,
        warnings: Vec::new(),
    }
}

/// Names a platform on which this was found.
fn product(platform: &str, id: &str, found: &[(&str, Finding)]) -> VexProduct {
    let found = found.iter().filter(|(on, _)| *on == platform).map(|(_, finding)| finding.clone());
    VexProduct::new(platform.to_owned(), id.to_owned(), found)
}

/// Names an image of two platforms.
fn products(found: &[(&str, Finding)]) -> VexProducts {
    let platforms = [AMD64, ARM64].map(|platform| product(platform, &format!("pkg:oci/a?of={platform}"), found));
    VexProducts { index: Some("pkg:oci/a".into()), platforms: platforms.into() }
}

fn made(advisories: Vec<AdvisoryReport>, products: &VexProducts) -> Value {
    let document = openvex(&report(advisories), products, "consign");
    // Whatever is made is read, and all of it counts.
    assert_eq!(VexDocument::read(&document).unwrap().unjustified().count(), 0, "{document}");
    document
}

/// Says what each statement says, and of which products.
fn said(document: &Value) -> Vec<String> {
    let statements = document["statements"].as_array().unwrap().iter();
    let said = statements.map(|said| {
        let products = said["products"].as_array().unwrap().iter();
        let products: Vec<&str> = products.map(|product| product["@id"].as_str().unwrap()).collect();
        format!("{}: {}", said["status"].as_str().unwrap(), products.join(" "))
    });
    said.collect()
}

#[test]
fn of_the_whole_image_nothing_is_said_that_is_not_so_on_each_platform() {
    let whole = "affected: pkg:oci/a pkg:oci/a?of=linux/amd64 pkg:oci/a?of=linux/arm64";
    let both = "affected: pkg:oci/a?of=linux/amd64 pkg:oci/a?of=linux/arm64";
    let (amd64, arm64) = ("affected: pkg:oci/a?of=linux/amd64", "affected: pkg:oci/a?of=linux/arm64");
    let everywhere = || vec![(AMD64, finding("amd64")), (ARM64, finding("arm64"))];
    let newer = Finding { version: "3.0.1-1.1".into(), ..finding("arm64") };
    let ignored = |platform| vec![entry("why", Some(platform), &[])];
    type Found = [(&'static str, Finding)];
    let part = |found: &Found| VexProducts { index: None, ..products(found) };
    let alone = |found: &Found| VexProducts { index: None, platforms: products(found).platforms.split_off(1) };
    // Of a layout with one platform and no index, both are the same.
    let same = |found: &Found| {
        let platforms = vec![product(ARM64, "pkg:oci/a", found)];
        VexProducts { index: Some("pkg:oci/a".into()), platforms }
    };
    type Products<'a> = &'a dyn Fn(&Found) -> VexProducts;
    for (what, found, ignore, products, expected) in [
        ("everywhere", everywhere(), vec![], &products as Products<'_>, vec![whole]),
        ("on one platform", vec![(ARM64, finding("arm64"))], vec![], &products, vec![arm64]),
        ("in two versions", vec![(AMD64, finding("amd64")), (ARM64, newer)], vec![], &products, vec![amd64, arm64]),
        ("accepted on one", everywhere(), ignored(ARM64), &products, vec![amd64, arm64]),
        ("not all looked at", everywhere(), vec![], &part, vec![both]),
        ("one looked at", vec![(ARM64, finding("arm64"))], vec![], &alone, vec![arm64]),
        ("one that is all", vec![(ARM64, finding("arm64"))], vec![], &same, vec!["affected: pkg:oci/a"]),
        ("nothing", vec![], vec![], &products, vec![]),
    ] {
        assert_eq!(said(&made(judged(&found, ignore), &products(&found))), expected, "{what}");
    }
}

#[test]
fn each_status_has_the_words_that_it_needs() {
    let purls = finding("arm64").purls;
    let of_document = |reason: &str| vec![entry(reason, Some(ARM64), &purls)];
    let undetermined =
        |doubt: Option<&str>| Finding { undetermined: true, doubt: doubt.map(str::to_owned), ..finding("arm64") };
    let is_accepted = |reason: &str| ("affected", "action_statement", format!("Accepted: {reason} (team@example.org)"));
    for (finding, ignore, expected) in [
        (finding("arm64"), vec![], ("affected", "action_statement", "Update openssl to 3.0.1-2".to_owned())),
        (
            Finding { fixed: None, ..finding("arm64") },
            vec![],
            ("affected", "action_statement", "No version of openssl is known that is free of it".to_owned()),
        ),
        (
            undetermined(None),
            vec![],
            ("under_investigation", "status_notes", "the versions cannot be compared".to_owned()),
        ),
        (undetermined(Some("a doubt")), vec![], ("under_investigation", "status_notes", "a doubt".to_owned())),
        (finding("arm64"), vec![entry("for a while", None, &[])], is_accepted("for a while")),
        // Who accepts a flaw has it, whatever words the reason begins with.
        (finding("arm64"), vec![entry("not_affected: no", None, &[])], is_accepted("not_affected: no")),
        (finding("arm64"), vec![entry("fixed: soon", Some(ARM64), &[])], is_accepted("fixed: soon")),
        (
            finding("arm64"),
            of_document("not_affected: component_not_present"),
            ("not_affected", "impact_statement", "component_not_present (team@example.org)".to_owned()),
        ),
        (
            finding("arm64"),
            of_document("fixed: so it is stated"),
            ("fixed", "status_notes", "so it is stated (team@example.org)".to_owned()),
        ),
    ] {
        let found = [(ARM64, finding.clone())];
        let document = made(judged(&found, ignore.clone()), &products(&found));
        let statement = &document["statements"][0];
        let (status, key, words) = expected;
        assert_eq!((&statement["status"], &statement[key]), (&json!(status), &json!(words)), "{finding:?} {ignore:?}");
        assert_eq!(statement["vulnerability"], json!({"name": "CVE-1", "aliases": ["DSA-1"]}));
        assert_eq!(statement["products"][0]["subcomponents"], json!([{"@id": purls[0]}]));
        let keys: BTreeSet<&str> = statement.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, BTreeSet::from(["vulnerability", "products", "status", key]), "no other words");
    }
}

#[test]
fn each_platform_is_judged_by_what_is_found_there() {
    let everywhere = [(AMD64, finding("amd64")), (ARM64, finding("arm64"))];
    let of =
        |platform: &str, architecture: &str| entry("not_affected: no", Some(platform), &finding(architecture).purls);
    let judgements = |ignore: Vec<IgnoredAdvisory>| -> Vec<String> {
        let lines = judged(&everywhere, ignore).into_iter().map(|found| {
            let purls: Vec<&str> = found.finding.purls.iter().map(|purl| purl.split_once('=').unwrap().1).collect();
            format!("{} {} {}", found.judgement.unwrap(), found.platforms.join(","), purls.join(","))
        });
        lines.collect()
    };
    for (what, ignore, expected) in [
        ("nowhere", vec![], vec!["refused linux/amd64,linux/arm64 amd64,arm64"]),
        (
            "everywhere, by an entry for each",
            vec![of(AMD64, "amd64"), of(ARM64, "arm64")],
            vec!["ignored linux/amd64,linux/arm64 amd64,arm64"],
        ),
        ("on one", vec![of(ARM64, "arm64")], vec!["refused linux/amd64 amd64", "ignored linux/arm64 arm64"]),
        (
            "of packages that are elsewhere",
            vec![of(ARM64, "amd64")],
            vec!["refused linux/amd64,linux/arm64 amd64,arm64"],
        ),
        (
            "by a statement and by an owner",
            vec![of(AMD64, "amd64"), entry("not_affected: no", Some(ARM64), &[])],
            vec!["ignored linux/amd64 amd64", "ignored linux/arm64 arm64"],
        ),
    ] {
        assert_eq!(judgements(ignore), expected, "{what}");
    }
}

#[test]
fn the_same_gives_the_same_document_and_anything_else_another_name() {
    let of = |found: &[(&str, Finding)]| made(judged(found, Vec::new()), &products(found));
    let (one, none) = (of(&[(ARM64, finding("arm64"))]), of(&[]));
    assert_eq!(one, of(&[(ARM64, finding("arm64"))]));
    assert_ne!(one["@id"], none["@id"]);
    // There is nothing to state, and that is stated.
    assert_eq!((&none["statements"], &none["timestamp"]), (&json!([]), &json!("2026-01-02T03:04:05Z")));
}
