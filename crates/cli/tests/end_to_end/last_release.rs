//! Only what is new since the last release closes the gate.

use crate::advisories::{advise, environment};
use crate::common::{Run, TestEnvironment};
use serde_json::{Value, json};

const NEW_PACKAGE: &str =
    "tool 1.9-1: CVE-2026-1, severity high, fixed in 2.0-1; the last release does not have the package in this version";
const NEW_ADVISORY: &str = "tool 1.9-1: CVE-2026-2, severity high, no fixed version; the last release has the package, and the advisory is newer or says worse than then";

/// Commits what stands there, and gives it a version.
fn version(environment: &TestEnvironment, version: &str) {
    environment.commit(version);
    environment.git(&["tag", version]);
}

/// Releases what stands there, and returns what becomes of each advisory. A dry run before it judges the same, and writes nothing.
fn released(environment: &TestEnvironment, code: i32) -> (Value, String) {
    let written = || (environment.path("registry").exists(), environment.log().writes());
    let before = written();
    let tried = judged(&environment.consign(&["release", "--dry-run", "--output", "json"]).expect(code));
    assert_eq!(written(), before, "a dry run");
    let released = judged(&environment.consign(&["release", "--output", "json"]).expect(code));
    assert_eq!(tried, released);
    released
}

/// Returns what becomes of each advisory, and the error.
fn judged(run: &Run) -> (Value, String) {
    let report = run.json();
    let advisories = report["images"][0]["advisories"].as_array().into_iter().flatten();
    let judged = advisories.map(|found| json!([found["advisory"], found["platforms"], found["judgement"]]));
    (judged.collect(), report["error"].to_string())
}

#[test]
fn what_the_last_release_has_does_not_close_the_gate() {
    let environment = environment();
    let rules = "policy:\n  advisories:\n    databases: [advisories]\n    maximum-severity: medium\n    new-since: latest\nsigning:\n";
    environment.replace("consign.yaml", "signing:\n", rules);
    environment.replace("image.yaml", "[program]", "[base-files]");
    version(&environment, "v2.1.0");
    assert_eq!(released(&environment, 0).0, json!([]), "there is no release yet, and nothing to refuse");

    // The package is new.
    environment.replace("image.yaml", "[base-files]", "[program]");
    version(&environment, "v2.2.0");
    let (judged, error) = released(&environment, 15);
    assert_eq!(judged, json!([["CVE-2026-1", ["linux/arm64"], "refused"]]));
    assert!(error.contains(NEW_PACKAGE) && error.contains("consign lock --update"), "{error}");
    environment.replace("consign.yaml", "severity: medium", "severity: high");
    version(&environment, "v2.2.1");
    assert_eq!(released(&environment, 0).0, json!([["CVE-2026-1", ["linux/arm64"], "tolerated"]]));

    // It is not new any more.
    environment.replace("consign.yaml", "severity: high", "severity: medium");
    version(&environment, "v2.3.0");
    let known = json!([["CVE-2026-1", ["linux/arm64"], "known"]]);
    assert_eq!(released(&environment, 0).0, known);
    environment.log().clear();
    assert_eq!(released(&environment, 0).0, known, "again");
    assert_eq!(environment.log().writes(), [""; 0], "the same release leaves nothing else");

    // The advisory is new.
    advise(&environment, "CVE-2026-2", None, Some("high"));
    version(&environment, "v2.4.0");
    let (judged, error) = released(&environment, 11);
    let new = |word: &str| json!([["CVE-2026-1", ["linux/arm64"], "known"], ["CVE-2026-2", ["linux/arm64"], word]]);
    assert_eq!(judged, new("refused"));
    assert!(error.contains(NEW_ADVISORY) && !error.contains("CVE-2026-1,"), "{error}");
    environment.replace("consign.yaml", "new-since: latest\n", "new-since: latest\n    new-advisories: accept\n");
    version(&environment, "v2.4.1");
    assert_eq!(released(&environment, 0).0, new("known"));

    // A dry run goes without the key, and says what it does not know. A release does not.
    let without = environment.invocation().without("COSIGN_PASSWORD");
    let tried = without.run(&["release", "--dry-run"]).expect(11).stderr;
    let expected =
        "warning: this dry run does not know what the last release says: there is no password for the signing key";
    assert!(tried.contains(expected) && tried.contains("everything that is found counts as new"), "{tried}");
}

