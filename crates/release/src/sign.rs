use crate::attest::{Artifacts, Attester, Subject};
use crate::ledger::note;
use crate::record::record;
use crate::run::Passed;
use crate::{Outcome, Release, ReleaseError, Stage};
use consign_oci::{Exact, media_type};
use consign_receipt::{Statement, predicate};
use consign_report::ImageReport;
use consign_sign::Signer;

impl Release<'_> {
    /// Makes the artifacts that travel with the image: signatures of index and platforms, receipts, and the release record.
    pub(crate) fn sign(
        &self,
        passed: &Passed,
        key: Option<&dyn Signer>,
        image: &mut ImageReport,
    ) -> Result<Artifacts, ReleaseError> {
        let name = &passed.job.planned.name;
        self.workshop.started(name, None, Stage::Sign);
        let artifacts = self.artifacts(passed, key).inspect_err(|_| {
            note(image, Stage::Sign, Outcome::Failed);
            self.workshop.finished(name, None, Stage::Sign, Outcome::Failed, "");
        })?;
        image.signed = key.is_some();
        if key.is_some() {
            note(image, Stage::Sign, Outcome::Ok);
        } else {
            self.workshop.warn(name, &[], "not signed: the configuration has no `signing` section");
        }
        let count: usize = artifacts.values().map(Vec::len).sum();
        let outcome = if key.is_some() { Outcome::Ok } else { Outcome::Skipped };
        self.workshop.finished(name, None, Stage::Sign, outcome, format!("{count} attachments"));
        Ok(artifacts)
    }

    fn artifacts(&self, passed: &Passed, key: Option<&dyn Signer>) -> Result<Artifacts, ReleaseError> {
        let store = &self.workshop.store;
        let mut artifacts = Artifacts::new();
        let attester = Attester { store, key, image: &passed.job.planned.name, created: &passed.created };
        for platform in &passed.produced.platforms {
            let subject = Subject { descriptor: &platform.manifest, platform: Some(&platform.platform) };
            attester.sign(subject, &mut artifacts)?;
            attester.receipts(subject, &platform.receipts, &mut artifacts)?;
        }
        store.put(passed.index.bytes())?;
        let index = passed.index.descriptor(media_type::INDEX);
        let subject = Subject { descriptor: &index, platform: None };
        attester.sign(subject, &mut artifacts)?;
        let today = self.workshop.today();
        let record = record(&passed.job, &passed.verdict, &passed.created, &self.plan, today)?;
        let record = serde_json::to_value(record)?;
        let statement = Statement::new(passed.index.digest(), predicate::RELEASE_RECORD, record);
        attester.attest(subject, &Exact::write(statement)?, &mut artifacts)?;
        Ok(artifacts)
    }
}
