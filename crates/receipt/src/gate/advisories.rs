use super::checks::{claims, malformed};
use super::{PlatformCandidate, Reason};
use crate::predicate::{self, Vulnerabilities};
use crate::{AdvisoryRules, Consequence, Judgement, Policy, Requirement};
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
    let ended = (rules.end_of_life == Consequence::Refuse).then(|| ended(&candidate.platform, claim, today));
    let found = [covered(candidate, claim), young(candidate, claim, rules, today), ended.flatten()];
    let mut reasons: Vec<Reason> = found.into_iter().flatten().collect();
    reasons.extend(claim.findings().into_iter().filter_map(|finding| {
        match rules.judge(&candidate.platform, &finding, today) {
            Judgement::Tolerated | Judgement::Ignored(_) => None,
            Judgement::Refused { ended } => {
                let ended = ended.cloned().map(Box::new);
                Some(Reason::Advisory { platform: candidate.platform.clone(), finding: Box::new(finding), ended })
            }
        }
    }));
    reasons
}

/// No findings, because nothing was compared with anything, is no pass. An image of which is known that it has no packages passes.
fn covered(candidate: &PlatformCandidate, claim: &Vulnerabilities) -> Option<Reason> {
    if claim.coverage.is_empty() || claim.coverage.iter().any(|part| part.covered && part.packages > 0) {
        return None;
    }
    let packages: usize = claim.coverage.iter().map(|part| part.packages).sum();
    let ecosystems = claim.coverage.iter().map(|part| part.ecosystem.clone()).collect();
    Some(Reason::NotCovered { platform: candidate.platform.clone(), packages, ecosystems })
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
    let ended = (rules.end_of_life == Consequence::Report).then(|| ended(platform, claim, today));
    ended.flatten().into_iter().collect()
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
        Ok(ends) => (ends < today).then_some(Reason::EndOfLife { platform, release, ends }),
    }
}
