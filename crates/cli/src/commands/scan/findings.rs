use super::inputs::Rules;
use crate::arguments::ScanTarget;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_oci::Digest;
use consign_receipt::predicate::Vulnerabilities;
use consign_receipt::{
    AdvisoryRules, Candidate, Closed, Finding, ImageFinding, ImageRules, PlatformCandidate, Policy, Reason, Receipt,
    Requirement, gate, remarks,
};
use consign_release::{ScannedImage, Scanner, image_facts, image_findings};
use consign_report::{
    AdvisoryReport, DatabaseReport, FactReport, PlatformDifference, PlatformName, ScanDifference, ScanReport,
    ScannedPlatform,
};

/// What is said where a policy compares with the last release.
const NEW_SINCE: &str =
    "everything that is found counts as new here; `consign release` compares with the last release (`new-since`)";

/// Says what was found, what becomes of it by the rules, and how it differs from what was found in another image.
pub(super) fn report(
    name: &str,
    session: &Session,
    scanner: Option<&Scanner>,
    scanned: &[ScannedImage],
    since: Option<(&ScanTarget, &[ScannedImage])>,
    rules: Option<&Rules>,
) -> Result<ScanReport, CommandError> {
    let image_rules = rules.and_then(|rules| rules.image.as_ref());
    let rules = rules.map(|rules| &rules.rules);
    let mut facts: Vec<(PlatformName, ImageFinding)> = Vec::new();
    let mut platforms = Vec::new();
    let mut warnings: Vec<String> = Vec::new();
    if rules.is_some_and(|rules| rules.new_since.is_some()) {
        warnings.push(NEW_SINCE.to_owned());
    }
    let names = names(scanned);
    for (image, name) in scanned.iter().zip(&names) {
        let claim = image.claim()?;
        if let (Some(rules), Some(claim)) = (rules, &claim) {
            let remarks = remarks(&image.platform, claim, rules, session.today());
            warnings.extend(remarks.iter().map(ToString::to_string));
        }
        let found = match image_rules {
            Some(rules) => image_findings(&image.contents, rules),
            None => notable(&image.contents),
        };
        facts.extend(found.into_iter().map(|finding| (name.clone(), finding)));
        let (platform, digest) = (name.name.clone(), image.digest.clone());
        let (coverage, lifetime) = claim.map(|claim| (claim.coverage, claim.lifetime)).unzip();
        let lifetime = lifetime.flatten();
        let facts = image_facts(&image.contents);
        platforms.push(ScannedPlatform { platform, digest, coverage, lifetime, facts });
    }
    let now = findings(scanned)?;
    let findings = || now.iter().map(|(platform, finding)| (platform, finding));
    let by_platform = || findings().map(|(name, finding)| (&name.platform, finding));
    let notes = rules.map(|rules| rules.notes(by_platform(), session.today())).unwrap_or_default();
    warnings.extend(notes.iter().map(ToString::to_string));
    let pairs = || facts.iter().map(|(platform, finding)| (platform, finding));
    let facts_by_platform = || pairs().map(|(name, finding)| (&name.platform, finding));
    warnings.extend(image_rules.map(|rules| rules.notes(facts_by_platform(), session.today())).unwrap_or_default());
    let judged = rules.map(|rules| (rules, session.today()));
    let since = match since {
        Some((reference, then)) => {
            Some(ScanDifference::of(reference.to_string(), &now, &self::findings(then)?, judged))
        }
        None => None,
    };
    Ok(ScanReport {
        reference: name.to_owned(),
        database: scanner.map(|scanner| database(scanner, scanned)).transpose()?,
        platforms,
        advisories: AdvisoryReport::all(findings(), judged),
        differences: PlatformDifference::all(names.iter().zip(scanned.iter().map(|image| &image.packages))),
        findings: FactReport::all(pairs(), image_rules.map(|rules| (rules, session.today()))),
        since,
        warnings,
    })
}