#[test]
fn what_nobody_signed_makes_nothing_known() {
    let environment = environment();
    let rules = "policy:\n  advisories:\n    databases: [advisories]\n    maximum-severity: high\n    new-since: latest\nsigning:\n";
    environment.replace("consign.yaml", "signing:\n", rules);
    version(&environment, "v2.1.0");
    assert_eq!(released(&environment, 0).0, json!([["CVE-2026-1", ["linux/arm64"], "tolerated"]]));
    environment.replace("consign.yaml", "severity: high", "severity: medium");
    environment.replace("consign.yaml", "signing:\n  key: cosign.key\n", "");
    version(&environment, "v2.2.0");
    let (judged, error) = released(&environment, 15);
    assert_eq!(judged, json!([["CVE-2026-1", ["linux/arm64"], "refused"]]));
    assert!(!error.contains("the last release"), "{error}");
}

#[test]
fn the_same_image_again_is_compared_again() {
    let environment = environment();
    let rules = "policy:\n  advisories:\n    databases: [advisories]\n    maximum-severity: high\n    new-since: latest\nsigning:\n";
    environment.replace("consign.yaml", "signing:\n", rules);
    version(&environment, "v2.1.0");
    released(&environment, 0);
    environment.replace("consign.yaml", "severity: high", "severity: medium");
    version(&environment, "v2.2.0");
    let known = json!([["CVE-2026-1", ["linux/arm64"], "known"]]);
    assert_eq!(released(&environment, 0).0, known, "nothing of it is new, and that is recorded");
    // The same commit, and so the same image. What its record calls no news has got worse.
    advise(&environment, "CVE-2026-1", Some("2.0-1"), Some("critical"));
    let (judged, error) = released(&environment, 15);
    assert_eq!(judged, json!([["CVE-2026-1", ["linux/arm64"], "refused"]]));
    assert!(error.contains("the advisory is newer or says worse than then"), "{error}");
    advise(&environment, "CVE-2026-1", Some("2.0-1"), Some("high"));
    assert_eq!(released(&environment, 0).0, known);
}

#[test]
fn a_release_that_nobody_compared_makes_no_advisory_known() {
    let environment = environment();
    version(&environment, "v2.1.0");
    environment.consign(&["release", "--quiet"]).expect(0);
    let rules = "policy:\n  advisories:\n    databases: [advisories]\n    maximum-severity: medium\n    new-since: latest\nsigning:\n";
    environment.replace("consign.yaml", "signing:\n", rules);
    version(&environment, "v2.2.0");
    let (judged, error) = released(&environment, 15);
    assert_eq!(judged, json!([["CVE-2026-1", ["linux/arm64"], "refused"]]));
    assert!(error.contains("the last release has the package, and the advisory is newer"), "{error}");
}

#[test]
fn an_image_without_receipts_is_no_last_release() {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    {
        let _server = environment.serve();
        let latest = environment.reference("team/hello:latest");
        environment.consign(&["copy", "--no-referrers", "oci:layout", &latest]).expect(0);
    }
    let rules = "policy:\n  advisories:\n    databases: [advisories]\n    maximum-severity: medium\n    new-since: latest\nsigning:\n";
    environment.replace("consign.yaml", "signing:\n", rules);
    version(&environment, "v2.2.0");
    let run = environment.consign(&["release", "--output", "json"]).expect(15);
    let report = run.json();
    assert_eq!(report["images"][0]["advisories"][0]["judgement"], "refused");
    let warning = format!(
        "everything that is found counts as new: {} is not signed with the key of this release",
        environment.reference("team/hello:latest")
    );
    assert!(run.to_string().replace("PORT1", &environment.port.to_string()).contains(&warning), "{run}");
}
