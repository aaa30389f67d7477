//! Compares what is in images with advisories. What is found is stated whole; the gate says what of it is tolerated.

use crate::contents::on_a_thread;
use crate::produce::{Image, Produced, ProducedPlatform};
use crate::{ListedImage, Outcome, Release, ReleaseError, Stage, Workshop};
use consign_oci::{Digest, Platform};
use consign_receipt::predicate::{self, Vulnerabilities};
use consign_receipt::{Finding, Receipt, Trust, remarks};
use consign_report::{AdvisoryReport, ImageReport, ReleaseReport, summary};
use consign_scan::{Database, Subject, listed_packages, platform_of, scan};
use serde::Deserialize;
use std::sync::Arc;

/// Names how images are compared: raise it when the same image and records could give other bytes.
const SCAN_FORMAT: u32 = 4;

impl Workshop {
    /// Compares the packages that the inventory lists with the advisories, if any are asked for, unless the same were compared before.
    pub(crate) async fn scan(&self, image: &Image<'_>, produced: &mut ProducedPlatform) -> Result<(), ReleaseError> {
        let Some(database) = &self.advisories else { return Ok(()) };
        let is_sbom =
            |receipt: &&Receipt| receipt.statement.predicate_type == predicate::SBOM && receipt.trust == Trust::Derived;
        let Some(sbom) = produced.receipts.iter().find(is_sbom) else { return Ok(()) };
        self.started(image.name, Some(image.platform), Stage::Scan);
        let key = format!(
            "scan {SCAN_FORMAT} {} {} {}",
            env!("CARGO_PKG_VERSION"),
            sbom.statement.digest(),
            database.state()
        );
        let key = Digest::of(key.as_bytes());
        let (receipt, outcome) = match self.kept_receipt(&key, Trust::Derived)? {
            Some(receipt) => (receipt, Outcome::Cached),
            None => {
                let receipt = compare(image, sbom.clone(), database).await?;
                self.keep_receipt("scan", &key, &receipt)?;
                (receipt, Outcome::Ok)
            }
        };
        let claim = Vulnerabilities::deserialize(&receipt.statement.predicate)?;
        let detail = summary(&claim.coverage, claim.findings().len());
        self.finished(image.name, Some(image.platform), Stage::Scan, outcome, detail);
        produced.receipts.push(receipt);
        produced.stages.insert(Stage::Scan, outcome);
        Ok(())
    }
}

impl Release<'_> {
    /// Notes what advisories say about an image, and what the policy makes of it.
    pub(crate) fn note_advisories(&self, produced: &Produced, image: &mut ImageReport) {
        let findings = findings(produced);
        let findings = findings.iter().map(|(platform, finding)| (platform, finding));
        let rules = self.workshop.policy.advisories().map(|rules| (rules, self.workshop.today()));
        image.advisories = AdvisoryReport::all(findings, rules);
    }

    /// Notes which entries of the ignore list have ended, or match nothing in any image of the run.
    pub(crate) fn note_ignored(&self, all_produced: &[Produced], report: &mut ReleaseReport) {
        let Some(rules) = self.workshop.policy.advisories() else { return };
        let findings: Vec<(Platform, Finding)> = all_produced.iter().flat_map(findings).collect();
        let findings = findings.iter().map(|(platform, finding)| (platform, finding));
        let today = self.workshop.today();
        report.warnings.extend(rules.notes(findings, today).iter().map(ToString::to_string));
        for (platform, claim) in all_produced.iter().flat_map(claims) {
            let remarks = remarks(&platform, &claim, rules, today);
            report.warnings.extend(remarks.iter().map(ToString::to_string));
        }
    }
}

/// Returns what was found here, by platform.
fn findings(produced: &Produced) -> Vec<(Platform, Finding)> {
    let of_claim = |(platform, claim): (Platform, Vulnerabilities)| {
        claim.findings().into_iter().map(move |finding| (platform.clone(), finding))
    };
    claims(produced).into_iter().flat_map(of_claim).collect()
}

/// Returns what was stated here, by platform.
fn claims(produced: &Produced) -> Vec<(Platform, Vulnerabilities)> {
    let mut all = Vec::new();
    for platform in &produced.platforms {
        let claims = platform.receipts.iter().filter(|receipt| {
            receipt.statement.predicate_type == predicate::VULNERABILITIES && receipt.trust == Trust::Derived
        });
        let claims = claims.filter_map(|receipt| Vulnerabilities::deserialize(&receipt.statement.predicate).ok());
        all.extend(claims.map(|claim| (platform.platform.clone(), claim)));
    }
    all
}

/// One platform of an image that lies anywhere, compared with advisories.
#[derive(Clone, Debug)]
pub struct ScannedImage {
    /// What it runs on.
    pub platform: Platform,
    /// Digest of its manifest.
    pub digest: Digest,
    /// What was found: a claim of the type `vulns`.
    pub receipt: Receipt,
    /// What is in it, and what its settings and files say; nothing of a document.
    pub contents: Vec<Receipt>,
}

/// Compares images that were listed with advisories.
pub async fn scan_images(images: &[ListedImage], database: &Arc<Database>) -> Result<Vec<ScannedImage>, ReleaseError> {
    let mut scanned = Vec::new();
    for ListedImage { name, platform, manifest, config, catalogue, .. } in images {
        let image = Image { name, platform, manifest, config };
        let (sbom, facts) = (image.sbom(catalogue)?, image.facts(catalogue)?);
        let receipt = compare(&image, sbom.clone(), database).await?;
        let (platform, digest) = (platform.clone(), manifest.digest().clone());
        scanned.push(ScannedImage { platform, digest, receipt, contents: vec![sbom, facts] });
    }
    Ok(scanned)
}

/// Compares the packages that a document lists with advisories, whoever made it: what stands in it is believed. `name`: the document, for messages.
pub async fn scan_document(
    name: &str,
    contents: Vec<u8>,
    database: &Arc<Database>,
) -> Result<ScannedImage, ReleaseError> {
    let (name, database) = (name.to_owned(), database.clone());
    let work = move || {
        let sbom = listed_packages(&contents)?;
        let (digest, platform) = (Digest::of(&contents), platform_of(&sbom)?);
        // Where nothing says which it is, records of any count.
        let known = Some(&platform).filter(|platform| platform.is_known());
        let receipt = scan(&Subject { digest: &digest, platform: known, sbom: &sbom, created: None }, &database)?;
        Ok(ScannedImage { platform, digest, receipt, contents: Vec::new() })
    };
    on_a_thread(work).await?.map_err(|source| ReleaseError::Document { name, source: Box::new(source) })
}

/// Compares what an SBOM lists with advisories.
async fn compare(image: &Image<'_>, sbom: Receipt, database: &Arc<Database>) -> Result<Receipt, ReleaseError> {
    let (digest, created) = (image.manifest.digest().clone(), image.config.created.clone());
    let platform = image.platform.clone();
    let database = database.clone();
    let work = move || {
        let sbom = &sbom.statement.predicate;
        let subject = Subject { digest: &digest, platform: Some(&platform), sbom, created: created.as_deref() };
        scan(&subject, &database)
    };
    on_a_thread(work).await?.map_err(|source| ReleaseError::Scan {
        image: image.name.to_owned(),
        platform: image.platform.clone(),
        source: Box::new(source),
    })
}
