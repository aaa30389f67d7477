//! What results look like, for people and for programs.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use consign_oci::{Digest, Platform};
use consign_receipt::{AdvisoryRules, Coverage, Exception, Finding, IgnoredAdvisory, Severity, predicate};
use consign_report::{
    AdvisoryReport, DatabaseReport, DestinationReport, ImageReport, Outcome, PlatformName, PlatformRow, ReasonReport,
    ReleaseReport, SarifLog, ScanReport, ScannedPlatform, Stage, TagReport, TagState, TreeNode, VexProduct,
    VexProducts, json, openvex, summary,
};
use jiff::civil::date;

fn row(platform: &str, digest: Option<Digest>, stages: &[(Stage, Outcome)]) -> PlatformRow {
    PlatformRow {
        platform: platform.parse().unwrap(),
        digest,
        stages: stages.iter().copied().collect(),
        steps: Vec::new(),
    }
}

fn destination(repository: &str, tags: &[(&str, TagState)]) -> DestinationReport {
    let tags = tags.iter().map(|(tag, state)| TagReport { tag: tag.parse().unwrap(), state: *state }).collect();
    DestinationReport { repository: repository.parse().unwrap(), tags }
}

fn released() -> ReleaseReport {
    let done = [Stage::Build, Stage::Inventory, Stage::Gate, Stage::Sign, Stage::Publish, Stage::Verify]
        .map(|stage| (stage, Outcome::Ok));
    let mut cached = done;
    cached[0].1 = Outcome::Cached;
    ReleaseReport {
        images: vec![ImageReport {
            name: "hello".into(),
            index: Some(Digest::of(b"index")),
            signed: true,
            rows: vec![
                row("linux/amd64", Some(Digest::of(b"a")), &done),
                row("linux/ppc64le", Some(Digest::of(b"b")), &cached),
            ],
            destinations: vec![
                destination("localhost:5000/a/hello", &[("1.2.3", TagState::Moved), ("latest", TagState::Unchanged)]),
                destination("localhost:5000/b/hello", &[("1.2.3", TagState::Moved), ("latest", TagState::NotMoved)]),
            ],
            reasons: vec![],
            advisories: vec![],
        }],
        signer: None,
        warnings: vec![],
    }
}

fn refused() -> ReleaseReport {
    ReleaseReport {
        images: vec![ImageReport {
            name: "hello".into(),
            index: None,
            signed: false,
            rows: vec![row(
                "linux/arm64",
                Some(Digest::of(b"a")),
                &[(Stage::Build, Outcome::Ok), (Stage::Trial, Outcome::Failed), (Stage::Gate, Outcome::Skipped)],
            )],
            destinations: vec![],
            reasons: vec![
                ReasonReport {
                    stage: Stage::Trial,
                    platform: Some("linux/arm64".parse().unwrap()),
                    message: "`configuration` exited with 1\nnginx: \u{1b}[31mno such file\n\nend".into(),
                },
                ReasonReport { stage: Stage::Gate, platform: None, message: String::new() },
            ],
            advisories: vec![],
        }],
        signer: None,
        warnings: vec![],
    }
}

#[test]
fn a_release_is_a_table_and_where_it_went() {
    let expected = "\
IMAGE  PLATFORM       BUILD   INVENTORY  TRIAL  GATE  SIGN  PUBLISH  VERIFY  DIGEST
hello  linux/amd64    ok      ok         -      ok    ok    ok       ok      ca978112ca1b
hello  linux/ppc64le  cached  ok         -      ok    ok    ok       ok      3e23e8160039

hello  sha256:1bc04b5291c26a46d918139138b992d2de976d6851d0893b0476b85bfbdfc6e6  signed
  localhost:5000/a/hello: 1.2.3 moved, latest unchanged
  localhost:5000/b/hello: 1.2.3 moved, latest not moved
";
    assert_eq!(released().text(), expected);
    assert!(!released().images[0].failed());
}

