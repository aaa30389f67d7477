use crate::Job;
use crate::produce::newest;
use consign_oci::Digest;
use consign_receipt::Verdict;
use consign_receipt::predicate::{ReleaseRecord, ReleasedPlatform};
use jiff::Timestamp;

/// Makes the record of a release: what goes where, and what it had to show for it.
pub(crate) fn record(job: &Job, verdict: &Verdict, created: &str, plan: &Digest) -> ReleaseRecord {
    let commit = job.commit_time.and_then(|seconds| i64::try_from(seconds).ok());
    let commit = commit.and_then(|seconds| Timestamp::from_second(seconds).ok()).map(|time| time.to_string());
    let platforms = verdict.platforms().iter();
    ReleaseRecord {
        image: job.planned.name.clone(),
        version: job.planned.version.clone(),
        time: newest(commit.as_deref().into_iter().chain([created])),
        index: verdict.index().clone(),
        platforms: platforms
            .map(|(platform, digest)| ReleasedPlatform {
                platform: platform.clone(),
                digest: digest.clone(),
                tests: verdict.tests(platform).cloned(),
            })
            .collect(),
        destinations: verdict.destinations().to_vec(),
        plan: plan.clone(),
        policy: verdict.policy().clone(),
        requirements: verdict.requirements().to_vec(),
        advisories: verdict.advisories().cloned(),
    }
}
