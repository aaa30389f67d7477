use crate::advisories::{database, paths, policy_file};
use crate::arguments::{Form, Output, Scan};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_oci::{Descriptor, Platform};
use consign_receipt::predicate::Vulnerabilities;
use consign_receipt::{AdvisoryRules, Candidate, Finding, PlatformCandidate, Policy, Reason, Requirement, gate};
use consign_release::{ScannedImage, list_image, scan_images};
use consign_report::{AdvisoryReport, DatabaseReport, ScanReport, ScannedPlatform};
use consign_scan::Database;
use serde::Deserialize;

pub(crate) async fn run(arguments: &Scan, session: &Session) -> Result<ExitCode, CommandError> {
    let policy = arguments.policy.as_deref().map(policy_file).transpose()?;
    let databases = match &policy {
        Some(policy) if arguments.databases.is_empty() => paths(&policy.policy, &policy.file),
        _ => arguments.databases.clone(),
    };
    if databases.is_empty() {
        let error = CommandError::new(ExitCode::Usage, "nothing says which advisories to compare with");
        return Err(
            error.hint("name a database, or a folder or an archive of advisories with `--db`, or a policy that does with `--policy`")
        );
    }
    let database = database(databases).await?;
    let (place, root) = session.open(&arguments.reference).await?;
    let images = list_image(&place, &root, &session.store().await?, &arguments.platforms).await?;
    let scanned = scan_images(&images, &database).await?;
    let rules = policy.and_then(|policy| policy.policy.advisories).map(|settings| settings.rules);
    let report = report(arguments, session, &database, &scanned, rules.as_ref())?;
    let mut reasons = rules.map(|rules| refusals(arguments, session, &root, scanned, rules)).unwrap_or_default();
    if session.global.output == Form::Sarif {
        // Whoever reads the findings as data decides about them; that a platform was compared with nothing is no finding.
        reasons.retain(Reason::is_database);
        return match refused(arguments, &reasons) {
            Some(error) => Err(error),
            None => session.printer.json(&report.sarif()).map(|()| ExitCode::Done),
        };
    }
    let refusal = refused(arguments, &reasons);
    match (session.output, refusal) {
        (Output::Json, Some(error)) => Err(error.with_report(serde_json::to_value(&report)?)),
        (Output::Json, None) => session.printer.json(&report).map(|()| ExitCode::Done),
        (Output::Table, refusal) => {
            session.printer.data(&report.text())?;
            refusal.map_or(Ok(ExitCode::Done), Err)
        }
    }
}

fn report(
    arguments: &Scan,
    session: &Session,
    database: &Database,
    scanned: &[ScannedImage],
    rules: Option<&AdvisoryRules>,
) -> Result<ScanReport, CommandError> {
    let mut platforms = Vec::new();
    let mut findings: Vec<(Platform, Finding)> = Vec::new();
    for image in scanned {
        let claim = Vulnerabilities::deserialize(&image.receipt.statement.predicate)?;
        findings.extend(claim.findings().into_iter().map(|finding| (image.platform.clone(), finding)));
        let (platform, digest) = (image.platform.clone(), image.digest.clone());
        platforms.push(ScannedPlatform { platform, digest, coverage: claim.coverage, lifetime: claim.lifetime });
    }
    let findings = || findings.iter().map(|(platform, finding)| (platform, finding));
    let notes = rules.map(|rules| rules.notes(findings(), session.today())).unwrap_or_default();
    Ok(ScanReport {
        reference: arguments.reference.to_string(),
        database: DatabaseReport {
            digest: database.digest().clone(),
            records: database.records(),
            last_update: database.newest().to_string(),
        },
        platforms,
        advisories: AdvisoryReport::all(findings(), rules.map(|rules| (rules, session.today()))),
        warnings: notes.iter().map(ToString::to_string).collect(),
    })
}

/// Asks the gate about what was found.
fn refusals(
    arguments: &Scan,
    session: &Session,
    root: &Descriptor,
    scanned: Vec<ScannedImage>,
    rules: AdvisoryRules,
) -> Vec<Reason> {
    let policy = Policy::new([Requirement::Advisories]).tolerating(rules);
    let candidate = Candidate {
        name: arguments.reference.to_string(),
        index: root.digest.clone(),
        planned: scanned.iter().map(|image| image.platform.clone()).collect(),
        platforms: scanned
            .into_iter()
            .map(|image| PlatformCandidate {
                platform: image.platform,
                digest: image.digest,
                tests: None,
                receipts: vec![image.receipt],
            })
            .collect(),
        destinations: Vec::new(),
    };
    gate(&candidate, &policy, session.today()).err().unwrap_or_default()
}

/// `None`: there are no reasons against it.
fn refused(arguments: &Scan, reasons: &[Reason]) -> Option<CommandError> {
    if reasons.is_empty() {
        return None;
    }
    let only_database = reasons.iter().all(Reason::is_database);
    let code = if only_database { ExitCode::AdvisoryDatabase } else { ExitCode::Policy };
    let mut error = CommandError::new(code, format!("{}: the policy is not met", arguments.reference));
    error.causes = reasons.iter().map(ToString::to_string).collect();
    Some(error)
}
