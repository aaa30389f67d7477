//! What the gate makes of an image's settings and files, as tables.

#![allow(clippy::unwrap_used, reason = "tests")]

use consign_oci::{Digest, Exact, Platform};
use consign_receipt::predicate::{self, ReleaseRecord};
use consign_receipt::{
    Candidate, Consequence, Exception, IgnoredFact, ImageFinding, ImageRule, ImageRules, Pattern, PlatformCandidate,
    Policy, Reason, Receipt, Requirement, Statement, Trust, gate,
};
use jiff::civil::{Date, date};
use serde_json::{Value, json};

const TODAY: Date = date(2026, 11, 21);
const AMD64: &str = "linux/amd64";

/// What an image says that has one of everything.
fn facts() -> Value {
    json!({
        "user": {"stated": "0:0", "uid": 0, "root": true, "problem": "no-group"},
        "healthCheck": "disabled",
        "entrypoint": {"program": "/app", "path": "/app", "broken": {"file": "/app", "fault": "library", "library": "liba.so.1"}},
        "setuidFiles": [
            {"path": "/opt/tool", "mode": "6755", "uid": 0, "gid": 5},
            {"path": "/usr/bin/su", "mode": "4755", "uid": 0, "gid": 0, "package": "pkg:deb/debian/login@1%3A4.13?arch=amd64"},
            {"path": "/usr/bin/wall", "mode": "2755", "uid": 0, "gid": 5},
        ],
        "secrets": [
            {"in": "environment", "name": "TOKEN", "kind": "github-token"},
            {"in": "file", "path": "/app/.env", "line": 2, "layer": 3, "hidden": true, "kind": "private-key"},
            {"in": "history", "entry": 4, "kind": "secret-variable"},
        ],
    })
}

fn fine() -> Value {
    json!({
        "user": {"stated": "65532", "uid": 65532, "root": false},
        "healthCheck": "present",
        "entrypoint": {"program": "/app", "path": "/app"},
    })
}

fn sbom(licenses: &[(&str, &str)]) -> Value {
    let package =
        |(name, license): &(&str, &str)| json!({"name": name, "versionInfo": "1", "licenseDeclared": license});
    let mut packages: Vec<Value> = licenses.iter().map(package).collect();
    packages.push(json!({"name": "image", "primaryPackagePurpose": "CONTAINER"}));
    packages.push(json!({"name": "debian", "primaryPackagePurpose": "OPERATING-SYSTEM"}));
    json!({"spdxVersion": "SPDX-2.3", "packages": packages})
}

fn receipt(predicate_type: &str, predicate: Value, trust: Trust) -> Receipt {
    let statement = Statement::new(&Digest::of(b"manifest"), predicate_type, predicate);
    Receipt { statement: Exact::write(statement).unwrap(), trust }
}

/// Asks about an image of which this is said.
fn reasons(policy: &Policy, receipts: Vec<Receipt>) -> Vec<String> {
    let platform: Platform = AMD64.parse().unwrap();
    let candidate = Candidate {
        name: "hello".into(),
        index: Digest::of(b"index"),
        planned: vec![platform.clone()],
        platforms: vec![PlatformCandidate { platform, digest: Digest::of(b"manifest"), tests: None, receipts }],
        destinations: Vec::new(),
    };
    gate(&candidate, policy, TODAY).err().unwrap_or_default().iter().map(Reason::to_string).collect()
}

fn by(rules: ImageRules, facts: Value) -> Vec<String> {
    let policy = Policy::new([Requirement::Completeness]).judging(rules);
    reasons(&policy, vec![receipt(predicate::IMAGE_FACTS, facts, Trust::Derived)])
}

fn ignored(rule: ImageRule, until: Date) -> IgnoredFact {
    IgnoredFact {
        rule,
        path: None,
        license: None,
        package: None,
        exception: Exception {
            platforms: Vec::new(),
            reason: "known to us".to_owned(),
            owner: "team@example.org".to_owned(),
            until: Some(until),
        },
    }
}

