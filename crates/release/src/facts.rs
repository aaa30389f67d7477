//! What the settings and files of images say, and which of that a person should look at.

use crate::Release;
use crate::produce::Produced;
use consign_oci::Platform;
use consign_receipt::predicate::{self, ImageFacts};
use consign_receipt::{ImageFinding, ImageRules, Receipt, Trust};
use consign_report::ReleaseReport;
use serde::Deserialize;
use serde_json::Value;

impl Release<'_> {
    /// Notes what settings and files say and the policy lets pass, and which of its exceptions have ended, or match nothing in any image of the run.
    pub(crate) fn note_image_facts(&self, all_produced: &[Produced], report: &mut ReleaseReport) {
        let Some(rules) = self.workshop.policy.image() else { return };
        let today = self.workshop.today();
        let mut all: Vec<(&Platform, ImageFinding)> = Vec::new();
        for platform in all_produced.iter().flat_map(|produced| &produced.platforms) {
            let found = image_findings(&platform.receipts, rules);
            report.warnings.extend(rules.remarks(&platform.platform, &found, today));
            all.extend(found.into_iter().map(|finding| (&platform.platform, finding)));
        }
        let findings = all.iter().map(|(platform, finding)| (*platform, finding));
        report.warnings.extend(rules.notes(findings, today));
    }
}

/// Returns what is to be judged of what was stated here about a platform.
pub fn image_findings(receipts: &[Receipt], rules: &ImageRules) -> Vec<ImageFinding> {
    let sbom = stated(receipts, predicate::SBOM);
    rules.findings(image_facts(receipts).as_ref(), sbom)
}

/// Returns what was stated here of the settings and files of a platform.
pub fn image_facts(receipts: &[Receipt]) -> Option<ImageFacts> {
    ImageFacts::deserialize(stated(receipts, predicate::IMAGE_FACTS)?).ok()
}

fn stated<'a>(receipts: &'a [Receipt], predicate_type: &str) -> Option<&'a Value> {
    let is_one =
        |receipt: &&Receipt| receipt.statement.predicate_type == predicate_type && receipt.trust == Trust::Derived;
    receipts.iter().find(is_one).map(|receipt| &receipt.statement.predicate)
}
