use super::checks::{claims, malformed};
use super::{PlatformCandidate, Reason};
use crate::predicate::{self, Vulnerabilities};
use crate::{AdvisoryRules, Consequence, Coverage, Judgement, Policy, Requirement};
use consign_oci::Platform;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Every comparison that counts is heard, and each must pass: by an older one, an advisory that was withdrawn since still counts.
pub(super) fn advisories(candidate: &PlatformCandidate, policy: &Policy, today: Date, reasons: &mut Vec<Reason>) {
    let required = policy.requires(Requirement::Advisories);
    let claims: Vec<Vulnerabilities> =
        claims(candidate, predicate::VULNERABILITIES, Requirement::Advisories, required, policy, reasons);
    let Some(rules) = policy.advisories() else { return };
    for claim in claims {
        for reason in refusals(candidate, &claim, rules, today) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
}

fn refusals(candidate: &PlatformCandidate, claim: &Vulnerabilities, rules: &AdvisoryRules, today: Date) -> Vec<Reason> {
    let platform = &candidate.platform;
    let mut reasons: Vec<Reason> = covered(platform, claim).into_iter().collect();
    reasons.extend(young(candidate, claim, rules, today));
    reasons.extend(doubts(platform, claim, rules, today, Consequence::Refuse));
    reasons.extend(claim.findings().into_iter().filter_map(|finding| {
        match rules.judge(&candidate.platform, &finding, today) {
            Judgement::Tolerated | Judgement::Ignored(_) | Judgement::Known(_) => None,
            Judgement::Refused { change, ended } => {
                let (platform, ended) = (candidate.platform.clone(), ended.cloned().map(Box::new));
                Some(Reason::Advisory { platform, finding: Box::new(finding), change, ended })
            }
        }
    }));
    reasons
}

/// No findings, because the database is the wrong one, or what lists the packages cannot be read, is no pass.
fn covered(platform: &Platform, claim: &Vulnerabilities) -> Option<Reason> {
    let is_lacking = Compared::of(&claim.coverage) == Compared::Nothing;
    let (packages, ecosystems) = summed(claim.coverage.iter());
    is_lacking.then(|| Reason::NotCovered { platform: platform.clone(), packages, ecosystems })
}

/// How much of an image was compared with advisories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    /// All that is known of, or what is not is none of the following.
    Whole,
    /// Not all of it.
    Part,
    /// No packages were found in it.
    NoPackages,
    /// Nothing could be, by whatever database.
    Foreign,
    /// Nothing was, and by another database something might.
    Nothing,
}

impl Compared {
    fn of(coverage: &[Coverage]) -> Self {
        let is_compared = |part: &Coverage| part.covered && part.packages > 0;
        let is_foreign = |part: &Coverage| part.foreign;
        match (coverage.iter().any(is_compared), coverage.iter().all(is_compared)) {
            _ if coverage.is_empty() => Self::NoPackages,
            (_, true) => Self::Whole,
            (true, false) => Self::Part,
            (false, false) if coverage.iter().all(is_foreign) => Self::Foreign,
            (false, false) => Self::Nothing,
        }
    }
}

/// Returns how many packages there are, and where they come from.
fn summed<'a>(parts: impl Iterator<Item = &'a Coverage> + Clone) -> (usize, Vec<String>) {
    (parts.clone().map(|part| part.packages).sum(), parts.map(|part| part.ecosystem.clone()).collect())
}

/// Returns what may be wrong with an image although no advisory says so, as far as the rules have this consequence for it.
fn doubts(
    platform: &Platform,
    claim: &Vulnerabilities,
    rules: &AdvisoryRules,
    today: Date,
    consequence: Consequence,
) -> Vec<Reason> {
    let has = |rule: Consequence| rule == consequence;
    let left = || claim.coverage.iter().filter(|part| !part.covered);
    let (packages, ecosystems) = summed(left());
    let of = platform.clone();
    let uncompared = match Compared::of(&claim.coverage) {
        Compared::NoPackages if has(rules.no_package_data) => Some(Reason::NoPackages { platform: of }),
        Compared::Foreign if has(rules.foreign_packages) => {
            Some(Reason::ForeignPackages { platform: of, packages, ecosystems })
        }
        Compared::Part if has(rules.not_compared) => Some(Reason::NotCompared { platform: of, packages, ecosystems }),
        _ => None,
    };
    let ended = has(rules.end_of_life).then(|| ended(platform, claim, today)).flatten();
    uncompared.into_iter().chain(ended).collect()
}

fn young(candidate: &PlatformCandidate, claim: &Vulnerabilities, rules: &AdvisoryRules, today: Date) -> Option<Reason> {
    let maximum = rules.maximum_age?;
    let changed: Timestamp = match claim.scanner.db.last_update.parse() {
        Ok(changed) => changed,
        Err(error) => return Some(malformed(candidate, Requirement::Advisories, format!("`lastUpdate`: {error}"))),
    };
    let changed = changed.to_zoned(TimeZone::UTC).date();
    let days = today.since(changed).map_or(i32::MAX, |age| age.get_days());
    (i64::from(days) > i64::from(maximum)).then(|| Reason::DatabaseOld {
        platform: candidate.platform.clone(),
        changed,
        maximum,
    })
}

/// Returns what a policy lets pass, and a person should look at all the same.
pub fn remarks(platform: &Platform, claim: &Vulnerabilities, rules: &AdvisoryRules, today: Date) -> Vec<Reason> {
    doubts(platform, claim, rules, today, Consequence::Report)
}

/// What has fixes no more may have flaws of which nobody tells.
fn ended(platform: &Platform, claim: &Vulnerabilities, today: Date) -> Option<Reason> {
    let lifetime = claim.lifetime.as_ref()?;
    let (platform, release) = (platform.clone(), lifetime.release.clone());
    // Of a release that nobody here knows, nobody can say that it has ended.
    match lifetime.ends.as_ref()?.parse::<Date>() {
        Err(error) => {
            let (requirement, detail) = (Requirement::Advisories, format!("`ends`: {error}"));
            Some(Reason::Malformed { platform, requirement, detail })
        }
        Ok(ends) => {
            let extended = lifetime.extended.as_ref().and_then(|day| day.parse().ok()).filter(|day| *day >= today);
            (ends < today).then_some(Reason::EndOfLife { platform, release, ends, extended })
        }
    }
}
