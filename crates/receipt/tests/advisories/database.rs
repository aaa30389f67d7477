//! With what an image was compared, how much of it, and whose word counts.

use super::{ARM64, REFUSED, TODAY, claim, finding, judged, reasons, rules};
use consign_oci::Digest;
use consign_receipt::predicate::Vulnerabilities;
use consign_receipt::{AdvisoryRules, Closed, Consequence, Identity, Severity, Trust, remarks};
use serde_json::json;

#[test]
fn only_what_counts_is_heard_and_all_of_it() {
    let clean = || (claim(&[]), Trust::Unproven);
    let said = reasons(rules(Severity::Critical), vec![clean()]);
    assert!(said[0].starts_with("linux/arm64: no comparison with advisories that counts"), "{said:?}");
    assert_eq!(reasons(rules(Severity::Critical), vec![]), ["linux/arm64: no comparison with advisories"]);
    // Neither a forged nor a believed one undoes another.
    for trust in [Trust::Unproven, Trust::Derived, Trust::Signed(Identity::Key(Digest::of(b"k")))] {
        let claims = vec![(claim(&[]), trust), (claim(&[finding(Some("high"))]), Trust::Derived)];
        assert_eq!(reasons(rules(Severity::Low), claims), [REFUSED]);
    }
    // The same said twice is one reason.
    let twice = || (claim(&[finding(Some("high"))]), Trust::Derived);
    assert_eq!(reasons(rules(Severity::Low), vec![twice(), twice()]), [REFUSED]);
}

#[test]
fn what_was_not_compared_passes_as_far_as_the_policy_says() {
    let part = |ecosystem: &str, packages: u32, covered: bool| json!({"ecosystem": ecosystem, "packages": packages, "covered": covered});
    let foreign = |ecosystem: &str| json!({"ecosystem": ecosystem, "packages": 2, "covered": false, "foreign": true});
    let unread = "what /lib/apk/db/installed lists";
    let lenient = rules(Severity::Critical);
    let empty = AdvisoryRules { no_package_data: Consequence::Refuse, ..lenient.clone() };
    let known = AdvisoryRules { foreign_packages: Consequence::Refuse, ..lenient.clone() };
    let whole = AdvisoryRules { not_compared: Consequence::Refuse, ..lenient.clone() };
    let strict = AdvisoryRules { foreign_packages: Consequence::Refuse, ..empty.clone() };
    let strict = AdvisoryRules { not_compared: Consequence::Refuse, ..strict };
    let (debian, npm) = (part("Debian:12", 2, true), part("npm", 1, false));
    for (coverage, rules, expected) in [
        (
            json!([part("Debian:12", 2, false), npm]),
            &lenient,
            Some((
                Closed::Database,
                "the advisory database has no records about any of the 3 packages, which are of Debian:12, npm",
            )),
        ),
        (
            json!([part(unread, 0, false)]),
            &lenient,
            Some((
                Closed::Database,
                "nothing was compared with advisories, since it is not known which packages there are: what /lib/apk/db/installed lists",
            )),
        ),
        (
            json!([foreign("deb/foo"), npm]),
            &lenient,
            Some((
                Closed::Database,
                "the advisory database has no records about any of the 3 packages, which are of deb/foo, npm",
            )),
        ),
        (json!([]), &lenient, None),
        (
            json!([]),
            &empty,
            Some((Closed::Policy, "no packages were found in it, so that advisories say nothing about it")),
        ),
        (json!([foreign("deb/foo")]), &lenient, None),
        (json!([foreign("deb/foo")]), &whole, None),
        (
            json!([foreign("deb/foo")]),
            &known,
            Some((Closed::Policy, "no advisories are read about any of the 2 packages, which are of deb/foo")),
        ),
        (json!([debian, part(unread, 0, false)]), &lenient, None),
        (
            json!([debian, part(unread, 0, false)]),
            &whole,
            Some((
                Closed::Policy,
                "some packages were not compared with advisories, since it is not known which they are: what /lib/apk/db/installed lists",
            )),
        ),
        (json!([debian, npm]), &lenient, None),
        (json!([debian, npm]), &whole, Some((Closed::Policy, "1 package was not compared with advisories: npm"))),
        (
            json!([debian, foreign("deb/foo"), npm]),
            &whole,
            Some((Closed::Policy, "3 packages were not compared with advisories: deb/foo, npm")),
        ),
        (json!([debian]), &strict, None),
    ] {
        let mut claim = claim(&[]);
        claim["coverage"] = coverage.clone();
        let reasons = judged(rules.clone(), vec![(claim.clone(), Trust::Derived)]);
        let said = reasons.first().map(|reason| (Closed::of(&reasons), reason.to_string()));
        let expected = expected.map(|(closed, text)| (closed, format!("linux/arm64: {text}")));
        assert_eq!(said, expected, "{coverage}");
        // What passes is told all the same, as far as it is not in order.
        let claim: Vulnerabilities = serde_json::from_value(claim).unwrap();
        let told = remarks(&ARM64.parse().unwrap(), &claim, rules, TODAY);
        let is_in_order = coverage == json!([debian]) || expected.is_some();
        assert_eq!(told.is_empty(), is_in_order, "{coverage} {told:?}");
    }
}

#[test]
fn the_end_of_a_distribution_is_told_and_refused_only_where_that_is_said() {
    let ending = |day: &str| {
        let mut claim = claim(&[]);
        claim["lifetime"] = json!({"release": "debian 10", "ends": day, "extended": "2030-01-01"});
        claim
    };
    let strict = AdvisoryRules { end_of_life: Consequence::Refuse, ..rules(Severity::Critical) };
    for (rules, day, passes) in [
        (rules(Severity::Critical), "2022-09-10", true),
        (strict.clone(), "2022-09-10", false),
        (strict.clone(), "2026-11-20", false),
        (strict.clone(), "2026-11-21", true),
        (strict, "soon", false),
    ] {
        let said = reasons(rules, vec![(ending(day), Trust::Derived)]);
        assert_eq!(said.is_empty(), passes, "{day} {said:?}");
    }
    let strict = AdvisoryRules { end_of_life: Consequence::Refuse, ..rules(Severity::Critical) };
    let said = reasons(strict, vec![(ending("2022-09-10"), Trust::Derived)]);
    let expected = "linux/arm64: debian 10 has had no free fixes since 2022-09-10, and has paid ones until 2030-01-01";
    assert_eq!(said[0], expected);
}

#[test]
fn an_old_database_is_no_pass() {
    for (days, passes) in [(20, true), (19, false), (3650, true)] {
        let rules = AdvisoryRules { maximum_age: Some(days), ..rules(Severity::Critical) };
        let said = reasons(rules, vec![(claim(&[]), Trust::Derived)]);
        // Both platforms were compared with the same.
        assert_eq!(said.len(), if passes { 0 } else { 2 }, "{days} {said:?}");
    }
    let rules = AdvisoryRules { maximum_age: Some(1), ..rules(Severity::Critical) };
    let mut timeless = claim(&[]);
    timeless["scanner"]["db"]["lastUpdate"] = json!("yesterday");
    let said = reasons(rules, vec![(timeless, Trust::Derived)]);
    assert!(said[1].starts_with("linux/arm64: the comparison with advisories is malformed"), "{said:?}");
}
