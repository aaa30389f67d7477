use super::{IN_FLIGHT, Publication};
use crate::ReleaseError;
use consign_attach::extend;
use consign_image::{Sink, children};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Digest, Document, Repository, Target};
use consign_registry::{Pushed, RegistryError};
use consign_sign::{LegacyKind, LegacyLayer};
use consign_store::Store;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Sends one image to one repository, by digest. What it counts is what was written and what was there.
pub(super) struct Sender<'a> {
    pub(super) publication: &'a Publication<'a>,
    pub(super) index: &'a Document,
    pub(super) repository: &'a Repository,
    /// A repository of the same registry that has the image already.
    pub(super) sibling: Option<&'a Repository>,
    /// Blobs that this sender has brought: signatures and attestations share some.
    pub(super) brought: Mutex<BTreeSet<Digest>>,
}

pub(super) enum Failure {
    Registry(RegistryError),
    Other(ReleaseError),
}

impl Failure {
    pub(super) fn at(self, repository: &Repository) -> ReleaseError {
        match self {
            Self::Registry(error) => {
                ReleaseError::Destination { repository: repository.clone(), source: Box::new(error) }
            }
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
    pub(super) async fn send_all(&self) -> Result<(usize, usize), Failure> {
        let platforms = children(self.index);
        let manifests = platforms.iter().map(|platform| &platform.digest).chain([self.index.digest()]);
        let there = self.there(manifests.cloned().collect()).await?;
        let (mut counts, mut complete) = ((0, 0), there.contains(self.index.digest()));
        for platform in &platforms {
            if there.contains(&platform.digest) {
                counts.1 += 1;
            } else {
                add(&mut counts, self.write_manifest(platform).await?);
                complete = false;
            }
        }
        if complete {
            counts.1 += 1;
        } else {
            // Written again even where it is there: it comes after everything that it names, for registries that clean up.
            self.put(self.index).await?;
            counts.0 += 1;
        }
        let subjects = platforms.iter().map(|platform| &platform.digest).chain([self.index.digest()]);
        add(&mut counts, self.send_artifacts(subjects.collect()).await?);
        let layers = self.publication.artifacts.layers_for(self.repository);
        let sent = stream::iter(layers).map(|((subject, kind), layers)| self.send_layers(subject, kind, layers));
        let sent: Vec<(usize, usize)> = sent.buffer_unordered(IN_FLIGHT).try_collect().await?;
        sent.into_iter().for_each(|more| add(&mut counts, more));
        Ok(counts)
    }

    /// Adds layers of cosign's older form to those that are there.
    async fn send_layers(
        &self,
        subject: &Digest,
        kind: LegacyKind,
        layers: Vec<LegacyLayer>,
    ) -> Result<(usize, usize), Failure> {
        let repository = self.publication.legacy.unwrap_or(self.repository);
        let (client, reference) = (self.publication.client.clone(), repository.at(subject.clone()));
        let sink = Sink::Registry { client, reference };
        let written = extend(&sink, subject, kind, &layers).await.map_err(ReleaseError::from)?;
        Ok(if written { (1, 0) } else { (0, 1) })
    }

    /// Sends the artifacts about some manifests that the repository does not list, or lists and does not have: first the blobs, of which they share some,
    /// then all manifests, since a list under a tag is written once for those that arrive together.
    async fn send_artifacts(&self, subjects: Vec<&Digest>) -> Result<(usize, usize), Failure> {
        let missing: Vec<Vec<Document>> = stream::iter(subjects)
            .map(|subject| self.missing_artifacts(subject))
            .buffered(IN_FLIGHT)
            .try_collect()
            .await?;
        let missing: Vec<Document> = missing.into_iter().flatten().collect();
        let artifacts: usize = self.publication.artifacts.referrers.values().map(Vec::len).sum();
        let named: Vec<&Descriptor> = missing.iter().flat_map(children).collect();
        let blobs = distinct(named.clone());
        let mut counts = (0, artifacts - missing.len() + named.len() - blobs.len());
        let pushed = stream::iter(blobs).map(|blob| self.send_blob(blob));
        let pushed: Vec<Pushed> = pushed.buffer_unordered(IN_FLIGHT).try_collect().await?;
        for pushed in pushed {
            add(&mut counts, if matches!(pushed, Pushed::Existed) { (0, 1) } else { (1, 0) });
        }
        let written = stream::iter(&missing).map(|artifact| self.put(artifact));
        written.buffer_unordered(IN_FLIGHT).try_collect::<()>().await?;
        counts.0 += missing.len();
        Ok(counts)
    }

    /// Returns the artifacts about a manifest that are to be written.
    async fn missing_artifacts(&self, subject: &Digest) -> Result<Vec<Document>, Failure> {
        let Some(artifacts) = self.publication.artifacts.referrers.get(subject) else { return Ok(Vec::new()) };
        let listed = self.publication.client.referrers(self.repository, subject).await?;
        let listed: BTreeSet<Digest> = listed.into_iter().map(|descriptor| descriptor.digest).collect();
        let ours = artifacts.iter().map(|artifact| &artifact.digest);
        let there = self.there(ours.filter(|digest| listed.contains(digest)).cloned().collect()).await?;
        // Also what is there and not listed: where the registry does not list by itself, writing it does.
        let missing = artifacts.iter().filter(|artifact| !there.contains(&artifact.digest));
        Ok(missing.map(|artifact| read_document(self.publication.store, artifact)).collect::<Result<_, _>>()?)
    }

    /// Writes a manifest after the blobs that it names.
    async fn write_manifest(&self, descriptor: &Descriptor) -> Result<(usize, usize), Failure> {
        let document = read_document(self.publication.store, descriptor)?;
        let pushed: Vec<Pushed> = stream::iter(distinct(children(&document)))
            .map(|blob| self.send_blob(blob))
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await?;
        self.put(&document).await?;
        let present = pushed.iter().filter(|pushed| matches!(pushed, Pushed::Existed)).count();
        Ok((pushed.len() - present + 1, present))
    }

    async fn send_blob(&self, descriptor: Descriptor) -> Result<Pushed, Failure> {
        if self.brought().contains(&descriptor.digest) {
            return Ok(Pushed::Existed);
        }
        let path = self.publication.store.path(&descriptor.digest);
        let open = || tokio::fs::File::open(path.clone());
        let pushed = self.publication.client.push_blob(self.repository, &descriptor, open, self.sibling).await;
        if let Err(RegistryError::Source { .. }) = &pushed {
            // One that is corrupt is thrown away here, so that the next run makes it anew.
            self.publication.store.check(&descriptor.digest).map_err(ReleaseError::from)?;
        }
        let pushed = pushed?;
        self.brought().insert(descriptor.digest);
        Ok(pushed)
    }

    fn brought(&self) -> MutexGuard<'_, BTreeSet<Digest>> {
        self.brought.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns which of these manifests the repository has.
    async fn there(&self, digests: Vec<Digest>) -> Result<BTreeSet<Digest>, Failure> {
        let found: Vec<Option<Digest>> = stream::iter(digests)
            .map(|digest| async move {
                let target = Target::Digest(digest.clone());
                let found = self.publication.client.manifest_descriptor(self.repository, &target).await?;
                Ok::<_, Failure>(found.map(|_| digest))
            })
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn put(&self, document: &Document) -> Result<(), Failure> {
        let target = Target::Digest(document.digest().clone());
        Ok(self.publication.client.put_manifest(self.repository, &target, document).await?)
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

pub(super) fn read_document(store: &Store, descriptor: &Descriptor) -> Result<Document, ReleaseError> {
    let bytes = store.read(&descriptor.digest, DOCUMENT_LIMIT)?;
    let (place, digest) = ("the store".to_owned(), descriptor.digest.clone());
    let document = Document::read(&descriptor.media_type, bytes);
    Ok(document.map_err(|source| consign_image::ImageError::Document { place, digest, source })?)
}
