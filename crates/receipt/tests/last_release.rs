//! What is new about a finding since the last release, as a table.
#![allow(clippy::unwrap_used, reason = "tests")]

use consign_oci::{Digest, Platform};
use consign_receipt::{Acceptance, AdvisoryRules, Change, Finding, Judgement, LastRelease, ReleasedContents, Severity};
use jiff::civil::{Date, date};
use std::collections::BTreeSet;

const TODAY: Date = date(2026, 11, 21);

#[test]
fn only_what_is_new_since_the_last_release_is_refused() {
    let purl = "pkg:deb/debian/libssl3@3.0.1-1?arch=arm64";
    let finding = |severity| Finding {
        package: "openssl".into(),
        version: "3.0.1-1".into(),
        advisory: "CVE-2026-1".into(),
        severity: Some(severity),
        purls: vec![purl.into()],
        ..Finding::default()
    };
    let then = |finding: Finding| vec![Finding { version: "3.0.0-9".into(), purls: Vec::new(), ..finding }];
    let (now, known) = (finding(Severity::High), then(finding(Severity::High)));
    let renamed = Finding { advisory: "DSA-1-1".into(), aliases: vec!["CVE-2026-1".into()], ..known[0].clone() };
    let elsewhere = Finding { package: "nginx".into(), ..known[0].clone() };
    let unread = |finding: Finding| Finding { severity_unread: true, ..finding };
    let unrated = |finding: Finding| Finding { severity: None, ..finding };
    let of = |kind: &str, finding: &Finding| Finding {
        purls: vec![format!("pkg:{kind}/openssl@3.0.0-9")],
        ..finding.clone()
    };
    let exploited = Finding { known_exploited: Some("2026-01-01".into()), ..now.clone() };
    for (now, then, has_package, expected) in [
        (&now, known.clone(), false, Change::Nothing),
        (&now, known.clone(), true, Change::Nothing),
        (&now, vec![renamed], false, Change::Nothing),
        (&now, vec![elsewhere.clone()], false, Change::Package),
        (&now, vec![], true, Change::Advisory),
        (&now, vec![], false, Change::Package),
        (&now, then(finding(Severity::Medium)), true, Change::Advisory),
        (&now, then(finding(Severity::Medium)), false, Change::Package),
        // What is not understood any more may be worse.
        (&unread(now.clone()), known.clone(), true, Change::Advisory),
        (&unread(now.clone()), vec![unread(known[0].clone())], true, Change::Nothing),
        (&now, vec![unread(known[0].clone())], true, Change::Nothing),
        (&unrated(now.clone()), known.clone(), true, Change::Advisory),
        (&unrated(now.clone()), vec![unrated(known[0].clone())], true, Change::Nothing),
        (&now, vec![unrated(known[0].clone())], true, Change::Advisory),
        // A package of that name from elsewhere is another one.
        (&now, vec![of("npm", &known[0])], false, Change::Package),
        (&now, vec![of("deb/debian", &known[0])], false, Change::Nothing),
        // Of several, the one that is no better counts.
        (&now, vec![elsewhere.clone(), known[0].clone()], false, Change::Nothing),
        (&exploited, known.clone(), true, Change::Advisory),
        (&exploited, vec![exploited.clone()], false, Change::Nothing),
    ] {
        let purls = if has_package { [purl.to_owned()].into() } else { BTreeSet::new() };
        let contents = ReleasedContents { findings: then, purls };
        let platform: Platform = "linux/arm64".parse().unwrap();
        let lenient = AdvisoryRules { new_advisories: Acceptance::Accept, ..AdvisoryRules::new(Severity::Medium) };
        for rules in [AdvisoryRules::new(Severity::Medium), lenient] {
            let mut last = LastRelease { index: Digest::of(b"last"), findings: Vec::new() };
            last.compare(&platform, [now], Some(&contents), &rules);
            assert_eq!(last.findings[0].change, expected, "{now:?} {contents:?}");
            let is_let_pass = expected == Change::Nothing
                || expected == Change::Advisory && rules.new_advisories == Acceptance::Accept;
            let rules = AdvisoryRules { last_release: Some(last), ..rules };
            let judgement = rules.judge(&platform, now, TODAY);
            assert_eq!(matches!(judgement, Judgement::Known(_)), is_let_pass, "{judgement:?}");
            // On another platform nothing was compared.
            let other = rules.judge(&"linux/amd64".parse().unwrap(), now, TODAY);
            assert_eq!(other, Judgement::Refused { change: None, ended: None });
        }
    }
}