/// Says what an image was compared with.
fn database(scanner: &Scanner, scanned: &[ScannedImage]) -> Result<DatabaseReport, CommandError> {
    Ok(match scanner {
        Scanner::Database(database) => DatabaseReport {
            scanner: None,
            digest: Some(database.digest().clone()),
            records: Some(database.records()),
            last_update: database.newest().to_string(),
        },
        Scanner::Engine(program) => {
            let first = scanned.first().map(ScannedImage::claim).transpose()?.flatten();
            let said = first.map(|claim| claim.scanner);
            let version = said.as_ref().and_then(|said| said.version.as_deref()).unwrap_or_default();
            DatabaseReport {
                scanner: Some(format!("{} {version}", program.engine)),
                digest: None,
                records: None,
                last_update: said.map(|said| said.db.last_update).unwrap_or_default(),
            }
        }
    })
}

/// Returns what anybody should look at, whatever the policy.
fn notable(contents: &[Receipt]) -> Vec<ImageFinding> {
    let found = image_facts(contents).map(|facts| facts.findings()).unwrap_or_default();
    found.into_iter().filter(ImageFinding::is_notable).collect()
}

/// Returns what was found, by platform.
fn findings(scanned: &[ScannedImage]) -> Result<Vec<(PlatformName, Finding)>, CommandError> {
    let mut findings = Vec::new();
    for (image, name) in scanned.iter().zip(names(scanned)) {
        let found = image.claim()?.as_ref().map(Vulnerabilities::findings).unwrap_or_default();
        findings.extend(found.into_iter().map(|finding| (name.clone(), finding)));
    }
    Ok(findings)
}

/// Returns what the platforms are called, in their order.
pub(super) fn names(scanned: &[ScannedImage]) -> Vec<PlatformName> {
    PlatformName::all(scanned.iter().map(|image| (&image.platform, &image.digest)))
}

/// Returns what the gate judges of an image that was scanned.
///
/// `attached`: what is attached to each platform; may be empty.
pub(super) fn candidate(name: &str, digest: &Digest, scanned: &[ScannedImage], attached: &[Vec<Receipt>]) -> Candidate {
    let attached = attached.iter().map(Vec::as_slice).chain(std::iter::repeat(&[][..]));
    let of_platform = scanned.iter().cloned().zip(attached).map(|(image, attached)| PlatformCandidate {
        platform: image.platform,
        digest: image.digest,
        tests: None,
        receipts: image.contents.into_iter().chain(image.receipt).chain(attached.iter().cloned()).collect(),
    });
    Candidate {
        name: name.to_owned(),
        index: digest.clone(),
        planned: scanned.iter().map(|image| image.platform.clone()).collect(),
        platforms: of_platform.collect(),
        destinations: Vec::new(),
    }
}

/// Asks the gate about what was found.
pub(super) fn refusals(
    candidate: &Candidate,
    session: &Session,
    (advisories, image): (Option<AdvisoryRules>, Option<ImageRules>),
) -> Vec<Reason> {
    let policy = advisories.into_iter().fold(Policy::new([Requirement::Completeness]), Policy::tolerating);
    let policy = image.into_iter().fold(policy, Policy::judging);
    gate(candidate, &policy, session.today()).err().unwrap_or_default()
}

/// What is said where nothing can be said of an image.
pub(super) const NOT_ENOUGH: &str = "the advisory database is not enough";

/// `None`: there are no reasons against it.
pub(super) fn refused(name: &str, reasons: &[Reason]) -> Option<CommandError> {
    if reasons.is_empty() {
        return None;
    }
    let closed = Closed::of(reasons);
    let what = match closed {
        Closed::Database => NOT_ENOUGH,
        Closed::Outdated => "the policy is not met, and a rebuild would fix it",
        Closed::Trial | Closed::Policy => "the policy is not met",
    };
    let mut error = CommandError::new(ExitCode::of_closed(closed), format!("{name}: {what}")).closed_for(closed);
    error.causes = reasons.iter().map(ToString::to_string).collect();
    Some(error)
}
