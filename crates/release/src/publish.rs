//! Publishing, in two phases.
//!
//! First every registry gets everything by digest: blobs, manifests, signatures and attestations. Then tags move, most
//! specific first on all registries, `latest` last, each read again just before. If a registry fails in the first phase, no tag
//! has moved anywhere; if one fails in the second, every tag that has moved names a complete and signed image, and running again completes.

use crate::ReleaseError;
use consign_image::children;
use consign_oci::{Descriptor, Digest, Document, Reference, Repository, Tag, Target, media_type};
use consign_receipt::Verdict;
use consign_registry::{Client, Pushed, RegistryError};
use consign_store::Store;
use futures::future::try_join_all;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};

/// Blobs that are sent to one repository at the same time.
const BLOBS_IN_FLIGHT: usize = 6;
/// Largest manifest, in bytes.
const DOCUMENT_LIMIT: u64 = 8 << 20;

/// An image that may be published: what the gate let pass, and the artifacts about it. All of it lies in the store.
pub struct Publication<'a> {
    /// What the gate said. Without it nothing can be published.
    pub verdict: &'a Verdict,
    /// Artifacts (signatures, attestations) by the digest that they are about.
    pub artifacts: &'a BTreeMap<Digest, Vec<Descriptor>>,
    /// Where the bytes are.
    pub store: &'a Store,
    /// Speaks to the registries.
    pub client: &'a Client,
}

/// What publishing did.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// Blobs and manifests that had to be written.
    pub written: usize,
    /// Blobs and manifests that were there already.
    pub present: usize,
    /// Tags, in the order in which they were looked at.
    pub tags: Vec<PublishedTag>,
}

/// One tag at one destination.
#[derive(Clone, Debug)]
pub struct PublishedTag {
    /// The tag.
    pub reference: Reference,
    /// Whether it was written; else it named the image already.
    pub moved: bool,
}

impl Publication<'_> {
    /// Publishes to all destinations of the verdict.
    pub async fn run(&self) -> Result<Published, ReleaseError> {
        let mut published = Published::default();
        let before = self.tags_now().await?;
        let repositories: Vec<&Repository> =
            self.verdict.destinations().iter().map(|destination| &destination.repository).collect();
        // One repository of a registry after the other, so that the later ones mount what the first one got.
        let mut by_registry: BTreeMap<&str, Vec<&Repository>> = BTreeMap::new();
        for repository in repositories {
            by_registry.entry(repository.registry()).or_default().push(repository);
        }
        let counts = try_join_all(by_registry.values().map(|repositories| self.send_to_registry(repositories))).await?;
        for (written, present) in counts {
            published.written += written;
            published.present += present;
        }
        self.move_tags(&before, &mut published).await?;
        Ok(published)
    }

    /// Reads what each tag names before anything is written.
    async fn tags_now(&self) -> Result<BTreeMap<Reference, Option<Digest>>, ReleaseError> {
        let references = self
            .verdict
            .destinations()
            .iter()
            .flat_map(|destination| destination.tags.iter().map(|tag| destination.repository.tagged(tag.clone())));
        let now = references.map(|reference| async move {
            let now = self.tag_now(&reference).await?;
            Ok::<_, ReleaseError>((reference, now))
        });
        Ok(try_join_all(now).await?.into_iter().collect())
    }

    async fn tag_now(&self, reference: &Reference) -> Result<Option<Digest>, ReleaseError> {
        let descriptor = self.client.manifest_descriptor(&reference.repository, &reference.target()).await;
        let descriptor = descriptor.map_err(ReleaseError::destination(&reference.repository))?;
        Ok(descriptor.map(|descriptor| descriptor.digest))
    }

    async fn send_to_registry(&self, repositories: &[&Repository]) -> Result<(usize, usize), ReleaseError> {
        let mut total = (0, 0);
        for (position, repository) in repositories.iter().enumerate() {
            let sibling = repositories[..position].first().copied();
            let sender = Sender { publication: self, repository, sibling };
            let (written, present) = sender.send_all().await.map_err(|failure| failure.at(repository))?;
            total = (total.0 + written, total.1 + present);
        }
        Ok(total)
    }

    async fn move_tags(
        &self,
        before: &BTreeMap<Reference, Option<Digest>>,
        published: &mut Published,
    ) -> Result<(), ReleaseError> {
        let index = self.document_of(self.verdict.index())?;
        for reference in in_tag_order(self.verdict) {
            let now = match self.tag_now(&reference).await {
                Ok(now) => now,
                Err(error) => return Err(error.after(published, self.verdict)),
            };
            if now.as_ref() == Some(self.verdict.index()) {
                published.tags.push(PublishedTag { reference, moved: false });
                continue;
            }
            if before.get(&reference) != Some(&now) {
                let error = ReleaseError::TagMovedMeanwhile { reference, found: now };
                return Err(error.after(published, self.verdict));
            }
            let target = reference.target();
            match self.client.put_manifest(&reference.repository, &target, &index).await {
                Ok(()) => published.tags.push(PublishedTag { reference, moved: true }),
                Err(error) => {
                    let error = ReleaseError::destination(&reference.repository)(error);
                    return Err(error.after(published, self.verdict));
                }
            }
        }
        Ok(())
    }

    fn document_of(&self, digest: &Digest) -> Result<Document, ReleaseError> {
        let descriptor = Descriptor::new(media_type::INDEX, digest.clone(), 0);
        read_document(self.store, &descriptor)
    }
}

