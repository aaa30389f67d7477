//! What the gate makes of advisories, as tables.

#![allow(clippy::unwrap_used, reason = "tests")]

use consign_oci::{Digest, Exact, Platform};
use consign_receipt::predicate::{self, ReleaseRecord, Vulnerabilities};
use consign_receipt::{
    Acceptance, AdvisoryRules, Candidate, Change, Closed, ComparedFinding, Consequence, Finding, Identity,
    IgnoredAdvisory, LastRelease, PlatformCandidate, Policy, Reason, Receipt, Requirement, Severity, Share, Statement,
    Trust, gate, remarks,
};
use jiff::civil::{Date, date};
use serde_json::{Value, json};

const TODAY: Date = date(2026, 11, 21);
const AMD64: &str = "linux/amd64";
const ARM64: &str = "linux/arm64";

fn rules(maximum_severity: Severity) -> AdvisoryRules {
    AdvisoryRules::new(maximum_severity)
}

fn ignored(advisory: &str, until: Date) -> IgnoredAdvisory {
    IgnoredAdvisory {
        advisory: advisory.to_owned(),
        package: None,
        purl: None,
        purls: Vec::new(),
        platforms: Vec::new(),
        reason: "not reachable".to_owned(),
        owner: "team@example.org".to_owned(),
        until: Some(until),
    }
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

const REFUSED: &str = "linux/arm64: openssl 3.0.1-1: CVE-2026-1, severity high, fixed in 3.0.1-2";

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
fn what_is_ignored_is_ignored_as_long_and_as_far_as_it_says() {
    let here = |platforms: &[&str]| platforms.iter().map(|text| text.parse::<Platform>().unwrap()).collect();
    let entry = ignored("CVE-2026-1", TODAY);
    let ended = format!("{REFUSED}; it was ignored until 2026-11-20: ask team@example.org");
    for (entry, expected) in [
        (entry.clone(), None),
        (ignored("DSA-1-1", TODAY), None),
        (ignored("cve-2026-1", TODAY), None),
        (ignored("CVE-2026-10", TODAY), Some(REFUSED)),
        (ignored("CVE-2026-1", date(2026, 11, 20)), Some(ended.as_str())),
        (IgnoredAdvisory { package: Some("openssl".into()), ..entry.clone() }, None),
        (IgnoredAdvisory { package: Some("libssl3".into()), ..entry.clone() }, None),
        (IgnoredAdvisory { package: Some("nginx".into()), ..entry.clone() }, Some(REFUSED)),
        (IgnoredAdvisory { platforms: here(&[ARM64]), ..entry.clone() }, None),
        (IgnoredAdvisory { platforms: here(&[AMD64]), ..entry }, Some(REFUSED)),
    ] {
        let said = reasons(ignoring(entry.clone()), vec![(claim(&[finding(Some("high"))]), Trust::Derived)]);
        assert_eq!(said.first().map(String::as_str), expected, "{entry:?}");
    }
}

#[test]
fn an_installed_package_is_ignored_alone() {
    let several = |installed: Value| {
        let mut finding = finding(Some("high"));
        finding["annotations"][0]["installed"] = installed;
        vec![(claim(&[finding]), Trust::Derived)]
    };
    for (package, installed, passes) in [
        ("openssl", json!(["libssl3", "openssl-doc"]), true),
        ("openssl-doc", json!(["libssl3", "openssl-doc"]), false),
        ("libssl3", json!(["libssl3", "openssl-doc"]), false),
        ("openssl-doc", json!(["openssl-doc"]), true),
        ("openssl-doc", json!([]), false),
    ] {
        let entry = IgnoredAdvisory { package: Some(package.into()), ..ignored("CVE-2026-1", TODAY) };
        assert_eq!(reasons(ignoring(entry), several(installed.clone())).is_empty(), passes, "{package} {installed}");
    }
}

#[test]
fn an_entry_that_ended_or_matches_nothing_is_noted() {
    let platform: Platform = AMD64.parse().unwrap();
    let installed = vec!["libssl3".to_owned(), "openssl-doc".to_owned()];
    let finding = Finding { package: "openssl".into(), advisory: "CVE-1".into(), installed, ..Finding::default() };
    let tomorrow = date(2026, 11, 22);
    let ignore = vec![
        ignored("CVE-1", tomorrow),
        ignored("CVE-2", tomorrow),
        ignored("CVE-1", date(2026, 1, 1)),
        IgnoredAdvisory { package: Some("nginx".into()), ..ignored("CVE-1", tomorrow) },
        IgnoredAdvisory { package: Some("openssl-doc".into()), ..ignored("CVE-1", tomorrow) },
    ];
    let rules = AdvisoryRules { ignore, ..rules(Severity::None) };
    let notes = rules.notes([(&platform, &finding)].into_iter(), TODAY);
    assert_eq!(
        notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "ignored advisory CVE-2: matches nothing; team@example.org may take it out",
            "ignored advisory CVE-1: ended on 2026-01-01 and has no effect; ask team@example.org",
            "ignored advisory CVE-1 in nginx: matches nothing; team@example.org may take it out",
            "ignored advisory CVE-1 in openssl-doc: has no effect, since it does not cover all installed packages of openssl; ask team@example.org",
        ]
    );
}

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

