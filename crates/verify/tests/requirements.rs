//! What a release had to show is asked for again, whatever the one who verifies asks for.
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Draft, Folder, Release, record_statement, repository, statement, tag};
use consign_oci::Digest;
use consign_receipt::predicate::{self, ReleaseRecord};
use consign_receipt::{
    AdvisoryRules, Change, Closed, ComparedFinding, Exception, IgnoredAdvisory, LastRelease, Policy, Reason,
    Requirement, Severity, Share,
};
use consign_verify::{Expectation, Failure, Outcome, Verified, VerifyError, verify};
use jiff::civil::{Date, date};
use serde_json::json;

/// The default, and trials.
const TESTED: [Requirement; 4] =
    [Requirement::Completeness, Requirement::Provenance, Requirement::Sbom, Requirement::Trials];

/// Verifies with the policy that is asked for where nobody says more.
async fn check(layout: &Folder) -> Result<Verified, VerifyError> {
    let policy = Policy::default();
    let expectation = common::expectation(Some(&policy), false);
    verify(&layout.open("latest"), Some((&repository(), &tag("latest"))), expectation).await
}

fn reasons(error: VerifyError) -> Vec<Reason> {
    match error {
        VerifyError::Policy { reasons } => reasons,
        other => panic!("{other:?}"),
    }
}

fn missing(requirement: Requirement) -> Vec<Reason> {
    let reason = |platform| Reason::Missing { platform, requirement, unproven: false };
    common::platforms().map(reason).to_vec()
}

fn failure(error: VerifyError) -> Failure {
    match error {
        VerifyError::Failed { mut failures } if failures.len() == 1 => failures.remove(0),
        other => panic!("{other:?}"),
    }
}

fn without(layout: &mut Folder, predicate_type: &str) {
    layout.artifacts.retain(|(_, found, _)| found != predicate_type);
}

/// Releases an image whose record is changed before it is signed.
fn released(layout: &mut Folder, change: impl FnOnce(&mut ReleaseRecord)) -> Release {
    let mut release = Draft::new("1.2.3", &["latest"]).release(layout);
    layout.artifacts.pop();
    change(&mut release.record);
    layout.claim(&release.index, &record_statement(&release.index.digest, &release.record));
    release
}

fn requiring(record: &mut ReleaseRecord, requirements: &[Requirement]) {
    record.requirements = requirements.to_vec();
    record.policy = Policy::new(requirements.iter().copied()).digest();
}

#[tokio::test]
async fn what_the_policy_of_the_release_required_must_be_there() {
    let mut layout = Folder::new();
    released(&mut layout, |record| requiring(record, &TESTED));
    check(&layout).await.unwrap();
    without(&mut layout, predicate::TEST_RESULT);
    let error = check(&layout).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Closed(Closed::Policy));
    assert_eq!(reasons(error), missing(Requirement::Trials));
}

#[tokio::test]
async fn the_default_policy_holds_where_the_release_required_less() {
    let mut layout = Folder::new();
    released(&mut layout, |record| requiring(record, &[Requirement::Completeness]));
    check(&layout).await.unwrap();
    without(&mut layout, predicate::SBOM);
    assert_eq!(reasons(check(&layout).await.unwrap_err()), missing(Requirement::Sbom));
}

#[tokio::test]
async fn trials_must_be_of_the_tests_that_were_planned() {
    let tests = Digest::of(b"tests");
    let mut layout = Folder::new();
    let release = released(&mut layout, |record| {
        record.platforms.iter_mut().for_each(|platform| platform.tests = Some(tests.clone()));
    });
    // There are trials, of other tests.
    assert_eq!(reasons(check(&layout).await.unwrap_err()), missing(Requirement::Trials));
    without(&mut layout, predicate::TEST_RESULT);
    assert_eq!(reasons(check(&layout).await.unwrap_err()), missing(Requirement::Trials));
    for manifest in &release.manifests {
        let trial = json!({"result": "PASSED", "configuration": [{"digest": {"sha256": tests.hex()}}]});
        layout.claim(manifest, &statement(&manifest.digest, predicate::TEST_RESULT, trial));
    }
    check(&layout).await.unwrap();
}