/// Returns all tags of all destinations in the order in which they move: most specific first on all registries, `latest` last.
pub(crate) fn in_tag_order(verdict: &Verdict) -> Vec<Reference> {
    let mut references: Vec<(bool, usize, Reference)> = Vec::new();
    for destination in verdict.destinations() {
        for (position, tag) in destination.tags.iter().enumerate() {
            let reference = destination.repository.tagged(tag.clone());
            references.push((*tag == Tag::latest(), position, reference));
        }
    }
    references.sort_by_key(|(latest, position, _)| (*latest, *position));
    references.into_iter().map(|(_, _, reference)| reference).collect()
}

/// Sends one image to one repository, by digest.
struct Sender<'a> {
    publication: &'a Publication<'a>,
    repository: &'a Repository,
    /// A repository of the same registry that has the image already.
    sibling: Option<&'a Repository>,
}

enum Failure {
    Registry(RegistryError),
    Other(ReleaseError),
}

impl Failure {
    fn at(self, repository: &Repository) -> ReleaseError {
        match self {
            Self::Registry(error) => ReleaseError::destination(repository)(error),
            Self::Other(error) => error,
        }
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error)
    }
}

impl From<ReleaseError> for Failure {
    fn from(error: ReleaseError) -> Self {
        Self::Other(error)
    }
}

impl Sender<'_> {
    async fn send_all(&self) -> Result<(usize, usize), Failure> {
        let verdict = self.publication.verdict;
        let mut counts = (0, 0);
        let index = self.publication.document_of(verdict.index())?;
        if self.manifest_is_there(verdict.index()).await? {
            // A registry takes an index only when it has what the index names.
            counts.1 += 1;
        } else {
            for child in children(&index) {
                add(&mut counts, self.send_manifest(child).await?);
            }
            self.put(verdict.index(), &index).await?;
            counts.0 += 1;
        }
        let subjects = verdict.platforms().iter().map(|(_, digest)| digest).chain([verdict.index()]);
        for subject in subjects {
            add(&mut counts, self.send_artifacts(subject).await?);
        }
        Ok(counts)
    }

    /// Sends the artifacts about `subject` that the repository does not list yet: one request where nothing is missing.
    async fn send_artifacts(&self, subject: &Digest) -> Result<(usize, usize), Failure> {
        let Some(artifacts) = self.publication.artifacts.get(subject) else { return Ok((0, 0)) };
        let listed = self.publication.client.referrers(self.repository, subject).await?;
        let listed: BTreeSet<&Digest> = listed.iter().map(|descriptor| &descriptor.digest).collect();
        let mut counts = (0, 0);
        for artifact in artifacts {
            if listed.contains(&artifact.digest) {
                counts.1 += 1;
            } else {
                add(&mut counts, self.send_manifest(artifact).await?);
            }
        }
        Ok(counts)
    }

    async fn send_manifest(&self, descriptor: &Descriptor) -> Result<(usize, usize), Failure> {
        if self.manifest_is_there(&descriptor.digest).await? {
            return Ok((0, 1));
        }
        let document = read_document(self.publication.store, descriptor)?;
        let pushed: Vec<Pushed> = stream::iter(distinct(children(&document)))
            .map(|blob| self.send_blob(blob))
            .buffer_unordered(BLOBS_IN_FLIGHT)
            .try_collect()
            .await?;
        self.put(&descriptor.digest, &document).await?;
        let present = pushed.iter().filter(|pushed| matches!(pushed, Pushed::Existed)).count();
        Ok((pushed.len() - present + 1, present))
    }

    async fn send_blob(&self, descriptor: Descriptor) -> Result<Pushed, Failure> {
        let path = self.publication.store.path(&descriptor.digest);
        let open = || tokio::fs::File::open(path.clone());
        Ok(self.publication.client.push_blob(self.repository, &descriptor, open, self.sibling).await?)
    }

    async fn manifest_is_there(&self, digest: &Digest) -> Result<bool, Failure> {
        let target = Target::Digest(digest.clone());
        Ok(self.publication.client.manifest_descriptor(self.repository, &target).await?.is_some())
    }

    async fn put(&self, digest: &Digest, document: &Document) -> Result<(), Failure> {
        Ok(self.publication.client.put_manifest(self.repository, &Target::Digest(digest.clone()), document).await?)
    }
}

fn add(counts: &mut (usize, usize), more: (usize, usize)) {
    counts.0 += more.0;
    counts.1 += more.1;
}

fn distinct(descriptors: Vec<&Descriptor>) -> Vec<Descriptor> {
    let mut seen = BTreeSet::new();
    descriptors.into_iter().filter(|descriptor| seen.insert(descriptor.digest.clone())).cloned().collect()
}

fn read_document(store: &Store, descriptor: &Descriptor) -> Result<Document, ReleaseError> {
    let bytes = store.read(&descriptor.digest, DOCUMENT_LIMIT)?;
    let (place, digest) = ("the store".to_owned(), descriptor.digest.clone());
    let document = Document::read(&descriptor.media_type, bytes);
    Ok(document.map_err(|source| consign_image::ImageError::Document { place, digest, source })?)
}
