//! How severe an advisory is, by everybody's words, and what passes.

use super::{REFUSED, claim, finding, reasons, rules};
use consign_receipt::{Acceptance, AdvisoryRules, Severity, Trust};
use serde_json::{Value, json};

#[test]
fn one_platform_is_enough() {
    assert_eq!(reasons(rules(Severity::Medium), vec![(claim(&[finding(Some("high"))]), Trust::Derived)]), [REFUSED]);
    assert_eq!(reasons(rules(Severity::None), vec![(claim(&[]), Trust::Derived)]), [""; 0]);
}

#[test]
fn the_worst_that_passes_passes() {
    let accepting = |rules| AdvisoryRules { unknown_severity: Acceptance::Accept, ..rules };
    for (rules, severity, passes) in [
        (rules(Severity::High), Some("high"), true),
        (rules(Severity::Medium), Some("high"), false),
        (rules(Severity::None), Some("low"), false),
        (rules(Severity::None), Some("none"), true),
        (rules(Severity::Critical), None, false),
        (accepting(rules(Severity::None)), None, true),
        (accepting(rules(Severity::None)), Some("low"), false),
    ] {
        let said = reasons(rules.clone(), vec![(claim(&[finding(severity)]), Trust::Derived)]);
        assert_eq!(said.is_empty(), passes, "{rules:?} {severity:?} {said:?}");
    }
}

#[test]
fn what_is_not_understood_may_be_worse() {
    let accepting = |rules| AdvisoryRules { unknown_severity: Acceptance::Accept, ..rules };
    let unread = |severity| {
        let mut finding = finding(severity);
        finding["annotations"][0]["severityUnread"] = json!(true);
        vec![(claim(&[finding]), Trust::Derived)]
    };
    let refused = "linux/arm64: openssl 3.0.1-1: CVE-2026-1, severity low or worse, fixed in 3.0.1-2";
    assert_eq!(reasons(rules(Severity::Medium), unread(Some("low"))), [refused]);
    assert_eq!(reasons(accepting(rules(Severity::Medium)), unread(Some("low"))), [""; 0]);
    assert_eq!(reasons(accepting(rules(Severity::Medium)), unread(Some("high"))).len(), 1);
    assert_eq!(reasons(rules(Severity::Critical), unread(None)).len(), 1);
}

#[test]
fn other_scanners_are_heard_too() {
    let foreign = |severity: Value| json!({"id": "CVE-2026-1", "severity": severity});
    for (severity, passes) in [
        (json!([{"method": "nvd", "score": "medium"}]), true),
        (json!([{"method": "nvd", "score": "medium"}, {"method": "cvss_score", "score": "7.2"}]), false),
        (json!([{"method": "vector", "score": "AV:N"}]), false),
        (json!([{"method": "nvd", "score": "low"}, {"method": "vector", "score": "AV:N"}]), false),
        (json!([{"method": "rating", "score": "low"}, {"method": "vector", "score": "AV:N"}]), true),
        (json!([{"method": "nvd", "score": "low"}, {"method": "other", "score": "unknown"}]), true),
        (json!([]), false),
    ] {
        let said = reasons(rules(Severity::Medium), vec![(claim(&[foreign(severity.clone())]), Trust::Derived)]);
        assert_eq!(said.is_empty(), passes, "{severity} {said:?}");
    }
}
