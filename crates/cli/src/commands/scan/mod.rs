//! Compares an image that lies anywhere with advisories, on all its platforms; or all images that a configuration publishes.

mod findings;
mod inputs;
mod published;

use super::sbom;
use crate::advisories::policy_file;
use crate::arguments::{Form, SbomFormat, Scan, ScanTarget};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_image::Place;
use consign_inventory::{DescribedIndex, with_vulnerabilities};
use consign_oci::{Descriptor, Digest};
use consign_receipt::Reason;
use consign_receipt::predicate::Vulnerabilities;
use consign_release::{ListedImage, ScannedImage, list_image, name_of, scan_document, scan_images};
use consign_report::cosign_predicate;
use consign_scan::{DOCUMENT_LIMIT, Database};
use findings::{refusals, refused, report};
use inputs::{Rules, opened, rules, tolerant};
use serde::Deserialize;
use serde_json::Value;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

pub(crate) async fn run(arguments: &Scan, session: &Session) -> Result<ExitCode, CommandError> {
    match &arguments.reference {
        Some(target) => one(target, arguments, session).await,
        None => published::run(arguments, session).await,
    }
}

async fn one(target: &ScanTarget, arguments: &Scan, session: &Session) -> Result<ExitCode, CommandError> {
    let policy = arguments.policy.as_deref().map(|path| policy_file(path, &session.printer)).transpose()?;
    let database = opened(arguments, policy.as_ref()).await?;
    let rules = rules(arguments, policy, session)?;
    let name = target.to_string();
    let compared = compared(target, arguments, &database, session).await?;
    let since = match &arguments.since {
        Some(other) => Some((other, self::compared(other, arguments, &database, session).await?)),
        None => None,
    };
    let since = since.as_ref().map(|(other, since)| (*other, &since.scanned[..]));
    let report = report(&name, session, &database, &compared.scanned, since, rules.as_ref())?;
    let form = session.global.output;
    let refusal = refused(&name, &reasons(form, &name, &compared, rules, session));
    let document = match form {
        Form::Table | Form::Markdown => {
            session.printer.data(&if form == Form::Table { report.text() } else { report.markdown() })?;
            return refusal.map_or(Ok(ExitCode::Done), Err);
        }
        Form::Sarif => serde_json::to_value(report.sarif())?,
        Form::CyclonedxJson => compared.cyclonedx()?,
        Form::CosignVuln => compared.predicate(&name)?,
        Form::Json | Form::SpdxJson | Form::Tree => serde_json::to_value(&report)?,
    };
    match refusal {
        Some(error) if is_data(form) => Err(error),
        Some(error) => Err(error.with_report(document)),
        None => session.printer.json(&document).map(|()| ExitCode::Done),
    }
}

/// Returns whether findings are handed over as data, for others to judge.
fn is_data(form: Form) -> bool {
    matches!(form, Form::Sarif | Form::CyclonedxJson | Form::CosignVuln)
}

/// Returns why an image does not pass. Whoever reads the findings as data decides about them; that a platform was compared with nothing is no
/// finding, with rules or without.
fn reasons(form: Form, name: &str, compared: &Compared, rules: Option<Rules>, session: &Session) -> Vec<Reason> {
    let (stated, image) = rules.map(|rules| (rules.judges.then_some(rules.rules), rules.image)).unwrap_or_default();
    let advisories = stated.or_else(|| is_data(form).then(tolerant));
    // A document says nothing of settings and files.
    let image = image.filter(|_| compared.image.is_some());
    if advisories.is_none() && image.is_none() {
        return Vec::new();
    }
    let mut reasons = refusals(name, session, &compared.digest, compared.scanned.clone(), (advisories, image));
    if is_data(form) {
        reasons.retain(Reason::is_database);
    }
    reasons
}

/// What was compared with advisories.
struct Compared {
    /// Digest of the image, or of the document.
    digest: Digest,
    scanned: Vec<ScannedImage>,
    /// The image, unless it was a document.
    image: Option<(Place, Descriptor, Vec<ListedImage>)>,
}

async fn compared(
    target: &ScanTarget,
    arguments: &Scan,
    database: &Arc<Database>,
    session: &Session,
) -> Result<Compared, CommandError> {
    let reference = match target {
        ScanTarget::Image(reference) => reference,
        ScanTarget::Sbom(file) => {
            let contents = read_bounded(file)?;
            let scanned = scan_document(&file.display().to_string(), contents, database).await?;
            return Ok(Compared { digest: scanned.digest.clone(), scanned: vec![scanned], image: None });
        }
    };
    let (place, root) = session.open(reference).await?;
    let images = list_image(&place, &root, &session.store().await?, &arguments.platforms).await?;
    let scanned = scan_images(&images, database).await?;
    Ok(Compared { digest: root.digest.clone(), scanned, image: Some((place, root, images)) })
}

/// Reads a document, of at most the size that is looked at.
fn read_bounded(file: &Path) -> Result<Vec<u8>, CommandError> {
    let limit = DOCUMENT_LIMIT as u64;
    let mut contents = Vec::new();
    let read = File::open(file).and_then(|opened| opened.take(limit + 1).read_to_end(&mut contents));
    read.map_err(|error| CommandError::new(ExitCode::Failed, format!("cannot read {}", file.display())).cause(error))?;
    Ok(contents)
}

impl Compared {
    fn claims(&self) -> Result<Vec<Vulnerabilities>, CommandError> {
        let claims = self.scanned.iter().map(|image| Vulnerabilities::deserialize(&image.receipt.statement.predicate));
        Ok(claims.collect::<Result<_, _>>()?)
    }

    /// Returns the SBOM with what was found.
    fn cyclonedx(&self) -> Result<Value, CommandError> {
        let Some((place, root, images)) = &self.image else {
            let message = "`--output cyclonedx` is of an image, not of a document that others made";
            return Err(CommandError::new(ExitCode::Usage, message));
        };
        let (name, repository) = name_of(place, root);
        let index = DescribedIndex { name: &name, repository: repository.as_deref(), digest: &root.digest };
        let document = sbom::whole(SbomFormat::CyclonedxJson, &index, images)?;
        let found: Vec<_> = self.claims()?.into_iter().flat_map(|claim| claim.scanner.result).collect();
        Ok(with_vulnerabilities(document, &found)?)
    }

    /// Returns the predicate of the only platform that was looked at.
    fn predicate(&self, name: &str) -> Result<Value, CommandError> {
        match &self.claims()?[..] {
            [claim] => Ok(cosign_predicate(claim)),
            claims => {
                let message = format!("`--output cosign-vuln` is of one platform, and {name} has {}", claims.len());
                Err(CommandError::new(ExitCode::Usage, message).hint("name one with `--platform`"))
            }
        }
    }
}