#[tokio::test]
async fn a_record_from_before_requirements_were_recorded_stands_for_the_default() {
    let mut layout = Folder::new();
    let mut release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    layout.artifacts.pop();
    release.record.policy = Policy::new(TESTED).digest();
    let mut record = serde_json::to_value(&release.record).unwrap();
    record.as_object_mut().unwrap().remove("requirements");
    let statement = statement(&release.index.digest, predicate::RELEASE_RECORD, record);
    layout.claim(&release.index, &statement);
    without(&mut layout, predicate::TEST_RESULT);
    let verified = check(&layout).await.unwrap();
    assert_eq!(verified.release_record.unwrap().requirements, []);
    without(&mut layout, predicate::PROVENANCE);
    assert_eq!(reasons(check(&layout).await.unwrap_err()), missing(Requirement::Provenance));
}

#[tokio::test]
async fn the_requirements_must_be_those_of_the_recorded_policy_and_known() {
    let mut layout = Folder::new();
    released(&mut layout, |record| record.requirements = TESTED.to_vec());
    match failure(check(&layout).await.unwrap_err()) {
        Failure::RecordPolicy { stated, found, .. } => {
            assert_eq!([stated, found], [Policy::default().digest(), Policy::new(TESTED).digest()]);
        }
        other => panic!("{other}"),
    }
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    layout.artifacts.pop();
    let mut record = serde_json::to_value(&release.record).unwrap();
    record["requirements"] = json!(["completeness", "four-eyes"]);
    layout.claim(&release.index, &statement(&release.index.digest, predicate::RELEASE_RECORD, record));
    let failure = failure(check(&layout).await.unwrap_err());
    assert!(matches!(failure, Failure::Record { .. }) && failure.to_string().contains("four-eyes"), "{failure}");
}

#[tokio::test]
async fn of_records_of_the_same_time_all_count_and_of_older_ones_none() {
    let mut layout = Folder::new();
    let release = Draft::new("1.2.3", &["latest"]).release(&mut layout);
    let mut other = release.record.clone();
    requiring(&mut other, &TESTED);
    layout.claim(&release.index, &record_statement(&release.index.digest, &other));
    let (_, _, strict) = layout.artifacts.pop().unwrap();
    // One that asks for less is listed before it: referrers are listed by digest.
    layout.artifacts.pop();
    let mut lax = release.record.clone();
    for number in 0_u64.. {
        lax.plan = Digest::of(format!("plan {number}").as_bytes());
        layout.claim(&release.index, &record_statement(&release.index.digest, &lax));
        if layout.artifacts.last().unwrap().2.digest < strict.digest {
            break;
        }
        layout.artifacts.pop();
    }
    layout.artifacts.push((release.index.digest.clone(), predicate::RELEASE_RECORD.to_owned(), strict));
    check(&layout).await.unwrap();
    without(&mut layout, predicate::TEST_RESULT);
    assert_eq!(reasons(check(&layout).await.unwrap_err()), missing(Requirement::Trials));
    layout.artifacts.pop();
    other.time = "2025-01-01T00:00:00Z".to_owned();
    layout.claim(&release.index, &record_statement(&release.index.digest, &other));
    check(&layout).await.unwrap();
}

/// Rules that tolerate nothing but one advisory, until a day.
fn ignoring_until(until: Date) -> AdvisoryRules {
    let entry = IgnoredAdvisory {
        advisory: "CVE-1".to_owned(),
        package: None,
        purl: None,
        purls: Vec::new(),
        listed: None,
        exception: Exception {
            platforms: Vec::new(),
            reason: "why".to_owned(),
            owner: "who".to_owned(),
            until: Some(until),
        },
    };
    AdvisoryRules { ignore: vec![entry], ..AdvisoryRules::new(Severity::None) }
}

/// Releases an image about which an advisory is known, and that the rules of the release let pass.
fn advised(layout: &mut Folder, rules: AdvisoryRules) {
    let release = released(layout, |record| {
        let policy = Policy::default().tolerating(rules);
        record.requirements = policy.requirements().collect();
        record.policy = policy.digest();
        record.advisories = policy.advisories().cloned();
    });
    for manifest in &release.manifests {
        let claim = json!({
            "scanner": {
                "uri": "s", "db": {"lastUpdate": "2026-01-01T00:00:00Z"},
                "result": [{"id": "CVE-1", "severity": [{"method": "rating", "score": "high"}]}],
            },
            "metadata": {"scanStartedOn": "2026-01-01T00:00:00Z", "scanFinishedOn": "2026-01-01T00:00:00Z"},
        });
        layout.claim(manifest, &statement(&manifest.digest, predicate::VULNERABILITIES, claim));
    }
}

async fn check_on(layout: &Folder, policy: &Policy, today: Date) -> Result<Verified, VerifyError> {
    let expectation = Expectation { today, ..common::expectation(Some(policy), false) };
    verify(&layout.open("latest"), Some((&repository(), &tag("latest"))), expectation).await
}

