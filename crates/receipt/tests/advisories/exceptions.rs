//! What is ignored: how long, and in which packages and platforms.

use super::{AMD64, ARM64, REFUSED, TODAY, claim, finding, ignored, ignoring, on, reasons, rules, with};
use consign_oci::Platform;
use consign_receipt::{AdvisoryRules, Finding, IgnoredAdvisory, ListedPackage, Severity, Trust};
use jiff::civil::date;
use serde_json::{Value, json};

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
        (on(here(&[ARM64]), entry.clone()), None),
        (on(here(&[AMD64]), entry), Some(REFUSED)),
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
fn exceptions_of_statements_cover_the_packages_that_they_were_made_for() {
    let purls = |purls: &[&str]| purls.iter().map(|purl| (*purl).to_owned()).collect::<Vec<String>>();
    let (amd64, arm64) = ("pkg:deb/debian/libssl3@1?arch=amd64", "pkg:deb/debian/libssl3@1?arch=arm64");
    for (covered, installed, passes) in [
        (purls(&[amd64]), purls(&[amd64]), true),
        (purls(&[amd64, arm64]), purls(&[arm64]), true),
        (purls(&[amd64]), purls(&[arm64]), false),
        (purls(&[amd64]), purls(&[amd64, arm64]), false),
        (purls(&[amd64]), purls(&[]), false),
        // These are whole names, and no patterns.
        (purls(&["pkg:deb/debian/libssl3"]), purls(&[amd64]), false),
        (purls(&[]), purls(&[amd64]), true),
    ] {
        let finding = with(Some("high"), json!({"purls": installed}));
        let entry = IgnoredAdvisory { purls: covered.clone(), ..ignored("CVE-2026-1", TODAY) };
        let said = reasons(ignoring(entry), vec![(claim(&[finding]), Trust::Derived)]);
        assert_eq!(said.is_empty(), passes, "{covered:?} {installed:?} {said:?}");
    }
}

#[test]
fn an_entry_that_ended_or_matches_nothing_is_noted() {
    let platform: Platform = AMD64.parse().unwrap();
    let installed = vec!["libssl3".to_owned(), "openssl-doc".to_owned()];
    let finding = Finding { package: "openssl".into(), advisory: "CVE-1".into(), installed, ..Finding::default() };
    let tomorrow = date(2026, 11, 22);
    let mut endless = ignored("CVE-3", tomorrow);
    endless.exception.until = None;
    let ignore = vec![
        ignored("CVE-1", tomorrow),
        ignored("CVE-2", tomorrow),
        ignored("CVE-1", date(2026, 1, 1)),
        IgnoredAdvisory { package: Some("nginx".into()), ..ignored("CVE-1", tomorrow) },
        IgnoredAdvisory { package: Some("openssl-doc".into()), ..ignored("CVE-1", tomorrow) },
        ignored("CVE-1", TODAY),
        on(vec![platform.clone()], ignored("CVE-1", tomorrow)),
        on(vec![ARM64.parse().unwrap()], ignored("CVE-1", tomorrow)),
        IgnoredAdvisory { purl: Some("pkg:deb/debian/libssl3".parse().unwrap()), ..ignored("CVE-1", tomorrow) },
        endless,
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
            // There is such a finding, on another platform.
            "ignored advisory CVE-1: matches nothing; team@example.org may take it out",
            "ignored advisory CVE-1 in pkg:deb/debian/libssl3: matches nothing; team@example.org may take it out",
            "ignored advisory CVE-3: matches nothing; team@example.org may take it out",
        ]
    );
}

#[test]
fn lists_of_other_tools_name_packages_in_their_way() {
    let deb = json!({"installed": ["libssl3"], "purls": ["pkg:deb/debian/libssl3@3.0.1-1%2Bb1?arch=amd64"]});
    let java = json!({"package": "org.apache.logging.log4j:log4j-core", "version": "2.14.1", "installed": [],
        "purls": ["pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"]});
    let scoped = json!({"package": "a:core", "version": "1", "installed": [], "purls": ["pkg:npm/a%3Acore@1"]});
    for (annotation, [name, version, purl_type], passes) in [
        (&deb, ["openssl", "", ""], true),
        (&deb, ["libssl3", "", ""], true),
        (&deb, ["libssl", "", ""], false),
        (&deb, ["libssl3", "3.0.1-1+b1", "deb"], true),
        (&deb, ["openssl", "3.0.1-1", ""], true),
        (&deb, ["libssl3", "3.0.1-2", "deb"], false),
        (&deb, ["libssl3", "", "rpm"], false),
        (&deb, ["", "", "deb"], true),
        (&java, ["log4j-core", "", ""], true),
        (&java, ["org.apache.logging.log4j:log4j-core", "2.14.1", "maven"], true),
        (&java, ["log4j-core", "2.14.1", "maven"], true),
        (&java, ["log4j-core", "2.14.2", "maven"], false),
        (&java, ["log4j", "", ""], false),
        (&scoped, ["core", "", ""], false),
    ] {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let listed = ListedPackage { name: some(name), version: some(version), purl_type: some(purl_type) };
        let entry = IgnoredAdvisory { listed: Some(listed.clone()), ..ignored("CVE-2026-1", TODAY) };
        let said = reasons(ignoring(entry), vec![(claim(&[with(Some("high"), annotation.clone())]), Trust::Derived)]);
        assert_eq!(said.is_empty(), passes, "{listed} {annotation} {said:?}");
    }
}
