use crate::produce::newest;
use crate::{Job, ReleaseError};
use consign_oci::Digest;
use consign_receipt::Verdict;
use consign_receipt::predicate::{ReleaseRecord, ReleasedPlatform};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Makes the record of a release: what goes where, and what it had to show for it. Fails if its day is yet to come: what the policy ignores
/// until an earlier day has not ended for the gate, and would have for whoever verifies the release.
pub(crate) fn record(
    job: &Job,
    verdict: &Verdict,
    created: &str,
    plan: &Digest,
    today: Date,
) -> Result<ReleaseRecord, ReleaseError> {
    let commit = job.commit_time.and_then(|seconds| i64::try_from(seconds).ok());
    let commit = commit.and_then(|seconds| Timestamp::from_second(seconds).ok()).map(|time| time.to_string());
    let time = newest(commit.as_deref().into_iter().chain([created]));
    check_day(&job.planned.name, &time, today)?;
    let platforms = verdict.platforms().iter();
    Ok(ReleaseRecord {
        image: job.planned.name.clone(),
        version: job.planned.version.clone(),
        time,
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
        image_rules: verdict.image_rules().cloned(),
    })
}

fn check_day(image: &str, time: &str, today: Date) -> Result<(), ReleaseError> {
    let day = time.parse::<Timestamp>().map(|time| time.to_zoned(TimeZone::UTC).date());
    if day.is_ok_and(|day| day > today) {
        return Err(ReleaseError::Future { image: image.to_owned(), time: time.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_release_is_not_dated_after_today() {
        for (time, passes) in [
            ("2026-11-20T00:00:00Z", true),
            // Clocks differ a little.
            ("2026-11-21T23:59:59Z", true),
            ("2026-11-22T00:00:00Z", false),
            ("2028-01-01T00:00:00Z", false),
        ] {
            let result = check_day("hello", time, date(2026, 11, 21));
            assert_eq!(result.is_ok(), passes, "{time}");
            let says = |error: ReleaseError| error.to_string().contains(time);
            assert!(result.err().is_none_or(says), "{time}");
        }
    }
}