#[test]
fn a_refused_release_says_why() {
    let expected = "\
IMAGE  PLATFORM     BUILD  INVENTORY  TRIAL   GATE     SIGN  PUBLISH  VERIFY  DIGEST
hello  linux/arm64  ok     -          failed  skipped  -     -        -       ca978112ca1b

hello
  trial linux/arm64: `configuration` exited with 1
    nginx: \u{FFFD}[31mno such file

    end
  gate: no reason given
";
    assert_eq!(refused().text(), expected);
    assert!(refused().images[0].failed());
}

#[test]
fn json_reads_back_as_the_same() {
    for report in [released(), refused(), ReleaseReport::default()] {
        let text = json(&report).unwrap();
        assert!(text.ends_with("}\n"));
        assert_eq!(serde_json::from_str::<ReleaseReport>(&text).unwrap(), report);
    }
    let value = serde_json::to_value(released()).unwrap();
    let row = &value["images"][0]["rows"][0];
    assert_eq!((&row["platform"], &row["stages"]["build"]), (&"linux/amd64".into(), &"ok".into()));
    assert_eq!(
        value["images"][0]["destinations"][1]["tags"][1],
        serde_json::json!({"tag": "latest", "state": "notMoved"})
    );
    assert_eq!(serde_json::to_value(refused()).unwrap()["images"][0]["reasons"][0]["platform"], "linux/arm64");
}

#[test]
fn a_tree_shows_what_hangs_on_an_image() {
    let platform = |name: &str| {
        TreeNode::new(name, Digest::of(name.as_bytes()), 27_400_000).with(TreeNode::receipt(
            predicate::SBOM,
            Digest::of(b"s"),
            99,
        ))
    };
    let tree = TreeNode { label: "localhost:5000/hello:1".into(), ..TreeNode::default() }
        .with(platform("linux/amd64").with(TreeNode::receipt("https://a.b/\u{7}c", Digest::of(b"x"), 1)))
        .with(platform("linux/arm64"));
    let expected = "\
localhost:5000/hello:1
├── linux/amd64         sha256:baf0239e48ff  27.4 MB
│   ├── sbom            sha256:043a718774c5  99 B
│   └── https://a.b/\u{FFFD}c  sha256:2d711642b726  1 B
└── linux/arm64         sha256:b3e3ab55f887  27.4 MB
    └── sbom            sha256:043a718774c5  99 B
";
    assert_eq!(tree.text(), expected);
    assert_eq!(serde_json::from_str::<TreeNode>(&json(&tree).unwrap()).unwrap(), tree);
}

fn scanned() -> ScanReport {
    let finding = |package: &str, severity| Finding {
        package: package.into(),
        version: "1\u{1b}[2J".into(),
        advisory: "CVE-1".into(),
        severity,
        ..Finding::default()
    };
    let platforms = ["linux/amd64", "linux/arm64"].map(|text| PlatformName::from(text.parse::<Platform>().unwrap()));
    let entry = IgnoredAdvisory {
        advisory: "CVE-1".into(),
        package: None,
        purl: None,
        purls: Vec::new(),
        listed: None,
        exception: Exception {
            platforms: vec![platforms[1].platform.clone()],
            reason: "why".into(),
            owner: "who".into(),
            until: Some(date(2026, 12, 31)),
        },
    };
    let rules = AdvisoryRules { ignore: vec![entry], ..AdvisoryRules::new(Severity::Low) };
    let found = [
        (&platforms[0], &finding("a", Some(Severity::High))),
        (&platforms[1], &finding("a", Some(Severity::High))),
        (&platforms[0], &finding("b", None)),
    ];
    let part = |ecosystem: &str, packages, covered| Coverage {
        ecosystem: ecosystem.into(),
        packages,
        covered,
        foreign: false,
    };
    let scanned = |platform: &PlatformName, coverage| ScannedPlatform {
        platform: platform.name.clone(),
        digest: Digest::of(b"a"),
        coverage: Some(coverage),
        lifetime: None,
        facts: None,
    };
    ScanReport {
        reference: "oci:a b".into(),
        database: Some(DatabaseReport {
            scanner: None,
            digest: Some(Digest::of(b"d")),
            records: Some(2),
            last_update: "2026-01-02T03:04:05Z".into(),
        }),
        platforms: vec![
            scanned(&platforms[0], vec![part("Debian:12", 3, true), part("npm", 1, false)]),
            scanned(&platforms[1], vec![part("npm", 1, false)]),
        ],
        advisories: AdvisoryReport::all(found, Some((&rules, date(2026, 12, 31)))),
        differences: Vec::new(),
        findings: Vec::new(),
        since: None,
        warnings: vec!["old".into()],
    }
}

#[test]
fn findings_stand_by_what_becomes_of_them_and_what_was_not_compared_is_said() {
    let digest = Digest::of(b"d");
    let expected = format!(
        "\
PACKAGE  VERSION  ADVISORY  SEVERITY  FIXED IN  PLATFORMS    POLICY
a        1\u{FFFD}[2J    CVE-1     high      -         linux/amd64  refused
a        1\u{FFFD}[2J    CVE-1     high      -         linux/arm64  ignored
b        1\u{FFFD}[2J    CVE-1     unknown   -         linux/amd64  refused

linux/amd64: 2 advisories match; 4 packages, 3 of them compared; not compared: 1 of npm
linux/arm64: none of 1 package could be compared, and whether advisories match is not known; not compared: 1 of npm
advisories: 2 records, the newest of 2026-01-02T03:04:05Z, {digest}
warning: old
"
    );
    assert_eq!(scanned().text(), expected);
    for (ends, unknown_as_of, expected) in [
        (Some("2027-01-01"), None, "; x 1 has free fixes until 2027-01-01\n"),
        (None, Some("2026-11-22"), "; until when x 1 has fixes is not known here (table of 2026-11-22)\n"),
    ] {
        let mut report = scanned();
        let [ends, unknown_as_of] = [ends, unknown_as_of].map(|day| day.map(str::to_owned));
        report.platforms[1].lifetime =
            Some(predicate::Lifetime { release: "x 1".into(), ends, extended: None, unknown_as_of });
        assert!(report.text().contains(&format!("not compared: 1 of npm{expected}")), "{}", report.text());
    }
    assert_eq!(summary(&[], 0), "no packages, no package database and no distribution");
    let unread = Coverage { ecosystem: "what /a lists".into(), packages: 0, covered: false, foreign: false };
    let expected = "nothing could be compared, and whether advisories match is not known; not compared: what /a lists";
    assert_eq!(summary(&[unread], 0), expected);
}

#[test]
fn a_report_says_of_what_it_is() {
    let mut report = scanned();
    let database = report.database.as_mut().unwrap();
    (database.records, database.last_update) = (Some(1), "1970-01-01T00:00:00Z".into());
    assert!(report.text().contains("advisories: 1 record, of unknown age, sha256:"), "{}", report.text());
    // Where nobody was asked, nothing is said of advisories.
    report.database = None;
    report.platforms.iter_mut().for_each(|platform| platform.coverage = None);
    let text = report.text();
    assert!(text.ends_with("linux/arm64: not compared with advisories\nwarning: old\n"), "{text}");
    let value = serde_json::to_value(&report).unwrap();
    assert!(value.get("database").is_none() && value["platforms"][0].get("coverage").is_none());
}

#[test]
fn that_a_severity_is_unknown_is_said_and_read_back() {
    let report = scanned();
    let severities: Vec<_> = report.advisories.iter().map(|found| serde_json::to_value(found).unwrap()).collect();
    let severities: Vec<_> = severities.iter().map(|found| found["severity"].as_str().unwrap()).collect();
    assert_eq!(severities, ["high", "high", "unknown"]);
    for found in report.advisories {
        assert_eq!(serde_json::from_str::<AdvisoryReport>(&json(&found).unwrap()).unwrap(), found);
    }
}

#[test]
fn statements_name_of_each_platform_what_is_on_it() {
    let names = ["linux/amd64", "linux/arm64"].map(|text| PlatformName::from(text.parse::<Platform>().unwrap()));
    let finding = |purls: &[&str]| Finding {
        package: "a".into(),
        advisory: "CVE-1".into(),
        purls: purls.iter().map(|purl| (*purl).to_owned()).collect(),
        ..Finding::default()
    };
    let found = [finding(&["pkg:deb/a?arch=amd64"]), finding(&["pkg:deb/a?arch=arm64", "pkg:deb/b?arch=arm64"])];
    let report = ScanReport { advisories: AdvisoryReport::all(names.iter().zip(&found), None), ..scanned() };
    let product = |(name, finding): (&PlatformName, &Finding)| {
        VexProduct::new(name.name.clone(), format!("pkg:oci/x?{}", name.name), [finding.clone()])
    };
    let platforms = names.iter().zip(&found).map(product).collect();
    let document = openvex(&report, &VexProducts { index: Some("pkg:oci/x".into()), platforms }, "me");
    let parts = |purls: &[&str]| -> Vec<_> { purls.iter().map(|purl| serde_json::json!({"@id": purl})).collect() };
    let all = ["pkg:deb/a?arch=amd64", "pkg:deb/a?arch=arm64", "pkg:deb/b?arch=arm64"];
    let expected = serde_json::json!([
        {"@id": "pkg:oci/x", "subcomponents": parts(&all)},
        {"@id": "pkg:oci/x?linux/amd64", "subcomponents": parts(&all[..1])},
        {"@id": "pkg:oci/x?linux/arm64", "subcomponents": parts(&all[1..])},
    ]);
    assert_eq!(document["statements"].as_array().unwrap().len(), 1);
    assert_eq!(document["statements"][0]["products"], expected);
}

#[test]
fn sarif_says_what_could_not_be_looked_at() {
    let log = SarifLog::joined([scanned().sarif(&["no records".into()]), SarifLog::failed("x: gone".into())]);
    let log = serde_json::to_value(log).unwrap();
    let said = |run: usize| {
        let invocation = &log["runs"][run]["invocations"][0];
        let first = &invocation["toolExecutionNotifications"][0];
        let results = log["runs"][run]["results"].as_array().unwrap().len();
        (invocation["executionSuccessful"].clone(), first["level"].clone(), first["message"]["text"].clone(), results)
    };
    assert_eq!(said(0), (false.into(), "error".into(), "no records".into(), 3));
    assert_eq!(said(1), (false.into(), "error".into(), "x: gone".into(), 0));
}

#[test]
fn findings_as_sarif_are_of_one_rule_for_each_advisory() {
    let log = serde_json::to_value(scanned().sarif(&[])).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 1);
    assert_eq!(run["tool"]["driver"]["rules"][0]["properties"]["security-severity"], "8.0");
    let results = run["results"].as_array().unwrap();
    let said: Vec<_> =
        results.iter().map(|result| (result["level"].as_str().unwrap(), result["ruleIndex"].clone())).collect();
    assert_eq!(said, [("error", 0.into()), ("error", 0.into()), ("error", 0.into())]);
    assert_eq!(results[1]["suppressions"][0]["justification"], "why (who, until 2026-12-31)");
    assert!(results[0].get("suppressions").is_none());
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "oci%3Aa%20b");
    // No result is no word about what was not compared.
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], true);
    let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
    let said: Vec<_> = notifications.iter().map(|said| (&said["level"], &said["message"]["text"])).collect();
    let text = |platform: &str| serde_json::json!(format!("{platform}: not compared: 1 of npm"));
    let (level, texts) = (serde_json::json!("warning"), [text("linux/amd64"), text("linux/arm64")]);
    assert_eq!(said, [(&level, &texts[0]), (&level, &texts[1])]);
}
