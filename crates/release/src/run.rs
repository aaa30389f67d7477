//! The order of a release.

use crate::assemble::assemble;
use crate::embed::embed;
use crate::interruption::{Interruption, unless_interrupted};
use crate::ledger::{blank, note, note_failure, note_produced, note_refusal, skip_the_rest};
use crate::ship::authorities;
use crate::{Event, Job, KeySource, Outcome, Produced, ReleaseError, Stage, Workshop, imported};
use consign_attach::{Forms, Signatory};
use consign_oci::{Digest, Exact, Index, Repository};
use consign_receipt::predicate::ReleasedDestination;
use consign_receipt::{Candidate, PlatformCandidate, Verdict, gate};
use consign_report::{ImageReport, ReasonReport, ReleaseReport, SignerReport};
use consign_trust::{Authority, Matcher};
use std::sync::Arc;

/// How far a release goes.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether it ends after the gate.
    pub dry_run: bool,
    /// Whether the report says why each step of a Dockerfile was done.
    pub explain: bool,
    /// In which forms signatures and attestations are attached.
    pub forms: Forms,
    /// Why nothing is signed, if nobody is named who signs; for people.
    pub unsigned: Option<String>,
    /// Where cosign's older form is kept, if not beside each image.
    pub legacy: Option<Repository>,
    /// Ends it early.
    pub interruption: Interruption,
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
pub(crate) struct Passed {
    pub(crate) job: Arc<Job>,
    pub(crate) produced: Produced,
    pub(crate) index: Exact<Index>,
    pub(crate) created: String,
    pub(crate) verdict: Verdict,
}

impl Passed {
    pub(crate) fn name(&self) -> &str {
        &self.job.planned.name
    }
}

