use super::Artifacts;
use super::sender::{Sender, read_document};
use super::tags::{find, not_published};
use crate::ReleaseError;
use consign_image::children;
use consign_oci::{Descriptor, Digest, Document, Reference, Repository, Tag, media_type};
use consign_receipt::Verdict;
use consign_registry::Client;
use consign_store::Store;
use futures::future::try_join_all;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// An image that may be published: what the gate let pass, and the artifacts about it. All of it lies in the store.
pub struct Publication<'a> {
    /// What the gate said. Without it nothing can be published.
    pub verdict: &'a Verdict,
    /// Signatures and attestations.
    pub artifacts: &'a Artifacts,
    /// Where cosign's older form is kept, if not beside the image.
    pub legacy: Option<&'a Repository>,
    /// Where the bytes are.
    pub store: &'a Store,
    /// Speaks to the registries.
    pub client: &'a Client,
}

/// An image that every destination has by digest, with everything about it. Nothing else can be tagged.
#[derive(Debug)]
pub struct Sent {
    /// Blobs and manifests that had to be written.
    pub written: usize,
    /// Blobs and manifests that were there already.
    pub present: usize,
    pub(super) index: Document,
    pub(super) tags: Vec<AwaitedTag>,
}

impl Sent {
    /// Returns the other images that tags named when this one was sent, each with those tags.
    pub(crate) fn replaced(&self) -> impl Iterator<Item = (&Repository, &Digest, Vec<&Tag>)> {
        let mut replaced: BTreeMap<(&Repository, &Digest), Vec<&Tag>> = BTreeMap::new();
        for AwaitedTag { reference, before, .. } in &self.tags {
            if let (Some(tag), Some(before)) = (&reference.tag, before)
                && before != self.index.digest()
            {
                replaced.entry((&reference.repository, before)).or_default().push(tag);
            }
        }
        replaced.into_iter().map(|((repository, named), tags)| (repository, named, tags))
    }
}

/// One tag at one destination that is to name the image.
#[derive(Debug)]
pub(super) struct AwaitedTag {
    pub(super) reference: Reference,
    /// Its place among the tags of the destination, most specific first.
    pub(super) position: usize,
    /// What it named before anything was written.
    pub(super) before: Option<Digest>,
}

impl Publication<'_> {
    /// Sends the image and its artifacts to all destinations of the verdict, by digest: phase one. No tag is touched.
    ///
    /// What is there already is not sent again, and what somebody deleted is. Fails before the first request if the index in the store does
    /// not list exactly what passed the gate, or an artifact is about something else.
    pub async fn send(&self) -> Result<Sent, ReleaseError> {
        let index = self.judged_index()?;
        self.check_artifacts()?;
        let tags = self.tags_before().await?;
        // One repository of a registry after the other, so that the later ones mount what the first one got.
        let mut by_registry: BTreeMap<&str, Vec<&Repository>> = BTreeMap::new();
        for destination in self.verdict.destinations() {
            by_registry.entry(destination.repository.registry()).or_default().push(&destination.repository);
        }
        let registries = by_registry.values().map(|repositories| self.send_to_registry(repositories, &index));
        let counts = try_join_all(registries).await?;
        let (written, present) = (counts.iter().map(|count| count.0).sum(), counts.iter().map(|count| count.1).sum());
        Ok(Sent { written, present, index, tags })
    }

    async fn send_to_registry(
        &self,
        repositories: &[&Repository],
        index: &Document,
    ) -> Result<(usize, usize), ReleaseError> {
        let mut total = (0, 0);
        for (position, repository) in repositories.iter().enumerate() {
            let sibling = repositories[..position].first().copied();
            let sender = Sender { publication: self, index, repository, sibling, brought: Mutex::default() };
            let (written, present) = sender.send_all().await.map_err(|failure| failure.at(repository))?;
            total = (total.0 + written, total.1 + present);
        }
        Ok(total)
    }

    /// Reads what each tag names before anything is written.
    async fn tags_before(&self) -> Result<Vec<AwaitedTag>, ReleaseError> {
        let destinations = self.verdict.destinations().iter();
        let references: Vec<(usize, Reference)> = destinations
            .flat_map(|destination| {
                let tags = destination.tags.iter().enumerate();
                tags.map(|(position, tag)| (position, destination.repository.tagged(tag.clone())))
            })
            .collect();
        let found = find(self.client, references.iter().map(|(_, reference)| reference), not_published).await?;
        let tags = references.into_iter().zip(found);
        Ok(tags.map(|((position, reference), before)| AwaitedTag { reference, position, before }).collect())
    }

    /// Reads the index, which must list exactly the platforms that passed the gate: the store finds it by nothing but the verdict's digest.
    fn judged_index(&self) -> Result<Document, ReleaseError> {
        let index = self.verdict.index();
        let document = read_document(self.store, &Descriptor::new(media_type::INDEX, index.clone(), 0))?;
        let entry = |descriptor: &&Descriptor| match &descriptor.platform {
            Some(platform) if media_type::is_manifest(&descriptor.media_type) => {
                format!("{platform} {}", descriptor.digest)
            }
            _ => format!("{} {}", descriptor.media_type, descriptor.digest),
        };
        // Statements about what passed go with it.
        let is_about = |digest: &Digest| self.verdict.platforms().iter().any(|(_, passed)| passed == digest);
        let entries = children(&document).into_iter();
        let images = entries.filter(|entry| entry.attests().is_none_or(|about| !is_about(&about)));
        let mut listed: Vec<String> = images.map(|descriptor| entry(&descriptor)).collect();
        let passed = self.verdict.platforms().iter();
        let mut passed: Vec<String> = passed.map(|(platform, digest)| format!("{platform} {digest}")).collect();
        listed.sort();
        passed.sort();
        if listed != passed {
            return Err(ReleaseError::NotWhatPassed { index: index.clone(), listed, passed });
        }
        Ok(document)
    }

    fn check_artifacts(&self) -> Result<(), ReleaseError> {
        for (subject, artifacts) in &self.artifacts.referrers {
            for artifact in artifacts {
                let document = read_document(self.store, artifact)?;
                if document.subject().is_none_or(|found| found.digest != *subject) {
                    let (artifact, subject) = (artifact.digest.clone(), subject.clone());
                    return Err(ReleaseError::NotAbout { artifact, subject });
                }
            }
        }
        Ok(())
    }
}