/// Changes what stands in the annotation of a finding.
fn with(severity: Option<&str>, change: Value) -> Value {
    let mut finding = finding(severity);
    let place = finding["annotations"][0].as_object_mut().unwrap();
    place.extend(change.as_object().unwrap().clone());
    place.retain(|_, value| !value.is_null());
    finding
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

#[test]
fn exceptions_by_package_url_cover_all_that_is_installed() {
    let installed = |purls: &[&str]| with(Some("high"), json!({"purls": purls}));
    let both = ["pkg:deb/debian/libssl3@3.0.1-1?arch=amd64", "pkg:deb/debian/openssl@3.0.1-1?arch=amd64"];
    for (purl, finding, passes) in [
        ("pkg:deb/debian/libssl3", installed(&both[..1]), true),
        ("pkg:deb/debian/libssl3@3.0.1-1", installed(&both[..1]), true),
        ("pkg:deb/debian/libssl3@3.0.1-2", installed(&both[..1]), false),
        ("pkg:deb/debian/libssl3", installed(&both), false),
        ("pkg:deb/debian/libssl3", installed(&[]), false),
    ] {
        let entry = IgnoredAdvisory { purl: Some(purl.parse().unwrap()), ..ignored("CVE-2026-1", TODAY) };
        let said = reasons(ignoring(entry), vec![(claim(std::slice::from_ref(&finding)), Trust::Derived)]);
        assert_eq!(said.is_empty(), passes, "{purl} {finding} {said:?}");
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
    assert_eq!(
        said[0],
        "linux/arm64: debian 10 has had no free fixes since 2022-09-10, and has paid ones until 2030-01-01"
    );
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

fn last_release(index: &[u8], change: Change) -> LastRelease {
    let finding = ComparedFinding {
        package: "openssl".into(),
        version: "3.0.1-1".into(),
        advisory: "CVE-2026-1".into(),
        platform: ARM64.parse().unwrap(),
        change,
    };
    LastRelease { index: Digest::of(index), findings: vec![finding] }
}

#[test]
fn the_digest_of_a_policy_covers_its_rules() {
    let base = ignoring(ignored("CVE-1", TODAY));
    let change = |change: fn(&mut AdvisoryRules)| {
        let mut rules = base.clone();
        change(&mut rules);
        rules
    };
    let variants = [
        base.clone(),
        change(|rules| rules.maximum_severity = Severity::Low),
        change(|rules| rules.unknown_severity = Acceptance::Accept),
        change(|rules| rules.maximum_age = Some(3)),
        change(|rules| rules.ignore.clear()),
        change(|rules| rules.ignore[0].advisory = "CVE-2".into()),
        change(|rules| rules.ignore[0].package = Some("a".into())),
        change(|rules| rules.ignore[0].platforms = vec![AMD64.parse().unwrap()]),
        change(|rules| rules.ignore[0].reason = "other".into()),
        change(|rules| rules.ignore[0].owner = "other".into()),
        change(|rules| rules.ignore[0].until = Some(date(2027, 1, 1))),
        change(|rules| rules.ignore[0].until = None),
        change(|rules| rules.ignore[0].purl = Some("pkg:deb/debian/a".parse().unwrap())),
        change(|rules| rules.unfixed = Acceptance::Accept),
        change(|rules| rules.known_exploited = Consequence::Refuse),
        change(|rules| rules.end_of_life = Consequence::Refuse),
        change(|rules| rules.maximum_epss = Share::from_number(0.5)),
        change(|rules| rules.no_package_data = Consequence::Refuse),
        change(|rules| rules.foreign_packages = Consequence::Refuse),
        change(|rules| rules.not_compared = Consequence::Refuse),
        change(|rules| rules.new_since = Some("latest".parse().unwrap())),
        change(|rules| rules.new_advisories = Acceptance::Accept),
        change(|rules| rules.last_release = Some(last_release(b"a", Change::Package))),
        change(|rules| rules.last_release = Some(last_release(b"b", Change::Package))),
        change(|rules| rules.last_release = Some(last_release(b"a", Change::Nothing))),
    ];
    let mut digests: Vec<String> =
        variants.map(|rules| Policy::default().tolerating(rules).digest().to_string()).into();
    digests.push(Policy::default().digest().to_string());
    digests.push(Policy::default().requiring([Requirement::Advisories]).digest().to_string());
    let count = digests.len();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), count);
}

#[test]
fn a_release_record_gives_the_rules_back() {
    let rules = AdvisoryRules {
        maximum_age: Some(7),
        new_since: Some("latest".parse().unwrap()),
        last_release: Some(last_release(b"a", Change::Nothing)),
        ..ignoring(IgnoredAdvisory {
            platforms: vec![ARM64.parse().unwrap()],
            package: Some("a".into()),
            ..ignored("CVE-1", TODAY)
        })
    };
    let policy = Policy::default().tolerating(rules.clone());
    let record = json!({
        "image": "a", "version": "1", "time": "2026-01-01T00:00:00Z", "index": Digest::of(b"i"), "platforms": [],
        "destinations": [], "plan": Digest::of(b"p"), "policy": policy.digest(),
        "requirements": policy.requirements().collect::<Vec<_>>(), "advisories": rules,
    });
    let record: ReleaseRecord = serde_json::from_value(record).unwrap();
    assert_eq!(record.required(), policy);
    assert_eq!(record.required().digest(), record.policy);
}
