//! Lists of ignored advisories of other tools.

#![expect(clippy::unwrap_used, reason = "tests")]

use consign_plan::configuration::IgnoreFile;

fn read(name: &str, text: &str) -> Vec<String> {
    let file = IgnoreFile::parse(name, text).unwrap();
    let entries = file.entries.iter().map(|entry| {
        let listed = || entry.listed.as_ref().map(ToString::to_string);
        let package = listed().or_else(|| entry.purl.as_ref().map(ToString::to_string));
        let until = entry.exception.until.map(|until| until.to_string()).unwrap_or_default();
        format!(
            "{} {} {until} {} ({})",
            entry.advisory,
            package.unwrap_or_default(),
            entry.exception.reason,
            entry.exception.owner
        )
    });
    entries.chain(file.remarks).collect()
}

#[test]
fn lines() {
    let text = "# Accepted by the board\nCVE-2018-14618\nCVE-2019-14697 exp:2023-01-01\n\nCVE-2019-1543 # not reachable\r\n\n  GHSA-aaaa-bbbb-cccc  \n#\n";
    assert_eq!(
        read(".trivyignore", text),
        [
            "CVE-2018-14618   Accepted by the board (.trivyignore)",
            // It counts again from the day on that is named.
            "CVE-2019-14697  2022-12-31 Accepted by the board (.trivyignore)",
            "CVE-2019-1543   not reachable (.trivyignore)",
            "GHSA-aaaa-bbbb-cccc   no reason is given (.trivyignore)",
        ]
    );
    assert_eq!(read(".trivyignore", "\u{feff}\n"), [""; 0]);
    // Checks of settings are no advisories that nothing matches.
    for (text, expected) in [
        (
            "AVD-DS-0002",
            ".trivyignore:1: AVD-DS-0002 is left out: it is a check of settings, and only advisories are looked for",
        ),
        (
            "#\nDS002\nDS-0026\nKSV001",
            ".trivyignore:2: DS002 is left out: it is a check of settings, as are 2 more, and only advisories are looked for",
        ),
        ("DSA-5000-1", "DSA-5000-1   no reason is given (.trivyignore)"),
        ("AVD-2023-1", "AVD-2023-1   no reason is given (.trivyignore)"),
    ] {
        assert_eq!(read(".trivyignore", text), [expected]);
    }
    for (text, line, expected) in [
        ("CVE-1\nCVE 2", 2, "`2` is nothing that an entry has"),
        ("CVE-1 exp:2026-02-30", 1, "`exp:` needs a day, as `YYYY-MM-DD`"),
        ("CVE-1\n\nCVE-2 pkg:deb/debian/a", 3, "`pkg:deb/debian/a` is nothing that an entry has"),
        ("CVE-1 exp:tomorrow", 1, "`exp:` needs a day, as `YYYY-MM-DD`"),
        ("<html>", 1, "this is not the name of an advisory"),
    ] {
        let error = IgnoreFile::parse(".trivyignore", text).unwrap_err().to_string();
        assert!(error.starts_with(&format!(".trivyignore:{line}:")) && error.contains(expected), "{error}");
    }
}

#[test]
fn trivys_yaml() {
    let text = "vulnerabilities:
  - id: CVE-2022-40897
    expired_at: 2021-01-01
    statement: Accept the risk
  - id: CVE-2023-2650
    purls: [pkg:deb/debian/libssl1.1, 'pkg:npm/%40babel/core@7.1.0']
  - id: CVE-2023-3446
    paths: [usr/share/gcc/python/libstdcxx/v6/__init__.py]
misconfigurations:
  - id: AVD-DS-0001
secrets: []
";
    assert_eq!(
        read("x/.trivyignore.yaml", text),
        [
            "CVE-2022-40897  2020-12-31 Accept the risk (x/.trivyignore.yaml)",
            "CVE-2023-2650 pkg:deb/debian/libssl1.1  no reason is given (x/.trivyignore.yaml)",
            "CVE-2023-2650 pkg:npm/%40babel/core@7.1.0  no reason is given (x/.trivyignore.yaml)",
            "x/.trivyignore.yaml:10: `misconfigurations` is left out: only advisories are looked for",
            "x/.trivyignore.yaml:7: CVE-2023-3446 is left out: findings are not told apart by `paths`",
        ]
    );
    let time = "vulnerabilities: [{id: CVE-1, expired_at: 2026-12-01T00:00:00Z, statement: ''}]";
    assert_eq!(read(".trivyignore.yaml", time), ["CVE-1  2026-11-30 no reason is given (.trivyignore.yaml)"]);
    assert_eq!(read(".trivyignore.yaml", ""), [""; 0]);
    for text in [
        "- a",
        "vulnerabilities: [{id: }]",
        "vulnerabilities: [{id: CVE-1, expired_at: x}]",
        "vulnerabilities: [{id: CVE-1, purls: [x]}]",
    ] {
        assert!(IgnoreFile::parse(".trivyignore.yaml", text).is_err(), "{text}");
    }
}

#[test]
fn grypes_rules() {
    let text = "check-for-app-update: false
fail-on-severity: high
ignore:
  - vulnerability: CVE-2008-4318
    reason: not compiled in
    package: {name: libcurl}
  - vulnerability: CVE-2024-1
    include-aliases: true
  - vulnerability: CVE-2024-2
    fix-state: not-fixed
  - package: {type: gem}
  - vulnerability: CVE-2024-3
    package: {location: '/usr/local/**'}
  - vulnerability: CVE-2024-4
    package: {name: log4j-core, version: 2.14, type: java-archive}
  - vulnerability: CVE-2024-5
    package: {type: gem}
  - vulnerability: CVE-2024-6
    package: {name: glibc, type: conan}
  - {vulnerability: CVE-2024-7, namespace: nvd, match-type: cpe}
  - vulnerability: CVE-2024-8
    package: {}
";
    assert_eq!(
        read(".grype.yaml", text),
        [
            "CVE-2008-4318 package libcurl  not compiled in (.grype.yaml)",
            "CVE-2024-1   no reason is given (.grype.yaml)",
            "CVE-2024-4 package log4j-core, version 2.14, type maven  no reason is given (.grype.yaml)",
            "CVE-2024-5 type gem  no reason is given (.grype.yaml)",
            ".grype.yaml:9: CVE-2024-2 is left out: findings are not told apart by `fix-state`",
            ".grype.yaml:11: a rule is left out: it names no vulnerability, and would cover any",
            ".grype.yaml:12: CVE-2024-3 is left out: findings are not told apart by `location`",
            ".grype.yaml:18: CVE-2024-6 is left out: no packages of the type `conan` are looked for",
            ".grype.yaml:20: CVE-2024-7 is left out: findings are not told apart by `namespace`, `match-type`",
            ".grype.yaml:21: CVE-2024-8 is left out: its package has no name",
        ]
    );
}