#[tokio::test]
async fn what_a_release_tolerated_is_judged_by_its_day_and_what_the_verifier_tolerates_by_today() {
    let (release, later) = (date(2026, 1, 2), date(2027, 1, 1));
    let mut layout = Folder::new();
    advised(&mut layout, ignoring_until(release));
    check_on(&layout, &Policy::default(), later).await.unwrap();
    let own = Policy::default().tolerating(ignoring_until(release));
    check_on(&layout, &own, release).await.unwrap();
    assert_eq!(reasons(check_on(&layout, &own, later).await.unwrap_err()).len(), 2, "on both platforms");
    // A release that should not have been.
    let mut layout = Folder::new();
    advised(&mut layout, ignoring_until(date(2026, 1, 1)));
    let refused = reasons(check_on(&layout, &Policy::default(), release).await.unwrap_err());
    assert!(refused.iter().all(|reason| matches!(reason, Reason::Advisory { .. })), "{refused:?}");
}

#[tokio::test]
async fn what_was_no_news_by_the_rules_of_the_release_is_none_by_the_same_rules_alone() {
    let compared = |platform| ComparedFinding {
        package: String::new(),
        version: String::new(),
        advisory: "CVE-1".to_owned(),
        platform,
        change: Change::Nothing,
    };
    let findings = common::platforms().map(compared).to_vec();
    let last_release = LastRelease { index: Digest::of(b"last"), findings };
    let epss = |share| Share::from_number(share);
    let rules = |since: &str, maximum_epss| AdvisoryRules {
        new_since: Some(tag(since)),
        maximum_epss,
        ..AdvisoryRules::new(Severity::None)
    };
    let mut layout = Folder::new();
    advised(&mut layout, AdvisoryRules { last_release: Some(last_release), ..rules("latest", epss(0.5)) });
    for (what, own, passes) in [
        ("the same", rules("latest", epss(0.5)), true),
        ("since another release", rules("stable", epss(0.5)), false),
        ("something likelier", rules("latest", epss(0.1)), false),
        ("however likely", rules("latest", None), false),
        ("all, new or not", AdvisoryRules { new_since: None, ..rules("latest", epss(0.5)) }, false),
    ] {
        let judged = check_on(&layout, &Policy::default().tolerating(own), date(2026, 6, 1)).await;
        match judged {
            Ok(_) => assert!(passes, "{what}"),
            Err(error) => assert_eq!((reasons(error).len(), passes), (2, false), "{what}"),
        }
    }
}

#[tokio::test]
async fn a_record_from_the_future_is_judged_by_today() {
    let mut layout = Folder::new();
    // The record says 2026-01-02.
    advised(&mut layout, ignoring_until(date(2026, 1, 1)));
    check_on(&layout, &Policy::default(), date(2025, 12, 31)).await.unwrap();
}

#[tokio::test]
async fn what_only_the_database_lacks_ends_otherwise() {
    let mut layout = Folder::new();
    advised(&mut layout, ignoring_until(date(2027, 1, 1)));
    let strict = AdvisoryRules { maximum_age: Some(1), ..ignoring_until(date(2027, 1, 1)) };
    let outcome = async |rules| {
        check_on(&layout, &Policy::default().tolerating(rules), date(2026, 6, 1)).await.unwrap_err().outcome()
    };
    assert_eq!(outcome(strict.clone()).await, Outcome::Closed(Closed::Database));
    let nothing_ignored = AdvisoryRules { ignore: Vec::new(), ..strict };
    assert_eq!(outcome(nothing_ignored).await, Outcome::Closed(Closed::Policy), "what is in the image weighs more");
}

#[tokio::test]
async fn a_comparison_with_advisories_that_is_gone_is_missed() {
    let mut layout = Folder::new();
    advised(&mut layout, ignoring_until(date(2027, 1, 1)));
    check(&layout).await.unwrap();
    without(&mut layout, predicate::VULNERABILITIES);
    assert_eq!(reasons(check(&layout).await.unwrap_err()), missing(Requirement::Advisories));
}

#[tokio::test]
async fn the_rules_must_be_those_of_the_recorded_policy() {
    let mut layout = Folder::new();
    released(&mut layout, |record| record.advisories = Some(ignoring_until(date(2027, 1, 1))));
    assert!(matches!(failure(check(&layout).await.unwrap_err()), Failure::RecordPolicy { .. }));
}
