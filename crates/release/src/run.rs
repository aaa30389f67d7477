//! The order of a release.

use crate::assemble::assemble;
use crate::attest::{Artifacts, Attester};
use crate::ledger::{blank, note, note_failure, note_moved, note_produced, note_tags, skip_the_rest};
use crate::publish::Publication;
use crate::record::record;
use crate::{Event, Job, KeySource, Outcome, Produced, Published, ReleaseError, Stage, Workshop, embedded, imported};
use consign_image::Place;
use consign_oci::{Digest, Exact, Index, media_type};
use consign_receipt::predicate::ReleasedDestination;
use consign_receipt::{Candidate, PlatformCandidate, Verdict, gate};
use consign_registry::{Client, Credentials, Secret};
use consign_report::{ImageReport, ReasonReport, ReleaseReport};
use consign_sign::PrivateKey;
use consign_verify::Expectation;
use std::sync::Arc;

/// How far a release goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether it ends after the gate.
    pub dry_run: bool,
}

/// A release of some images.
pub struct Release<'a> {
    /// What every stage is given.
    pub workshop: Arc<Workshop>,
    /// The images.
    pub jobs: Vec<Arc<Job>>,
    /// Digest of the plan.
    pub plan: Digest,
    /// Reads the signing key; `None` leaves the images unsigned.
    pub key: Option<KeySource<'a>>,
    /// How far to go.
    pub options: Options,
}

/// An image that passed the gate.
struct Passed {
    job: Arc<Job>,
    produced: Produced,
    index: Exact<Index>,
    created: String,
    verdict: Verdict,
}

