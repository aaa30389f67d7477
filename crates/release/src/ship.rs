//! From the gate to the registries: everything is signed, then everything is sent, then the tags move, then all of it is read back.

use crate::embedded::Embedded;
use crate::interruption::unless_interrupted;
use crate::ledger::{is_settled, moved_any, note, note_tag};
use crate::publish::{Artifacts, Publication, Sent, find, move_tags};
use crate::record::record;
use crate::run::Passed;
use crate::{EmbeddedRegistry, Event, Outcome, Release, ReleaseError, Stage, embedded};
use consign_attach::Signatory;
use consign_image::{ImageError, Place};
use consign_oci::Reference;
use consign_receipt::Policy;
use consign_registry::{Client, Credentials, Secret};
use consign_report::{ImageReport, ReleaseReport, TagState};
use consign_trust::Authority;
use consign_verify::{Expectation, VerifyError};

impl Release<'_> {
    /// Signs, publishes and verifies what passed the gate: each step for all images, before the next one begins.
    pub(crate) async fn ship(
        &self,
        passed: &[Passed],
        key: Option<&Signatory>,
        report: &mut ReleaseReport,
    ) -> Result<(), ReleaseError> {
        let interruption = &self.options.interruption;
        // Whoever signs without a key looks for what is signed already. Otherwise nothing is served before all is signed.
        let early = match key {
            Some(Signatory::Keyless(_)) => Some(self.connect(self.workshop.embedded.iter()).await?),
            Some(Signatory::Key(_)) | None => None,
        };
        let mut artifacts = Vec::new();
        for (passed, image) in passed.iter().zip(&mut report.images) {
            artifacts.push(
                unless_interrupted(
                    interruption,
                    self.sign(passed, key, early.as_ref().map(|(client, _)| client), image),
                )
                .await?,
            );
        }
        let (client, running) = match early {
            Some(connected) => connected,
            None => self.connect(self.workshop.embedded.iter()).await?,
        };
        let sent = unless_interrupted(interruption, self.send(passed, &artifacts, &client, report)).await?;
        unless_interrupted(interruption, self.check_order(passed, &sent, key, &client)).await?;
        self.move_tags(passed, &sent, &client, report).await?;
        unless_interrupted(interruption, self.verify(passed, key, &client, report)).await?;
        for served in running {
            served.stop().await;
        }
        Ok(())
    }

    /// Starts some of the registries that this run serves, and makes a client that may write to them.
    pub(crate) async fn connect(
        &self,
        registries: impl Iterator<Item = &EmbeddedRegistry>,
    ) -> Result<(Client, Vec<Embedded>), ReleaseError> {
        let mut hosts = self.workshop.hosts.clone();
        let mut running = Vec::new();
        for registry in registries {
            if let Some(served) = embedded::serve(&registry.host, &registry.root).await? {
                let credentials = Credentials::Bearer(Secret::new(served.token.clone()));
                hosts.entry(registry.host.clone()).or_default().log_in_everywhere(credentials);
                running.push(served);
            }
        }
        Ok((self.workshop.client(hosts)?, running))
    }

    /// Phase one, for all images.
    async fn send(
        &self,
        passed: &[Passed],
        artifacts: &[Artifacts],
        client: &Client,
        report: &mut ReleaseReport,
    ) -> Result<Vec<Sent>, ReleaseError> {
        let mut sent = Vec::new();
        for ((candidate, artifacts), image) in passed.iter().zip(artifacts).zip(&mut report.images) {
            self.workshop.started(candidate.name(), None, Stage::Publish);
            let store = &self.workshop.store;
            let legacy = self.options.legacy.as_ref();
            let publication = Publication { verdict: &candidate.verdict, artifacts, legacy, store, client };
            match publication.send().await {
                Ok(image) => sent.push(image),
                Err(error) => {
                    note(image, Stage::Publish, Outcome::Failed);
                    self.workshop.finished(candidate.name(), None, Stage::Publish, Outcome::Failed, "");
                    for earlier in &passed[..sent.len()] {
                        let detail = "sent, but no tag moved";
                        self.workshop.finished(earlier.name(), None, Stage::Publish, Outcome::Skipped, detail);
                    }
                    return Err(error);
                }
            }
        }
        Ok(sent)
    }

    /// Fails where a tag would go back to an earlier release, since nobody could tell that from an attack: `verify` refuses it.
    async fn check_order(
        &self,
        passed: &[Passed],
        sent: &[Sent],
        key: Option<&Signatory>,
        client: &Client,
    ) -> Result<(), ReleaseError> {
        let Some(key) = key else { return Ok(()) };
        let authorities = authorities(key).await?;
        for (candidate, sent) in passed.iter().zip(sent) {
            let today = self.workshop.today();
            let release = record(&candidate.job, &candidate.verdict, &candidate.created, &self.plan, today)?;
            for (repository, named, tags) in sent.replaced() {
                let reference = repository.at(named.clone());
                let place = Place::Registry { client: client.clone(), reference: reference.clone() };
                let later =
                    consign_verify::find_later(&place, named, &release, (repository, &tags), &authorities).await;
                let later = later.map_err(|source| ReleaseError::Verify { reference, source: Box::new(source) })?;
                if let Some((tag, later)) = later {
                    let (reference, version) = (repository.tagged(tag.clone()), later.version);
                    return Err(ReleaseError::TagNamesLater { reference, version });
                }
            }
        }
        Ok(())
    }

    /// Phase two, for all images.
    async fn move_tags(
        &self,
        passed: &[Passed],
        sent: &[Sent],
        client: &Client,
        report: &mut ReleaseReport,
    ) -> Result<(), ReleaseError> {
        let interruption = &self.options.interruption;
        let moving = move_tags(sent, client, interruption, |tag| {
            let (Some(image), Some(candidate)) = (report.images.get_mut(tag.image), passed.get(tag.image)) else {
                return;
            };
            note_tag(image, &tag.reference, tag.state);
            let moved = match tag.state {
                TagState::Moved => true,
                TagState::Unchanged => false,
                TagState::NotMoved | TagState::Unknown => return,
            };
            self.workshop.tell(Event::Tagged {
                image: candidate.name().to_owned(),
                reference: tag.reference.clone(),
                digest: candidate.index.digest().clone(),
                moved,
            });
        });
        let mut moving = Box::pin(moving);
        let result = tokio::select! {
            biased;
            result = &mut moving => result,
            () = interruption.cancelled() => {
                self.workshop.tell(Event::Interrupted);
                moving.as_mut().await
            }
        };
        drop(moving);
        for ((candidate, sent), image) in passed.iter().zip(sent).zip(&mut report.images) {
            let outcome = match &result {
                _ if is_settled(image) && sent.written == 0 && !moved_any(image) => Outcome::Cached,
                _ if is_settled(image) => Outcome::Ok,
                Err(ReleaseError::Stopped) => Outcome::Skipped,
                _ => Outcome::Failed,
            };
            note(image, Stage::Publish, outcome);
            let detail = format!("{} written, {} there already", sent.written, sent.present);
            self.workshop.finished(candidate.name(), None, Stage::Publish, outcome, detail);
        }
        result
    }

    /// Reads all images back from every destination, as anybody would who has the public key.
    async fn verify(
        &self,
        passed: &[Passed],
        key: Option<&Signatory>,
        client: &Client,
        report: &mut ReleaseReport,
    ) -> Result<(), ReleaseError> {
        for (candidate, image) in passed.iter().zip(&mut report.images) {
            let Some(key) = key else {
                self.check_tags(candidate, client, image).await.inspect_err(|_| {
                    note(image, Stage::Publish, Outcome::Failed);
                })?;
                continue;
            };
            self.workshop.started(candidate.name(), None, Stage::Verify);
            let verified = match self.check_tags(candidate, client, image).await {
                Ok(()) => self.verify_one(candidate, key, client).await,
                Err(error) => Err(error),
            };
            let outcome = if verified.is_ok() { Outcome::Ok } else { Outcome::Failed };
            note(image, Stage::Verify, outcome);
            self.workshop.finished(candidate.name(), None, Stage::Verify, outcome, "");
            verified?;
        }
        Ok(())
    }

    /// Asks every destination what each tag names now.
    async fn check_tags(
        &self,
        candidate: &Passed,
        client: &Client,
        image: &mut ImageReport,
    ) -> Result<(), ReleaseError> {
        let destinations = candidate.verdict.destinations().iter();
        let references: Vec<Reference> = destinations
            .flat_map(|destination| destination.tags.iter().map(|tag| destination.repository.tagged(tag.clone())))
            .collect();
        let failed = |reference: &Reference, error| {
            let place = reference.repository.to_string();
            let source = VerifyError::Unresolved { place, source: Box::new(ImageError::from(error)) };
            ReleaseError::Verify { reference: reference.clone(), source: Box::new(source) }
        };
        let found = find(client, references.iter(), failed).await?;
        let index = candidate.verdict.index();
        let mut others = references.into_iter().zip(found).filter(|(_, found)| found.as_ref() != Some(index));
        let Some((reference, found)) = others.next() else { return Ok(()) };
        for reference in others.map(|(reference, _)| reference).chain([reference.clone()]) {
            note_tag(image, &reference, TagState::NotMoved);
        }
        Err(ReleaseError::TagDiffers { reference, index: index.clone(), found })
    }

    async fn verify_one(&self, candidate: &Passed, key: &Signatory, client: &Client) -> Result<(), ReleaseError> {
        // By the rules that the gate had: statements that came with an image may not go with it.
        let rules = candidate.verdict.advisories().cloned();
        let policy = rules.into_iter().fold(self.workshop.policy.clone(), Policy::tolerating);
        let authorities = authorities(key).await?;
        for destination in candidate.verdict.destinations() {
            let Some(tag) = destination.tags.first() else { continue };
            let reference = destination.repository.tagged(tag.clone());
            let place = Place::Registry { client: client.clone(), reference: reference.clone() };
            let expectation = Expectation {
                policy: Some(&policy),
                released: true,
                ..Expectation::new(&authorities, self.workshop.today())
            };
            let verified = consign_verify::verify(&place, Some((&destination.repository, tag)), expectation).await;
            verified.map_err(|source| ReleaseError::Verify { reference, source: Box::new(source) })?;
        }
        Ok(())
    }
}

/// Returns whose signatures count of what a release made.
pub(crate) async fn authorities(signatory: &Signatory) -> Result<Vec<Authority>, ReleaseError> {
    Ok(signatory.authority().await?.into_iter().collect())
}
