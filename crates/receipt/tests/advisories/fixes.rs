//! Advisories with and without a fix, and those that are exploited.

use super::{TODAY, claim, finding, ignored, ignoring, judged, reasons, rules, with};
use consign_receipt::{Acceptance, AdvisoryRules, Closed, Consequence, Severity, Share, Trust};
use serde_json::{Value, json};

#[test]
fn a_rebuild_fixes_what_a_distribution_has_in_a_newer_version() {
    let of = |purls: Value, fixed: Value| with(Some("high"), json!({"purls": purls, "fixed": fixed}));
    let (deb, npm) = ("pkg:deb/debian/libssl3@3.0.1-1?arch=amd64", "pkg:npm/left-pad@1.0.0");
    let newer = of(json!([deb]), json!("2"));
    for (findings, expected) in [
        (vec![newer.clone()], Closed::Outdated),
        (vec![of(json!(["pkg:apk/alpine/a@1", "pkg:rpm/a@1"]), json!("2"))], Closed::Outdated),
        (vec![of(json!([deb]), Value::Null)], Closed::Policy),
        (vec![of(json!([npm]), json!("2"))], Closed::Policy),
        (vec![of(json!([deb, npm]), json!("2"))], Closed::Policy),
        (vec![of(json!([]), json!("2"))], Closed::Policy),
        (vec![newer, of(json!([npm]), json!("2"))], Closed::Policy),
    ] {
        let reasons = judged(rules(Severity::Low), vec![(claim(&findings), Trust::Derived)]);
        assert_eq!(Closed::of(&reasons), expected, "{reasons:?}");
    }
}

#[test]
fn what_nobody_can_fix_may_pass() {
    let (fixed, unfixed) = (finding(Some("critical")), with(Some("critical"), json!({"fixed": null})));
    let unread = with(Some("critical"), json!({"fixed": null, "undetermined": true}));
    let lenient = AdvisoryRules { unfixed: Acceptance::Accept, ..rules(Severity::Low) };
    for (rules, finding, passes) in [
        (rules(Severity::Low), &unfixed, false),
        (lenient.clone(), &unfixed, true),
        (lenient.clone(), &fixed, false),
        // Whether there is a version without it, nobody knows.
        (lenient.clone(), &unread, false),
        (lenient, &with(None, json!({"fixed": null})), true),
    ] {
        let said = reasons(rules, vec![(claim(std::slice::from_ref(finding)), Trust::Derived)]);
        assert_eq!(said.is_empty(), passes, "{finding} {said:?}");
    }
}

#[test]
fn what_is_exploited_or_likely_to_be_does_not_pass_for_being_mild() {
    let exploited = with(Some("low"), json!({"knownExploited": "2026-01-09", "fixed": null}));
    let likely = with(Some("low"), json!({"epss": {"score": 0.51, "percentile": 0.9}}));
    let at_bound = with(Some("low"), json!({"epss": {"score": 0.5, "percentile": 0.9}}));
    let lenient = AdvisoryRules { unfixed: Acceptance::Accept, ..rules(Severity::Critical) };
    let exploits = AdvisoryRules { known_exploited: Consequence::Refuse, ..lenient.clone() };
    let chances = AdvisoryRules { maximum_epss: Share::from_number(0.5), ..lenient.clone() };
    for (rules, finding, passes) in [
        (lenient.clone(), &exploited, true),
        (lenient, &likely, true),
        (exploits.clone(), &exploited, false),
        (exploits, &likely, true),
        (chances.clone(), &likely, false),
        (chances.clone(), &at_bound, true),
        (chances, &exploited, true),
    ] {
        let said = reasons(rules, vec![(claim(std::slice::from_ref(finding)), Trust::Derived)]);
        assert_eq!(said.is_empty(), passes, "{finding} {said:?}");
    }
    // An exception is one all the same.
    let excepted = AdvisoryRules { known_exploited: Consequence::Refuse, ..ignoring(ignored("CVE-2026-1", TODAY)) };
    assert_eq!(reasons(excepted, vec![(claim(&[exploited]), Trust::Derived)]), [""; 0]);
}
