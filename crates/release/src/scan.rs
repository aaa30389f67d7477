//! Compares what is in images with advisories. What is found is stated whole; the gate says what of it is tolerated.

use crate::produce::{Image, Produced, ProducedPlatform};
use crate::scanned_image::{Compared, compare};
use crate::{Outcome, Release, ReleaseError, Scanner, Stage, Workshop};
use consign_image::Place;
use consign_oci::{Digest, Platform};
use consign_receipt::predicate::{self, Vulnerabilities};
use consign_receipt::{Finding, Policy, Receipt, Trust, remarks};
use consign_report::{AdvisoryReport, ImageReport, PlatformName, ReleaseReport, summary};
use consign_scan::Database;
use serde::Deserialize;
use std::sync::Arc;

/// Names how images are compared: raise it when the same image and records could give other bytes.
pub(crate) const SCAN_FORMAT: u32 = 6;

impl Workshop {
    /// Compares the packages that the inventory lists with the advisories, if any are asked for, unless the same were compared before.
    pub(crate) async fn scan(&self, image: &Image<'_>, produced: &mut ProducedPlatform) -> Result<(), ReleaseError> {
        let Some(scanner) = self.scanner.as_ref() else { return Ok(()) };
        let is_sbom =
            |receipt: &&Receipt| receipt.statement.predicate_type == predicate::SBOM && receipt.trust == Trust::Derived;
        let Some(sbom) = produced.receipts.iter().find(is_sbom) else { return Ok(()) };
        self.started(image.name, Some(image.platform), Stage::Scan);
        let compared = Compared {
            name: image.name,
            digest: image.manifest.digest(),
            platform: image.platform,
            created: image.config.created.as_deref(),
        };
        let (receipt, outcome) = match scanner {
            Scanner::Database(database) => self.compare(&compared, sbom, database).await?,
            // Whether it would say the same again only it can know.
            Scanner::Engine(engine) => {
                let place = Place::Store { store: self.store.clone(), root: None, name: image.name.to_owned() };
                (Box::pin(engine.scan(&compared, &place, image.manifest, sbom)).await?, Outcome::Ok)
            }
        };
        let claim = Vulnerabilities::deserialize(&receipt.statement.predicate)?;
        let detail = summary(&claim.coverage, claim.findings().len());
        self.finished(image.name, Some(image.platform), Stage::Scan, outcome, detail);
        produced.receipts.push(receipt);
        produced.stages.insert(Stage::Scan, outcome);
        Ok(())
    }

    /// Compares a platform with the records of a database, unless that was done before.
    async fn compare(
        &self,
        image: &Compared<'_>,
        sbom: &Receipt,
        database: &Arc<Database>,
    ) -> Result<(Receipt, Outcome), ReleaseError> {
        let (version, inventory) = (env!("CARGO_PKG_VERSION"), sbom.statement.digest());
        let key = Digest::of(format!("scan {SCAN_FORMAT} {version} {inventory} {}", database.state()).as_bytes());
        if let Some(kept) = self.kept_receipt(&key, Trust::Derived)? {
            return Ok((kept, Outcome::Cached));
        }
        let receipt = compare(image, sbom.clone(), database).await?;
        self.keep_receipt("scan", &key, &receipt)?;
        Ok((receipt, Outcome::Ok))
    }
}

impl Release<'_> {
    /// Notes what advisories say about an image, and what the policy makes of it.
    pub(crate) fn note_advisories(&self, produced: &Produced, policy: &Policy, image: &mut ImageReport) {
        let findings: Vec<(PlatformName, Finding)> =
            findings(produced).into_iter().map(|(platform, finding)| (platform.into(), finding)).collect();
        let findings = findings.iter().map(|(platform, finding)| (platform, finding));
        let rules = policy.advisories().map(|rules| (rules, self.workshop.today()));
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