#[test]
fn each_rule_refuses_its_own_and_says_where() {
    let table = [
        (ImageRule::RootUser, vec!["it runs as root: the user is `0:0`"]),
        (ImageRule::UnknownUser, vec!["it cannot run as `0:0`: /etc/group has no such group"]),
        (ImageRule::NoHealthCheck, vec!["its health check is `NONE`"]),
        (
            ImageRule::Entrypoint,
            vec!["its program cannot be started: /app needs the library liba.so.1, which is not in the image"],
        ),
        (
            ImageRule::SetuidFiles,
            vec![
                "/opt/tool runs as user 0 and group 5, whoever starts it (mode 6755)",
                "/usr/bin/su runs as user 0, whoever starts it (mode 4755, of pkg:deb/debian/login@1%3A4.13?arch=amd64)",
                "/usr/bin/wall runs as group 5, whoever starts it (mode 2755)",
            ],
        ),
        (
            ImageRule::Secrets,
            vec![
                "there is a secret in /app/.env:2 of layer 3, hidden by a later one: private-key",
                "there is a secret in environment TOKEN: github-token",
                "there is a secret in history entry 4: secret-variable",
            ],
        ),
        (ImageRule::UnknownLicense, vec![]),
    ];
    for (rule, expected) in table {
        let expected: Vec<String> = expected.iter().map(|text| format!("{AMD64}: {text}")).collect();
        let mut said = by(ImageRules::refusing([rule]), facts());
        said.retain(|reason| !reason.ends_with(": no sbom"));
        assert_eq!(said, expected, "{rule}");
        let mut said = by(ImageRules::refusing([rule]), fine());
        said.retain(|reason| !reason.ends_with(": no sbom"));
        assert_eq!(said, [""; 0], "{rule}");
    }
    assert_eq!(by(ImageRules::default(), facts()), [""; 0], "all is told, nothing refused");
}

#[test]
fn whoever_may_be_root_passes_for_nobody_else() {
    let said = |rule: ImageRule, user: Value| {
        let mut facts = fine();
        facts["user"] = user;
        by(ImageRules::refusing([rule]), facts)
    };
    let of = |stated: &str, uid: Option<u32>, problem: Option<&str>| {
        let mut user = json!({"stated": stated, "uid": uid, "root": uid == Some(0), "problem": problem});
        user.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        user
    };
    for (user, root, unknown) in [
        (of("", Some(0), None), Some("it runs as root: no user is stated"), None),
        (of("-0", Some(0), None), Some("it runs as root: the user is `-0`"), None),
        (of("65532", Some(65532), None), None, None),
        // Nobody could read who that is.
        (
            of("app", None, Some("unread")),
            Some("it is not known whether it runs as root: the user is `app`"),
            Some("it is not known who `app` is: /etc/passwd or /etc/group cannot be read"),
        ),
        (
            of("7:users", Some(7), Some("unread")),
            None,
            Some("it is not known who `7:users` is: /etc/passwd or /etc/group cannot be read"),
        ),
        // No engine starts these, as root or otherwise.
        (of("app", None, Some("no-user")), None, Some("it cannot run as `app`: /etc/passwd has no such user")),
    ] {
        for (rule, expected) in [(ImageRule::RootUser, root), (ImageRule::UnknownUser, unknown)] {
            let expected: Vec<String> = expected.map(|text| format!("{AMD64}: {text}")).into_iter().collect();
            assert_eq!(said(rule, user.clone()), expected, "{rule} {user}");
        }
    }
}

#[test]
fn more_than_are_named_count_too() {
    let more = json!({"healthCheck": "present", "moreSecrets": 3, "moreSetuidFiles": 1});
    let rules = ImageRules::refusing([ImageRule::Secrets, ImageRule::SetuidFiles]);
    let expected = ["linux/amd64: there are 1 more, setuid-files", "linux/amd64: there are 3 more, secrets"];
    assert_eq!(by(rules, more), expected);
}

#[test]
fn files_may_be_allowed_by_their_paths() {
    let rules = |allowed: &[&str]| ImageRules {
        allowed_setuid_files: allowed.iter().map(|path| Pattern::new(*path)).collect(),
        ..ImageRules::refusing([ImageRule::SetuidFiles])
    };
    for (allowed, count) in
        [(&["/usr/bin/*"][..], 1), (&["/usr/bin/su", "/opt/tool"], 1), (&["*"], 0), (&["/usr/bin"], 3)]
    {
        assert_eq!(by(rules(allowed), facts()).len(), count, "{allowed:?}");
    }
}

