//! Rules as they are recorded, and the digest that covers them.

use super::{AMD64, ARM64, TODAY, ignored, ignoring, on};
use consign_oci::Digest;
use consign_receipt::predicate::ReleaseRecord;
use consign_receipt::{
    Acceptance, AdvisoryRules, Change, ComparedFinding, Consequence, IgnoredAdvisory, LastRelease, ListedPackage,
    Policy, Requirement, Severity, Share,
};
use jiff::civil::date;
use serde_json::json;

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
        change(|rules| rules.ignore[0].exception.platforms = vec![AMD64.parse().unwrap()]),
        change(|rules| rules.ignore[0].exception.reason = "other".into()),
        change(|rules| rules.ignore[0].exception.owner = "other".into()),
        change(|rules| rules.ignore[0].exception.until = Some(date(2027, 1, 1))),
        change(|rules| rules.ignore[0].exception.until = None),
        change(|rules| rules.ignore[0].purl = Some("pkg:deb/debian/a".parse().unwrap())),
        change(|rules| rules.ignore[0].purls = vec!["pkg:deb/debian/a".into()]),
        change(|rules| rules.ignore[0].purls = vec!["pkg:deb/debian/b".into()]),
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
            package: Some("a".into()),
            listed: Some(ListedPackage { version: Some("1".into()), ..ListedPackage::default() }),
            ..on(vec![ARM64.parse().unwrap()], ignored("CVE-1", TODAY))
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
