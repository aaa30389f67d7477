//! The gate's rules, as tables.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use consign_oci::{Digest, Exact, Platform};
use consign_receipt::predicate::{self, TestOutcome};
use consign_receipt::{
    Candidate, Identity, PlatformCandidate, Policy, Reason, Receipt, Requirement, Statement, Trust, gate,
};
use jiff::civil::{Date, date};
use serde_json::{Value, json};

const TODAY: Date = date(2026, 11, 21);

fn tests() -> Digest {
    Digest::of(b"tests")
}

fn manifest(platform: &str) -> Digest {
    Digest::of(platform.as_bytes())
}

fn receipt(platform: &str, predicate_type: &str, predicate: Value, trust: Trust) -> Receipt {
    Receipt { statement: Exact::write(Statement::new(&manifest(platform), predicate_type, predicate)).unwrap(), trust }
}

fn provenance(platform: &str, trust: Trust) -> Receipt {
    let predicate = json!({
        "buildDefinition": {"buildType": "t", "externalParameters": {}, "resolvedDependencies": [{"uri": "pool/a.deb", "digest": {"sha256": "00"}}]},
        "runDetails": {"builder": {"id": "b"}},
    });
    receipt(platform, predicate::PROVENANCE, predicate, trust)
}

fn sbom(platform: &str, trust: Trust) -> Receipt {
    receipt(platform, predicate::SBOM, json!({"spdxVersion": "SPDX-2.3"}), trust)
}

fn trial(platform: &str, result: TestOutcome, trust: Trust) -> Receipt {
    let failed: &[&str] = if result == TestOutcome::Failed { &["serves"] } else { &[] };
    let predicate =
        json!({"result": result, "configuration": [{"digest": {"sha256": tests().hex()}}], "failedTests": failed});
    receipt(platform, predicate::TEST_RESULT, predicate, trust)
}

fn platform(text: &str) -> PlatformCandidate {
    PlatformCandidate {
        platform: text.parse().unwrap(),
        digest: manifest(text),
        tests: Some(tests()),
        receipts: vec![
            provenance(text, Trust::Made),
            sbom(text, Trust::Derived),
            trial(text, TestOutcome::Passed, Trust::Made),
        ],
    }
}

const AMD64: &str = "linux/amd64";
const ARM64: &str = "linux/arm64";

fn candidate() -> Candidate {
    Candidate {
        name: "hello".into(),
        index: Digest::of(b"index"),
        planned: vec![AMD64.parse().unwrap(), ARM64.parse().unwrap()],
        platforms: vec![platform(AMD64), platform(ARM64)],
        destinations: Vec::new(),
    }
}

fn reasons(change: impl FnOnce(&mut Candidate)) -> Vec<String> {
    reasons_by(&Policy::default(), change)
}

fn reasons_by(policy: &Policy, change: impl FnOnce(&mut Candidate)) -> Vec<String> {
    let mut candidate = candidate();
    change(&mut candidate);
    gate(&candidate, policy, TODAY).err().unwrap_or_default().iter().map(Reason::to_string).collect()
}

#[test]
fn a_complete_image_passes_and_the_verdict_names_it() {
    let verdict = gate(&candidate(), &Policy::default(), TODAY).unwrap();
    assert_eq!(verdict.index(), &Digest::of(b"index"));
    assert_eq!(verdict.policy(), &Policy::default().digest());
    let platforms: Vec<Platform> = verdict.platforms().iter().map(|(platform, _)| platform.clone()).collect();
    assert_eq!(platforms, candidate().planned);
}

#[test]
fn the_verdict_says_what_had_to_be_shown() {
    let mut untested = candidate();
    untested.platforms[1].tests = None;
    let policy = Policy::default().requiring([Requirement::Sbom]);
    let verdict = gate(&untested, &policy, TODAY).unwrap();
    assert_eq!(verdict.requirements(), [Requirement::Completeness, Requirement::Provenance, Requirement::Sbom]);
    assert_eq!(Policy::new(verdict.requirements().iter().copied()).digest(), *verdict.policy());
    let tested = [AMD64, ARM64].map(|platform| verdict.tests(&platform.parse().unwrap()).cloned());
    assert_eq!(tested, [Some(tests()), None]);
    assert_eq!(Policy::default().requiring(Requirement::ALL), Policy::new(Requirement::ALL));
}