#[test]
fn nothing_said_is_no_pass() {
    let policy = Policy::new([Requirement::Completeness]).judging(ImageRules::refusing([ImageRule::RootUser]));
    let missing = "linux/amd64: no list of what settings and files say";
    assert_eq!(reasons(&policy, vec![]), [missing]);
    let said = reasons(&policy, vec![receipt(predicate::IMAGE_FACTS, fine(), Trust::Unproven)]);
    assert!(said[0].starts_with(&format!("{missing} that counts")), "{said:?}");
    let malformed = reasons(&policy, vec![receipt(predicate::IMAGE_FACTS, json!({}), Trust::Derived)]);
    assert!(malformed[0].contains("is malformed"), "{malformed:?}");
    // A list that passes does not undo one that fails.
    let both = vec![
        receipt(predicate::IMAGE_FACTS, facts(), Trust::Derived),
        receipt(predicate::IMAGE_FACTS, fine(), Trust::Derived),
    ];
    assert_eq!(reasons(&policy, both).len(), 1);
}

#[test]
fn licenses_are_those_of_the_sbom() {
    let rules = |denied: &[&str], unknown| ImageRules {
        denied_licenses: denied.iter().map(|license| Pattern::new(*license)).collect(),
        consequences: [(ImageRule::UnknownLicense, unknown)].into(),
        ..ImageRules::default()
    };
    let of = |rules: ImageRules, sboms: Vec<Value>| {
        let policy = Policy::new([Requirement::Completeness]).judging(rules);
        let sboms = sboms.into_iter().map(|sbom| receipt(predicate::SBOM, sbom, Trust::Derived));
        let facts = receipt(predicate::IMAGE_FACTS, fine(), Trust::Derived);
        reasons(&policy, sboms.chain([facts]).collect())
    };
    let mut named = sbom(&[("e", "LicenseRef-ours"), ("f", "MIT OR LicenseRef-ours"), ("g", "GPL-3.0-or-later")]);
    named["hasExtractedLicensingInfos"] =
        json!([{"licenseId": "LicenseRef-ours", "extractedText": "GNU GPL v3 (ours)"}]);
    let ours = "linux/amd64: e 1: its licence is denied: LicenseRef-ours";
    let later = "linux/amd64: g 1: its licence is denied: GPL-3.0-or-later";
    for (denied, expected) in [("GPL-3.0", vec![ours, later]), ("GPL-3.0-only", vec![ours]), ("GPL-3.0+", vec![later])]
    {
        let said = of(rules(&[denied], Consequence::Report), vec![named.clone(), named.clone()]);
        assert_eq!(said, expected, "{denied}");
    }
    let packages = sbom(&[("a", "MIT"), ("b", "GPL-3.0-only OR MIT"), ("c", "AGPL-3.0-only"), ("d", "NOASSERTION")]);
    let denied = "linux/amd64: c 1: its licence is denied: AGPL-3.0-only";
    let unknown = "linux/amd64: d 1: no licence is known by which it may be used";
    for (denied_licenses, consequence, expected) in [
        (&["AGPL-*", "GPL-3.0*"][..], Consequence::Report, vec![denied]),
        (&["AGPL-*"], Consequence::Refuse, vec![denied, unknown]),
        (&["EUPL-1.2"], Consequence::Report, vec![]),
        (&[], Consequence::Refuse, vec![unknown]),
    ] {
        assert_eq!(of(rules(denied_licenses, consequence), vec![packages.clone()]), expected, "{denied_licenses:?}");
    }
    assert_eq!(of(rules(&["MIT"], Consequence::Report), vec![]), ["linux/amd64: no sbom"]);
    assert_eq!(of(rules(&[], Consequence::Report), vec![]), [""; 0]);
}