impl Release<'_> {
    /// Runs the release. The report says how far each image came, whether or not the release came about.
    pub async fn run(&self) -> (ReleaseReport, Result<(), ReleaseError>) {
        let mut report =
            ReleaseReport { images: self.jobs.iter().map(|job| blank(job)).collect(), ..ReleaseReport::default() };
        let result = self.run_into(&mut report).await;
        if result.is_err() {
            self.jobs.iter().zip(&mut report.images).for_each(|(job, image)| skip_the_rest(job, image));
        }
        self.workshop.tell(Event::Ended);
        (report, result)
    }

    async fn run_into(&self, report: &mut ReleaseReport) -> Result<(), ReleaseError> {
        let (passed, key) = unless_interrupted(&self.options.interruption, self.prepare(report)).await?;
        if self.options.dry_run {
            return Ok(());
        }
        self.ship(&passed, key.as_ref(), report).await?;
        if let Some(key) = &key {
            report.signer = signer(key).await?;
        }
        Ok(())
    }

    /// Makes all images and asks the gate about each.
    async fn prepare(&self, report: &mut ReleaseReport) -> Result<(Vec<Passed>, Option<Signatory>), ReleaseError> {
        self.jobs.iter().for_each(|job| self.warn_of_changes(job));
        let all_produced = self.produce(report).await?;
        self.note_ignored(&all_produced, report);
        self.note_image_facts(&all_produced, report);

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
        match closed {
            Some(error) => Err(error),
            None => Ok((passed, key)),
        }
    }

    /// Says which tags stay because files differ from the commit. What the image was made from is then kept nowhere.
    fn warn_of_changes(&self, job: &Job) {
        let skipped = job.planned.skipped_tags.iter().filter(|skipped| job.dirty && !skipped.tag.is_empty());
        for skipped in skipped {
            let message = format!("tag `{}` stays where it is: {}", skipped.tag, skipped.reason);
            self.workshop.warn(&job.planned.name, &[], message);
        }
    }

    pub(crate) async fn produce(&self, report: &mut ReleaseReport) -> Result<Vec<Produced>, ReleaseError> {
        let mut all_produced = Vec::new();
        for (job, image) in self.jobs.iter().zip(&mut report.images) {
            let (produced, failures) = self.workshop.produce(job).await;
            note_produced(image, &produced);
            if self.options.explain {
                self.workshop.steps.explain(image);
            }
            self.note_advisories(&produced, &self.workshop.policy, image);
            failures.iter().for_each(|error| note_failure(job, image, error));
            if let Some(error) = failures.into_iter().next() {
                return Err(error);
            }
            self.workshop.export(job).await?;
            all_produced.push(produced);
        }
        Ok(all_produced)
    }

    /// Assembles the index, which writes nothing yet, and asks the gate.
    async fn judge(
        &self,
        job: &Arc<Job>,
        mut produced: Produced,
        key: Option<&Signatory>,
        image: &mut ImageReport,
    ) -> Result<Passed, ReleaseError> {
        let name = &job.planned.name;
        self.workshop.started(name, None, Stage::Gate);
        let mut policy = self.workshop.policy.clone();
        let own = match key {
            Some(key) => authorities(key).await?,
            None => Vec::new(),
        };
        policy = own.iter().fold(policy, |policy, authority| policy.trusting(authority.identity()));
        imported::add_receipts(&self.workshop, job, &own, &policy, &mut produced)?;
        note_produced(image, &produced);
        let created = produced.created();
        let embedded = match job.planned.embeds_attestations {
            true => embed(&self.workshop.store, &produced.platforms, &policy)?,
            false => Vec::new(),
        };
        let index = assemble(&produced.manifests(), embedded, &created, &job.source, &job.planned.annotations)?;
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
        let policy = Box::pin(self.beside_the_last(&candidate, key, policy.for_image(&candidate))).await?;
        self.note_advisories(&produced, &policy, image);
        match gate(&candidate, &policy, self.workshop.today()) {
            Ok(verdict) => {
                image.index = Some(index.digest().clone());
                note(image, Stage::Gate, Outcome::Ok);
                self.workshop.finished(name, None, Stage::Gate, Outcome::Ok, "");
                // What merely lay beside an image that came from elsewhere must not get this release's signature.
                for platform in &mut produced.platforms {
                    let about = &platform.manifest.digest;
                    platform.receipts.retain(|receipt| policy.believes(receipt) && receipt.statement.is_about(about));
                }
                Ok(Passed { job: job.clone(), produced, index, created, verdict })
            }
            Err(reasons) => {
                note(image, Stage::Gate, Outcome::Failed);
                for reason in &reasons {
                    let details =
                        produced.platforms.iter().filter(|platform| Some(&platform.platform) == reason.platform());
                    let details = details.flat_map(|platform| platform.failures.iter().filter(|_| reason.is_trial()));
                    let message = details.fold(reason.to_string(), |text, detail| format!("{text}\n{detail}"));
                    let stage = reason.stage();
                    note_refusal(image, stage, reason.platform());
                    image.reasons.push(ReasonReport { stage, platform: None, message });
                }
                let count = match reasons.len() {
                    1 => "1 reason".to_owned(),
                    count => format!("{count} reasons"),
                };
                self.workshop.finished(name, None, Stage::Gate, Outcome::Failed, count);
                Err(ReleaseError::Gate { image: name.clone(), reasons })
            }
        }
    }
}

/// Returns whom others ask for who verify what was released.
async fn signer(signatory: &Signatory) -> Result<Option<SignerReport>, ReleaseError> {
    Ok(match signatory.authority().await? {
        Some(Authority::Key(key)) => Some(SignerReport::Key(key.fingerprint())),
        Some(Authority::Keyless(keyless)) => match (keyless.conditions.subject(), keyless.conditions.issuer()) {
            (Matcher::Exact(identity), Matcher::Exact(issuer)) => {
                Some(SignerReport::Certificate { identity: identity.clone(), issuer: issuer.clone() })
            }
            // Nothing was signed, as all of it was before: what the token says is all that is known.
            _ => None,
        },
        None => None,
    })
}

fn destinations(job: &Job) -> Vec<ReleasedDestination> {
    let planned = job.planned.destinations.iter();
    let released = planned.map(|destination| ReleasedDestination {
        repository: destination.repository.clone(),
        tags: destination.tags.iter().map(|planned| planned.tag.clone()).collect(),
    });
    released.collect()
}

/// Of several images' reasons, those that weigh most count.
fn heavier(closed: Option<ReleaseError>, error: ReleaseError) -> ReleaseError {
    match closed {
        Some(first) if first.closed() <= error.closed() => first,
        _ => error,
    }
}
