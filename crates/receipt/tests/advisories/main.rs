//! What the gate makes of advisories, as tables.

#![allow(clippy::unwrap_used, reason = "tests")]

mod database;
mod exceptions;
mod fixes;
mod record;
mod severity;

use consign_oci::{Digest, Exact, Platform};
use consign_receipt::{
    AdvisoryRules, Candidate, Exception, IgnoredAdvisory, PlatformCandidate, Policy, Reason, Receipt, Requirement,
    Severity, Statement, Trust, gate, predicate,
};
use jiff::civil::{Date, date};
use serde_json::{Value, json};

const TODAY: Date = date(2026, 11, 21);
const AMD64: &str = "linux/amd64";
const ARM64: &str = "linux/arm64";
const REFUSED: &str = "linux/arm64: openssl 3.0.1-1: CVE-2026-1, severity high, fixed in 3.0.1-2";

fn rules(maximum_severity: Severity) -> AdvisoryRules {
    AdvisoryRules::new(maximum_severity)
}

fn ignored(advisory: &str, until: Date) -> IgnoredAdvisory {
    IgnoredAdvisory {
        advisory: advisory.to_owned(),
        package: None,
        purl: None,
        purls: Vec::new(),
        listed: None,
        exception: Exception {
            platforms: Vec::new(),
            reason: "not reachable".to_owned(),
            owner: "team@example.org".to_owned(),
            until: Some(until),
        },
    }
}

/// Lets an entry hold on these platforms only.
fn on(platforms: Vec<Platform>, entry: IgnoredAdvisory) -> IgnoredAdvisory {
    IgnoredAdvisory { exception: Exception { platforms, ..entry.exception }, ..entry }
}

fn ignoring(entry: IgnoredAdvisory) -> AdvisoryRules {
    AdvisoryRules { ignore: vec![entry], ..rules(Severity::None) }
}

fn finding(severity: Option<&str>) -> Value {
    json!({
        "id": "CVE-2026-1",
        "severity": [{"method": "rating", "score": severity.unwrap_or("unknown")}],
        "annotations": [{
            "package": "openssl", "version": "3.0.1-1", "installed": ["libssl3"], "aliases": ["DSA-1-1"],
            "fixed": "3.0.1-2",
        }],
    })
}

/// Changes what stands in the annotation of a finding.
fn with(severity: Option<&str>, change: Value) -> Value {
    let mut finding = finding(severity);
    let place = finding["annotations"][0].as_object_mut().unwrap();
    place.extend(change.as_object().unwrap().clone());
    place.retain(|_, value| !value.is_null());
    finding
}

fn claim(results: &[Value]) -> Value {
    json!({
        "scanner": {"uri": "s", "db": {"uri": "d", "version": "v", "lastUpdate": "2026-11-01T00:00:00Z"}, "result": results},
        "metadata": {"scanStartedOn": "2026-11-01T00:00:00Z", "scanFinishedOn": "2026-11-01T00:00:00Z"},
        "coverage": [{"ecosystem": "Debian:12", "packages": 3, "covered": true}],
    })
}

fn platform(text: &str, claims: Vec<(Value, Trust)>) -> PlatformCandidate {
    let digest = Digest::of(text.as_bytes());
    let receipt = |(claim, trust)| {
        let statement = Statement::new(&digest, predicate::VULNERABILITIES, claim);
        Receipt { statement: Exact::write(statement).unwrap(), trust }
    };
    let receipts = claims.into_iter().map(receipt).collect();
    PlatformCandidate { platform: text.parse().unwrap(), digest, tests: None, receipts }
}

/// Asks about an image whose arm64 platform has these claims, and whose amd64 platform is clean.
fn reasons(rules: AdvisoryRules, claims: Vec<(Value, Trust)>) -> Vec<String> {
    judged(rules, claims).iter().map(Reason::to_string).collect()
}

fn judged(rules: AdvisoryRules, claims: Vec<(Value, Trust)>) -> Vec<Reason> {
    let platforms = vec![platform(AMD64, vec![(claim(&[]), Trust::Derived)]), platform(ARM64, claims)];
    let candidate = Candidate {
        name: "hello".into(),
        index: Digest::of(b"index"),
        planned: platforms.iter().map(|platform| platform.platform.clone()).collect(),
        platforms,
        destinations: Vec::new(),
    };
    let policy = Policy::new([Requirement::Advisories]).tolerating(rules);
    gate(&candidate, &policy, TODAY).err().unwrap_or_default()
}