impl Release<'_> {
    /// Runs the release. The report says how far each image came, whether or not the release came about.
    pub async fn run(&self) -> (ReleaseReport, Result<(), ReleaseError>) {
        let mut report = ReleaseReport { images: self.jobs.iter().map(|job| blank(job)).collect() };
        let result = self.run_into(&mut report).await;
        if result.is_err() {
            self.jobs.iter().zip(&mut report.images).for_each(|(job, image)| skip_the_rest(job, image));
        }
        (report, result)
    }

    async fn run_into(&self, report: &mut ReleaseReport) -> Result<(), ReleaseError> {
        let all_produced = self.produce(report).await?;

        // The last child process has ended. Only now is the key read.
        let key = self.key.map(|read| read()).transpose()?;

        let mut passed = Vec::new();
        let mut closed = None;
        for ((job, produced), image) in self.jobs.iter().zip(all_produced).zip(&mut report.images) {
            match self.judge(job, produced, key.as_ref(), image).await {
                Ok(candidate) => passed.push(candidate),
                // All images are judged, so that all reasons are seen. A failed trial weighs most.
                Err(error @ ReleaseError::Gate { .. }) => closed = Some(heavier(closed, error)),
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = closed {
            return Err(error);
        }
        if self.options.dry_run {
            return Ok(());
        }
        self.ship(&passed, key.as_ref(), report).await
    }

    pub(crate) async fn produce(&self, report: &mut ReleaseReport) -> Result<Vec<Produced>, ReleaseError> {
        let mut all_produced = Vec::new();
        for (job, image) in self.jobs.iter().zip(&mut report.images) {
            let (produced, failures) = self.workshop.produce(job).await;
            note_produced(image, &produced);
            failures.iter().for_each(|error| note_failure(image, error));
            if let Some(error) = failures.into_iter().next() {
                return Err(error);
            }
            all_produced.push(produced);
        }
        Ok(all_produced)
    }

    /// Assembles the index, which writes nothing yet, and asks the gate.
    async fn judge(
        &self,
        job: &Arc<Job>,
        mut produced: Produced,
        key: Option<&PrivateKey>,
        image: &mut ImageReport,
    ) -> Result<Passed, ReleaseError> {
        let name = &job.planned.name;
        self.workshop.started(name, None, Stage::Gate);
        let mut policy = self.workshop.policy.clone();
        if let Some(key) = key {
            policy = policy.trusting(key.public().identity());
        }
        imported::add_provenance(job, key.map(PrivateKey::public), &mut produced).await?;
        let created = produced.created();
        let index = assemble(&produced.manifests(), &created, &job.source, &job.planned.annotations)?;
        let candidate = Candidate {
            name: name.clone(),
            index: index.digest().clone(),
            planned: job.planned.platforms.clone(),
            platforms: produced
                .platforms
                .iter()
                .map(|platform| PlatformCandidate {
                    platform: platform.platform.clone(),
                    digest: platform.manifest.digest.clone(),
                    tests: platform.tests.clone(),
                    receipts: platform.receipts.clone(),
                })
                .collect(),
            destinations: destinations(job),
        };
        match gate(&candidate, &policy) {
            Ok(verdict) => {
                image.index = Some(index.digest().clone());
                note(image, Stage::Gate, Outcome::Ok);
                self.workshop.finished(name, None, Stage::Gate, Outcome::Ok, "");
                Ok(Passed { job: job.clone(), produced, index, created, verdict })
            }
            Err(reasons) => {
                note(image, Stage::Gate, Outcome::Failed);
                for reason in &reasons {
                    let details =
                        produced.platforms.iter().filter(|platform| Some(&platform.platform) == reason.platform());
                    let details = details.flat_map(|platform| platform.failures.iter().filter(|_| reason.is_trial()));
                    let message = details.fold(reason.to_string(), |text, detail| format!("{text}\n{detail}"));
                    let stage = if reason.is_trial() { Stage::Trial } else { Stage::Gate };
                    image.reasons.push(ReasonReport { stage, platform: None, message });
                }
                self.workshop.finished(name, None, Stage::Gate, Outcome::Failed, format!("{} reasons", reasons.len()));
                Err(ReleaseError::Gate { image: name.clone(), reasons })
            }
        }
    }

    /// Signs, publishes and verifies what passed the gate.
    async fn ship(
        &self,
        passed: &[Passed],
        key: Option<&PrivateKey>,
        report: &mut ReleaseReport,
    ) -> Result<(), ReleaseError> {
        let mut hosts = self.workshop.hosts.clone();
        let mut running = Vec::new();
        for registry in &self.workshop.embedded {
            if let Some(served) = embedded::serve(&registry.host, &registry.root).await? {
                let credentials = Credentials::Bearer(Secret::new(served.token.clone()));
                hosts.entry(registry.host.clone()).or_default().credentials = credentials;
                running.push(served);
            }
        }
        let client = self.workshop.client(hosts)?;
        for (candidate, image) in passed.iter().zip(&mut report.images) {
            let artifacts = self.sign(candidate, key, image)?;
            let published = self.publish(candidate, &artifacts, &client, image).await?;
            self.verify(candidate, key, &client, image).await?;
            for tag in published.tags {
                let (image, digest) = (candidate.job.planned.name.clone(), candidate.index.digest().clone());
                self.workshop.tell(Event::Tagged { image, reference: tag.reference, digest, moved: tag.moved });
            }
        }
        for served in running {
            served.stop().await;
        }
        Ok(())
    }

    /// Makes the artifacts that travel with the image: signatures of index and platforms, receipts, and the release record.
    fn sign(
        &self,
        passed: &Passed,
        key: Option<&PrivateKey>,
        image: &mut ImageReport,
    ) -> Result<Artifacts, ReleaseError> {
        let name = &passed.job.planned.name;
        let store = &self.workshop.store;
        self.workshop.started(name, None, Stage::Sign);
        store.put(passed.index.bytes())?;
        let mut artifacts = Artifacts::new();
        let attester = Attester { store, key, created: &passed.created };
        for platform in &passed.produced.platforms {
            attester.sign(&platform.manifest, &mut artifacts)?;
            attester.receipts(&platform.manifest, &platform.receipts, &mut artifacts)?;
        }
        let index = passed.index.descriptor(media_type::INDEX);
        attester.sign(&index, &mut artifacts)?;
        attester.attest(&index, &Exact::write(record(&passed.job, &passed.verdict, &passed.created, &self.plan)?)?, &mut artifacts)?;
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

    async fn publish(
        &self,
        passed: &Passed,
        artifacts: &Artifacts,
        client: &Client,
        image: &mut ImageReport,
    ) -> Result<Published, ReleaseError> {
        let name = &passed.job.planned.name;
        self.workshop.started(name, None, Stage::Publish);
        let publication = Publication { verdict: &passed.verdict, artifacts, store: &self.workshop.store, client };
        match publication.run().await {
            Ok(published) => {
                let unchanged = published.written == 0 && published.tags.iter().all(|tag| !tag.moved);
                let outcome = if unchanged { Outcome::Cached } else { Outcome::Ok };
                note(image, Stage::Publish, outcome);
                note_tags(image, &published);
                let detail = format!("{} written, {} there already", published.written, published.present);
                self.workshop.finished(name, None, Stage::Publish, outcome, detail);
                Ok(published)
            }
            Err(error) => {
                note(image, Stage::Publish, Outcome::Failed);
                if let ReleaseError::Interrupted { moved, .. } = &error {
                    note_moved(image, moved);
                }
                self.workshop.finished(name, None, Stage::Publish, Outcome::Failed, "");
                Err(error)
            }
        }
    }

    /// Reads the image back from every destination, as anybody would who has the public key.
    async fn verify(
        &self,
        passed: &Passed,
        key: Option<&PrivateKey>,
        client: &Client,
        image: &mut ImageReport,
    ) -> Result<(), ReleaseError> {
        let Some(key) = key.map(PrivateKey::public) else { return Ok(()) };
        let name = &passed.job.planned.name;
        self.workshop.started(name, None, Stage::Verify);
        for destination in passed.verdict.destinations() {
            let Some(tag) = destination.tags.first() else { continue };
            let reference = destination.repository.tagged(tag.clone());
            let place = Place::Registry { client: client.clone(), reference: reference.clone() };
            let expectation = Expectation { key, policy: &self.workshop.policy, content: false };
            let verified = consign_verify::verify(&place, Some((&destination.repository, tag)), expectation).await;
            if let Err(source) = verified {
                note(image, Stage::Verify, Outcome::Failed);
                self.workshop.finished(name, None, Stage::Verify, Outcome::Failed, reference.to_string());
                return Err(ReleaseError::Verify { reference, source: Box::new(source) });
            }
        }
        note(image, Stage::Verify, Outcome::Ok);
        self.workshop.finished(name, None, Stage::Verify, Outcome::Ok, "");
        Ok(())
    }
}

fn destinations(job: &Job) -> Vec<ReleasedDestination> {
    let planned = job.planned.destinations.iter();
    let released = planned.map(|destination| ReleasedDestination {
        repository: destination.repository.clone(),
        tags: destination.tags.iter().map(|planned| planned.tag.clone()).collect(),
    });
    released.collect()
}

fn heavier(closed: Option<ReleaseError>, error: ReleaseError) -> ReleaseError {
    match closed {
        Some(first) if first.is_trial() || !error.is_trial() => first,
        _ => error,
    }
}
