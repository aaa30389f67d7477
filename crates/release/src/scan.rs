//! Compares what is in images with advisories. What is found is stated whole; the gate says what of it is tolerated.

use crate::produce::{Image, Produced, ProducedPlatform};
use crate::{ImportProblem, Outcome, Release, ReleaseError, Stage, Workshop};
use consign_image::{Place, import};
use consign_inventory::{Described, Observer as Inventory};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Digest, Document, Exact, ImageConfig, Manifest, Platform};
use consign_receipt::predicate::{self, Vulnerabilities};
use consign_receipt::{Finding, Receipt, Trust};
use consign_report::{AdvisoryReport, ImageReport, ReleaseReport, summary};
use consign_scan::{Database, Subject, scan};
use consign_store::Store;
use serde::Deserialize;

/// Names how images are compared: raise it when the same image and records could give other bytes.
const SCAN_FORMAT: u32 = 2;

impl Workshop {
    /// Compares the packages that the inventory lists with the advisories, if any are asked for, unless the same were compared before.
    pub(crate) fn scan(&self, image: &Image<'_>, produced: &mut ProducedPlatform) -> Result<(), ReleaseError> {
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
                let subject = Subject {
                    digest: image.manifest.digest(),
                    sbom: &sbom.statement.predicate,
                    created: image.config.created.as_deref(),
                };
                let receipt = scan(&subject, database).map_err(|source| failed(image.name, image.platform, source))?;
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
        report.warnings.extend(rules.notes(findings, self.workshop.today()).iter().map(ToString::to_string));
    }
}

/// Returns what was found here, by platform.
fn findings(produced: &Produced) -> Vec<(Platform, Finding)> {
    let mut found = Vec::new();
    for platform in &produced.platforms {
        let claims = platform.receipts.iter().filter(|receipt| {
            receipt.statement.predicate_type == predicate::VULNERABILITIES && receipt.trust == Trust::Derived
        });
        let claims = claims.filter_map(|receipt| Vulnerabilities::deserialize(&receipt.statement.predicate).ok());
        found.extend(claims.flat_map(|claim| claim.findings()).map(|finding| (platform.platform.clone(), finding)));
    }
    found
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
}

/// Compares all platforms of an image with advisories. The image is brought into the store first; attestations in its index are no platforms.
pub async fn scan_image(
    place: &Place,
    root: &Descriptor,
    store: &Store,
    database: &Database,
) -> Result<Vec<ScannedImage>, ReleaseError> {
    let mut scanned = Vec::new();
    match place.document(root).await? {
        Document::Index(index) => {
            for (platform, descriptor) in index.platforms() {
                let descriptor = descriptor.plain();
                let Document::Manifest(manifest) = place.document(&descriptor).await? else {
                    return Err(problem(place, ImportProblem::Index { platform: platform.clone() }));
                };
                scanned.push(scan_one(place, (Some(platform), &descriptor), &manifest, store, database).await?);
            }
        }
        Document::Manifest(manifest) => scanned.push(scan_one(place, (None, root), &manifest, store, database).await?),
    }
    if scanned.is_empty() { Err(problem(place, ImportProblem::NoPlatforms)) } else { Ok(scanned) }
}

async fn scan_one(
    place: &Place,
    (platform, descriptor): (Option<&Platform>, &Descriptor),
    manifest: &Exact<Manifest>,
    store: &Store,
    database: &Database,
) -> Result<ScannedImage, ReleaseError> {
    let name = place.describe();
    let config = place.bytes(&manifest.config, DOCUMENT_LIMIT).await?;
    let unreadable = |source| ImportProblem::Config { digest: manifest.config.digest.clone(), source };
    let config: Exact<ImageConfig> = Exact::read(config).map_err(|source| problem(place, unreadable(source)))?;
    let platform = platform.unwrap_or(&config.platform);
    import(place, descriptor, store).await?;
    let inventory_failed =
        |source| ReleaseError::Inventory { image: name.clone(), platform: platform.clone(), source: Box::new(source) };
    let mut inventory = Inventory::new();
    for layer in &manifest.layers {
        inventory.layer(&layer.media_type, store.open_blob(&layer.digest)?).map_err(inventory_failed)?;
    }
    let catalogue = inventory.finish().map_err(inventory_failed)?;
    let digest = manifest.digest();
    let created = config.created.as_deref();
    let sbom = catalogue.spdx(&Described { name: &name, digest, platform, created });
    let sbom = sbom.map_err(|source| ReleaseError::Sbom { image: name.clone(), platform: platform.clone(), source })?;
    let subject = Subject { digest, sbom: &sbom, created };
    let receipt = scan(&subject, database).map_err(|source| failed(&name, platform, source))?;
    Ok(ScannedImage { platform: platform.clone(), digest: digest.clone(), receipt })
}

fn problem(place: &Place, problem: ImportProblem) -> ReleaseError {
    ReleaseError::Import { place: place.describe(), problem: Box::new(problem) }
}

fn failed(image: &str, platform: &Platform, source: consign_scan::ScanError) -> ReleaseError {
    ReleaseError::Scan { image: image.to_owned(), platform: platform.clone(), source: Box::new(source) }
}
