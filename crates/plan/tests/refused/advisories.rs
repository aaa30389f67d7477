use super::refused;
use consign_plan::Configuration;
use consign_plan::configuration::PolicyFile;
use consign_receipt::{Acceptance, Requirement, Severity};

const IMAGE: &str = "build:\n  - source: image.yaml\n    destination: ghcr.io/team/app\n";

fn with(policy: &str) -> String {
    format!("{IMAGE}policy:\n{policy}")
}

#[test]
fn a_whole_section() {
    let text = with(
        "  advisories:\n    databases: osv\n    maximum-severity: none\n    unknown-severity: accept\n    maximum-age: 14d\n    ignore:\n      - {advisory: CVE-1, package: a, platforms: linux/arm64, reason: r, owner: o, until: 2026-12-31}\n",
    );
    let configuration = Configuration::parse("folder/consign.yaml", &text).unwrap();
    let policy = configuration.policy.policy();
    let mut required: Vec<Requirement> = policy.requirements().collect();
    assert_eq!(required.pop(), Some(Requirement::Advisories));
    assert_eq!(required, consign_receipt::Policy::default().requirements().collect::<Vec<_>>());
    let rules = policy.advisories().unwrap();
    assert_eq!((rules.maximum_severity, rules.unknown_severity), (Severity::None, Acceptance::Accept));
    assert_eq!(rules.maximum_age, Some(14));
    assert_eq!(rules.ignore[0].exception.until.unwrap().to_string(), "2026-12-31");
    assert_eq!(rules.ignore[0].exception.platforms[0].to_string(), "linux/arm64");
    // The same in a file of its own.
    let alone = text.strip_prefix(IMAGE).unwrap();
    let file = PolicyFile::parse("folder/policy.yaml", alone).unwrap();
    assert_eq!(file.policy.policy(), policy);
    assert_eq!(file.file.resolve("osv").to_str(), Some("folder/osv"));
    let error = PolicyFile::parse("policy.yaml", "build: []\n").unwrap_err();
    assert_eq!(error.to_string(), "policy.yaml:1:1: `policy` is missing: what an image must show");
}

#[test]
fn required_without_a_section() {
    insta::assert_snapshot!(refused(&with("  require: [advisories]\n")), @r"
    error[C012]: `advisories` is required, and nothing says which databases and how much passes
     --> consign.yaml:5:13
      |
    5 |   require: [advisories]
      |             ^^^^^^^^^^
      |
      = hint: add `advisories:` to the policy, with `databases` and `maximum-severity`
    ");
}

#[test]
fn what_a_section_needs() {
    insta::assert_snapshot!(refused(&with("  advisories: {}\n")), @r"
    error[C006]: `databases` is missing: a database that `consign db build` made, or folders, archives and files of advisories
     --> consign.yaml:5:15
      |
    5 |   advisories: {}
      |               ^

    error[C006]: `maximum-severity` is missing: the worst severity that still passes, such as `medium`
     --> consign.yaml:5:15
      |
    5 |   advisories: {}
      |               ^
    ");
}

#[test]
fn bad_values() {
    let text = with(
        "  advisories:\n    databases: []\n    maximum-severity: hihg\n    unknown-severity: maybe\n    maximum-age: 2w\n    ignore:\n      - {advisory: \"CVE 1\", reason: r, owner: o, until: 2026-13-01}\n      - {advisory: CVE-1, expires: x}\n      - {advisory: CVE-1, reason: r, owner: \"\", until: 20261231, platforms: [amd]}\n",
    );
    let said = refused(&text);
    for (line, expected) in [
        (6, "`databases` lists nothing"),
        (7, "`hihg` is no value of `maximum-severity`"),
        (8, "`maybe` is no value of `unknown-severity`"),
        (9, "`maximum-age` must be a number of days from `1d` to `3650d`"),
        (11, "`CVE 1` is not the name of an advisory"),
        (11, "`2026-13-01` is not a day: expected `YYYY-MM-DD`"),
        (12, "`expires` is not supported by this version"),
        (12, "`reason` is missing: why it does not count"),
        (12, "`owner` is missing: who answers for that"),
        (12, "`until` is missing: the last day on which it does not count, as `YYYY-MM-DD`"),
        (13, "`owner` must not be empty"),
        (13, "`20261231` is not a day: expected `YYYY-MM-DD`"),
    ] {
        let found = said
            .split("\n\n")
            .any(|problem| problem.contains(expected) && problem.contains(&format!("consign.yaml:{line}:")));
        assert!(found, "{line}: {expected}\n{said}");
    }
    assert!(said.contains("did you mean `high`?") && said.contains("it can be `refuse` and `accept`"), "{said}");
}