#[test]
fn the_platforms_are_exactly_the_planned_ones() {
    assert_eq!(reasons(|image| drop(image.platforms.pop())), ["linux/arm64: planned, but not built"]);
    assert_eq!(reasons(|image| drop(image.planned.pop())), ["linux/arm64: built, but not planned"]);
    assert_eq!(reasons(|image| image.platforms.push(platform(ARM64))), ["linux/arm64: there are two images for it"]);
    let nothing = |image: &mut Candidate| {
        image.platforms.clear();
        image.planned.clear();
    };
    assert_eq!(reasons(nothing), ["the image has no platform"]);
}

#[test]
fn every_platform_needs_every_receipt() {
    for (index, expected) in
        [(0, "linux/arm64: no provenance"), (1, "linux/arm64: no sbom"), (2, "linux/arm64: no trials")]
    {
        assert_eq!(reasons(|image| drop(image.platforms[1].receipts.remove(index))), [expected]);
    }
}

#[test]
fn a_receipt_that_merely_came_along_counts_as_missing() {
    let unproven = |image: &mut Candidate| image.platforms[1].receipts[2].trust = Trust::Unproven;
    assert!(reasons(unproven)[0].starts_with("linux/arm64: no trials that counts"));
    let identity = Identity::Key(Digest::of(b"key"));
    let signed =
        |image: &mut Candidate| image.platforms[1].receipts[2].trust = Trust::Signed(Identity::Key(Digest::of(b"key")));
    assert_eq!(reasons(signed).len(), 1, "signed by somebody whom the policy does not name");
    assert_eq!(reasons_by(&Policy::default().trusting(identity), signed), Vec::<String>::new());
}

#[test]
fn a_receipt_about_another_image_counts_as_missing() {
    let swap = |image: &mut Candidate| image.platforms[1].receipts[1] = sbom(AMD64, Trust::Made);
    assert!(reasons(swap)[0].starts_with("linux/arm64: no sbom"));
}

#[test]
fn a_further_receipt_never_turns_a_failure_into_a_pass() {
    let failed = |image: &mut Candidate| {
        image.platforms[1].receipts.push(trial(ARM64, TestOutcome::Failed, Trust::Made));
        image.platforms[1].receipts.push(trial(ARM64, TestOutcome::Passed, Trust::Made));
    };
    assert_eq!(reasons(failed), ["linux/arm64: trial failed: serves"]);
}

#[test]
fn a_trial_of_other_tests_does_not_count() {
    assert_eq!(reasons(|image| image.platforms[0].tests = Some(Digest::of(b"other"))), ["linux/amd64: no trials"]);
}

#[test]
fn trials_are_needed_where_tests_are_planned_or_the_policy_says_so() {
    let untested = |image: &mut Candidate| {
        for platform in &mut image.platforms {
            platform.tests = None;
            platform.receipts.truncate(2);
        }
    };
    assert_eq!(reasons(untested), Vec::<String>::new());
    assert_eq!(
        reasons_by(&Policy::default().requiring([Requirement::Trials]), untested),
        ["linux/amd64: no trials", "linux/arm64: no trials"]
    );
}

#[test]
fn an_empty_policy_is_not_a_free_pass() {
    let bare = |image: &mut Candidate| image.platforms[0].receipts.clear();
    assert_eq!(reasons_by(&Policy::new([]), bare).len(), 3);
}

#[test]
fn malformed_receipts_are_named() {
    let vague = |image: &mut Candidate| {
        image.platforms[0].receipts[1] = receipt(AMD64, predicate::SBOM, json!({}), Trust::Made)
    };
    assert_eq!(reasons(vague), ["linux/amd64: the sbom is malformed: it has no `spdxVersion`"]);
    let input = json!({
        "buildDefinition": {"buildType": "t", "externalParameters": {}, "resolvedDependencies": [{"uri": "x"}]},
        "runDetails": {"builder": {"id": "b"}},
    });
    let undigested = |image: &mut Candidate| {
        image.platforms[0].receipts[0] = receipt(AMD64, predicate::PROVENANCE, input, Trust::Made)
    };
    assert_eq!(reasons(undigested), ["linux/amd64: the provenance is malformed: x has no digest"]);
}
