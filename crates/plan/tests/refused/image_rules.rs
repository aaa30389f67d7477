//! Rules about settings, files and licences.

use super::refused;
use consign_plan::Configuration;
use consign_receipt::{Consequence, ImageRule, Requirement};

const IMAGE: &str = "build:\n  - source: image.yaml\n    destination: ghcr.io/team/app\npolicy:\n";

#[test]
fn a_whole_section() {
    let text = format!(
        "{IMAGE}  image:\n    root-user: refuse\n    unknown-user: report\n    no-health-check: refuse\n    entrypoint: refuse\n    setuid-files: refuse\n    allowed-setuid-files: [/usr/bin/su, \"*/sudo\"]\n    secrets: refuse\n    denied-licenses: [\"AGPL-*\", SSPL-1.0, GPL-3.0, gpl-2.0+, LicenseRef-ours, \"Acme*\"]\n    unknown-license: refuse\n    ignore:\n      - {{rule: secrets, path: /a/*, platforms: linux/arm64, reason: r, owner: o, until: 2026-12-31}}\n      - {{rule: denied-licenses, license: AGPL-3.0-only, package: a, reason: r, owner: o, until: 2026-12-31}}\n"
    );
    assert!(super::schema::accepts(&text));
    let policy = Configuration::parse("consign.yaml", &text).unwrap().policy.policy();
    assert!(policy.requires(Requirement::ImageFacts));
    let rules = policy.image().unwrap();
    let of = |rule| rules.consequence(rule);
    assert_eq!((of(ImageRule::RootUser), of(ImageRule::UnknownUser)), (Consequence::Refuse, Consequence::Report));
    assert_eq!(rules.allowed_setuid_files[1].as_str(), "*/sudo");
    assert_eq!(rules.denied_licenses[0].as_str(), "AGPL-*");
    assert_eq!(rules.ignore[0].exception.until.unwrap().to_string(), "2026-12-31");
    assert_eq!(rules.ignore[1].license.as_ref().unwrap().as_str(), "AGPL-3.0-only");
    let empty = Configuration::parse("consign.yaml", &format!("{IMAGE}  image: {{}}\n")).unwrap().policy.policy();
    assert!(ImageRule::ALL.into_iter().all(|rule| {
        rule == ImageRule::DeniedLicenses || empty.image().unwrap().consequence(rule) == Consequence::Report
    }));
    let none = Configuration::parse("consign.yaml", IMAGE.trim_end_matches("policy:\n")).unwrap().policy.policy();
    assert!(none.image().is_none() && !none.requires(Requirement::ImageFacts));
}

#[test]
fn what_a_section_may_not_have() {
    for (section, expected) in [
        ("{root: refuse}", "unknown key `root` in `image`"),
        ("{root-user: forbid}", "`forbid` is no value of `root-user`"),
        ("{allowed-setuid-files: usr/bin/su}", "`usr/bin/su` is no path in an image: it begins with `/`"),
        ("{denied-licenses: []}", "`denied-licenses` lists nothing"),
        ("{denied-licenses: [\"*GPL\"]}", "`*GPL` is no licence"),
        ("{denied-licenses: [GPL 3]}", "`GPL 3` is no licence"),
        ("{denied-licenses: [MIT, GPL-3]}", "`GPL-3` is not on SPDX's list of licences"),
        ("{denied-licenses: [AGPL-3.0-onyl]}", "did you mean `AGPL-3.0-only`?"),
        (
            "{denied-licenses: [AcmeCompanyProprietary]}",
            "`AcmeCompanyProprietary*` also means licences that are not on the list of this version",
        ),
        ("{ignore: {}}", "`ignore` must be a list"),
        ("{ignore: [{rule: secret, reason: r, owner: o, until: 2026-12-31}]}", "did you mean `secrets`?"),
        ("{ignore: [{rule: secrets, reason: r, owner: o}]}", "`until` is missing: the last day"),
        ("{ignore: [{rule: secrets, reason: r, owner: o, until: tomorrow}]}", "`tomorrow` is not a day"),
        ("{ignore: [{reason: r, owner: o, until: 2026-12-31}]}", "`rule` is missing: the rule that does not count"),
    ] {
        let said = refused(&format!("{IMAGE}  image: {section}\n"));
        assert!(said.contains(expected), "{section}: {said}");
    }
}