#[test]
fn exceptions_are_for_what_they_name_and_end() {
    let tomorrow = date(2026, 11, 22);
    let until = |path: &str, until| {
        let mut entry = ignored(ImageRule::SetuidFiles, tomorrow);
        entry.path = Some(Pattern::new(path));
        entry.exception.until = until;
        entry
    };
    let path = |path: &str| until(path, Some(tomorrow));
    let mut of_other_platform = path("*");
    of_other_platform.exception.platforms = vec!["linux/arm64".parse().unwrap()];
    let table = [
        (ignored(ImageRule::SetuidFiles, tomorrow), 0),
        (ignored(ImageRule::Secrets, tomorrow), 3),
        (path("/usr/bin/*"), 1),
        (IgnoredFact { package: Some(Pattern::new("login")), ..ignored(ImageRule::SetuidFiles, tomorrow) }, 2),
        (of_other_platform, 3),
        (IgnoredFact { license: Some(Pattern::new("*")), ..path("*") }, 3),
        (until("*", Some(TODAY)), 0),
        (until("*", None), 0),
    ];
    for (entry, count) in table {
        let rules = ImageRules { ignore: vec![entry.clone()], ..ImageRules::refusing([ImageRule::SetuidFiles]) };
        assert_eq!(by(rules, facts()).len(), count, "{entry:?}");
    }
    let ended = ImageRules {
        ignore: vec![until("/opt/*", Some(date(2026, 11, 20)))],
        ..ImageRules::refusing([ImageRule::SetuidFiles])
    };
    let said = by(ended.clone(), facts());
    assert!(said[0].ends_with("(mode 6755); it was ignored until 2026-11-20: ask team@example.org"), "{said:?}");
    let platform: Platform = AMD64.parse().unwrap();
    let findings =
        |facts: Value| -> Vec<ImageFinding> { ended.findings(Some(&serde_json::from_value(facts).unwrap()), None) };
    let unused = ImageRules { ignore: vec![path("/nowhere")], ..ImageRules::default() };
    let all = findings(facts());
    let pairs = || all.iter().map(|finding| (&platform, finding));
    assert_eq!(
        ended.notes(pairs(), TODAY),
        ["ignored setuid-files at /opt/*: ended on 2026-11-20 and has no effect; ask team@example.org"]
    );
    assert_eq!(
        unused.notes(pairs(), TODAY),
        ["ignored setuid-files at /nowhere: matches nothing; team@example.org may take it out"]
    );
}

#[test]
fn what_passes_is_told_in_a_line_for_each_kind() {
    let rules = ImageRules::refusing([ImageRule::Secrets]);
    let platform: Platform = AMD64.parse().unwrap();
    let findings = rules.findings(Some(&serde_json::from_value(facts()).unwrap()), Some(&sbom(&[("d", "NONE")])));
    let expected = [
        "linux/amd64: it runs as root: the user is `0:0`",
        "linux/amd64: it cannot run as `0:0`: /etc/group has no such group",
        "linux/amd64: its health check is `NONE`",
        "linux/amd64: its program cannot be started: /app needs the library liba.so.1, which is not in the image",
        "linux/amd64: 3 files run as their owner or group, whoever starts them: /opt/tool, /usr/bin/su, /usr/bin/wall",
        "linux/amd64: d 1: no licence is known by which it may be used",
    ];
    assert_eq!(rules.remarks(&platform, &findings, TODAY), expected);
}

#[test]
fn rules_are_part_of_the_policy_and_of_the_record() {
    let base = ImageRules::default();
    let with = |change: fn(&mut ImageRules)| {
        let mut rules = base.clone();
        change(&mut rules);
        rules
    };
    let all = [
        base.clone(),
        with(|rules| _ = rules.consequences.insert(ImageRule::Secrets, Consequence::Refuse)),
        with(|rules| rules.allowed_setuid_files.push(Pattern::new("/a"))),
        with(|rules| rules.denied_licenses.push(Pattern::new("MIT"))),
        with(|rules| rules.ignore.push(ignored(ImageRule::Secrets, TODAY))),
        with(|rules| rules.ignore.push(ignored(ImageRule::Secrets, date(2027, 1, 1)))),
    ];
    let mut digests: Vec<Digest> = all.iter().map(|rules| Policy::default().judging(rules.clone()).digest()).collect();
    digests.push(Policy::default().digest());
    let count = digests.len();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), count);
    for rules in all {
        let policy = Policy::default().judging(rules);
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
        let record = json!({
            "image": "a", "version": "1", "time": "2026-11-01T00:00:00Z", "index": Digest::of(b"i"), "platforms": [],
            "destinations": [], "plan": Digest::of(b"p"), "policy": policy.digest(),
            "requirements": policy.requirements().collect::<Vec<_>>(), "imageRules": policy.image(),
        });
        let record: ReleaseRecord = serde_json::from_value(record).unwrap();
        assert_eq!(record.required().digest(), record.policy);
    }
}
