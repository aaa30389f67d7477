use crate::attest::{Attester, Subject};
use crate::ledger::note;
use crate::publish::Artifacts;
use crate::record::record;
use crate::run::Passed;
use crate::workflow::{is_of_github, is_of_workflow, workflow_provenance};
use crate::{Outcome, Release, ReleaseError, Stage};
use consign_attach::{KeylessSigner, Signatory};
use consign_oci::{Digest, Exact, media_type};
use consign_receipt::{Statement, predicate};
use consign_registry::Client;
use consign_report::ImageReport;

impl Release<'_> {
    /// Makes the artifacts that travel with the image: signatures of index and platforms, receipts, and the release record.
    pub(crate) async fn sign(
        &self,
        passed: &Passed,
        key: Option<&Signatory>,
        client: Option<&Client>,
        image: &mut ImageReport,
    ) -> Result<Artifacts, ReleaseError> {
        let name = &passed.job.planned.name;
        self.workshop.started(name, None, Stage::Sign);
        let artifacts = Box::pin(self.artifacts(passed, key, client)).await.inspect_err(|_| {
            note(image, Stage::Sign, Outcome::Failed);
            self.workshop.finished(name, None, Stage::Sign, Outcome::Failed, "");
        })?;
        image.signed = key.is_some();
        if key.is_some() {
            note(image, Stage::Sign, Outcome::Ok);
        } else {
            let why = self.options.unsigned.as_deref().unwrap_or("the configuration has no `signing` section");
            self.workshop.warn(name, &[], format!("not signed: {why}"));
        }
        let count = artifacts.count();
        let outcome = if key.is_some() { Outcome::Ok } else { Outcome::Skipped };
        self.workshop.finished(name, None, Stage::Sign, outcome, format!("{count} attachments"));
        Ok(artifacts)
    }

    async fn artifacts(
        &self,
        passed: &Passed,
        key: Option<&Signatory>,
        client: Option<&Client>,
    ) -> Result<Artifacts, ReleaseError> {
        if let (Some(Signatory::Keyless(keyless)), Some(client)) = (key, client) {
            self.recall(passed, keyless, client).await?;
        }
        let store = &self.workshop.store;
        let mut artifacts = Artifacts::default();
        let Passed { job, created, .. } = passed;
        let attester = Attester {
            store,
            key,
            image: &job.planned.name,
            version: &job.planned.version,
            forms: self.options.forms,
            repositories: passed.verdict.destinations().iter().map(|to| to.repository.clone()).collect(),
            created,
        };
        for platform in &passed.produced.platforms {
            let subject = Subject { descriptor: &platform.manifest, platform: Some(&platform.platform) };
            attester.sign(subject, &mut artifacts).await?;
            attester.receipts(subject, &platform.receipts, &mut artifacts).await?;
        }
        store.put(passed.index.bytes())?;
        let index = passed.index.descriptor(media_type::INDEX);
        let subject = Subject { descriptor: &index, platform: None };
        attester.sign(subject, &mut artifacts).await?;
        let today = self.workshop.today();
        let record = record(&passed.job, &passed.verdict, &passed.created, &self.plan, today)?;
        let record = serde_json::to_value(record)?;
        let statement = Statement::new(passed.index.digest(), predicate::RELEASE_RECORD, record);
        attester.attest(subject, &Exact::write(statement)?, &mut artifacts).await?;
        if let Some(Signatory::Keyless(keyless)) = key
            && let Some(statement) = workflow(keyless, passed.index.digest()).await?
        {
            attester.attest(subject, &statement, &mut artifacts).await?;
        }
        Ok(artifacts)
    }
}

/// Returns what the CI says of the run that releases an index. An earlier run that released it stays the one that is told of.
async fn workflow(keyless: &KeylessSigner, index: &Digest) -> Result<Option<Exact<Statement>>, ReleaseError> {
    if let Some(earlier) = keyless.recalled(|statement| statement.is_about(index) && is_of_workflow(statement)) {
        return Ok(Some(earlier));
    }
    let token = keyless.token().await?;
    if !is_of_github(token) {
        return Ok(None);
    }
    Ok(Some(Exact::write(workflow_provenance(index, token, &keyless.certificate().await?)?)?))
}
