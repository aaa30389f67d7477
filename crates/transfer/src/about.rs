//! What is about an image: signatures, attestations, and what is about those.

use crate::TransferError;
use crate::copier::{AT_ONCE, Copier};
use consign_image::{DEPTH_LIMIT, ImageError};
use consign_oci::{Descriptor, Digest, Document, Tag};
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How the tags end under which cosign keeps what is about an image (cosign, specs/SIGNATURE_SPEC.md, "Tag-based discovery").
pub(crate) const SUFFIXES: [&str; 3] = [".sig", ".att", ".sbom"];

/// What is about one manifest.
pub(crate) type Artifacts = Arc<Vec<Artifact>>;

/// Something about a manifest.
pub(crate) struct Artifact {
    descriptor: Descriptor,
    /// The tag under which it is found, where its subject does not lead to it.
    tag: Option<Tag>,
}

impl Copier<'_> {
    /// Brings what is about an image, whose parts are there. The image itself is written, by its digest, only where something is about it: that comes
    /// after it and before its name. Returns what was brought and names its subject.
    ///
    /// One level after the other, since what is about something may list that among its own parts.
    pub(crate) async fn bring_about(&self, root: &Document) -> Result<Vec<(Digest, Descriptor)>, TransferError> {
        let (mut brought, mut asked) = (Vec::new(), BTreeSet::new());
        let mut level = self.tree(root.digest());
        for _ in 0..DEPTH_LIMIT {
            let found: Vec<(Digest, Artifacts)> = stream::iter(level.clone())
                .map(async |subject| {
                    let found = self.about.get(&subject, self.bring_artifacts(&subject, root)).await?;
                    Ok::<_, TransferError>((subject, found))
                })
                .buffer_unordered(AT_ONCE)
                .try_collect()
                .await?;
            asked.append(&mut level);
            for (subject, artifacts) in &found {
                for Artifact { descriptor, tag } in artifacts.iter() {
                    level.extend(self.tree(&descriptor.digest).into_iter().filter(|digest| !asked.contains(digest)));
                    brought.extend(tag.is_none().then(|| (subject.clone(), descriptor.clone())));
                }
            }
            if level.is_empty() {
                return Ok(brought);
            }
        }
        let (place, digest) = (self.source.place.describe(), root.digest().clone());
        Err(ImageError::TooDeep { place, digest, limit: DEPTH_LIMIT }.into())
    }

    /// Finds what is about a manifest, and brings it.
    async fn bring_artifacts(&self, subject: &Digest, root: &Document) -> Result<Artifacts, TransferError> {
        let artifacts = self.find_artifacts(subject).await?;
        if !artifacts.is_empty() && subject == root.digest() {
            self.documents.get(subject, self.put(root, subject)).await?;
        }
        stream::iter(artifacts.iter().map(Ok))
            .try_for_each_concurrent(AT_ONCE, |artifact| self.bring_artifact(artifact))
            .await?;
        Ok(Arc::new(artifacts))
    }

    async fn bring_artifact(&self, Artifact { descriptor, tag }: &Artifact) -> Result<(), TransferError> {
        let Some(tag) = tag else { return self.document(descriptor, 1).await };
        let Some(sink) = self.sink.with_tag(tag) else {
            self.leave_behind(tag);
            return Ok(());
        };
        // Its tag writes it.
        let document = self.source.document(descriptor).await?;
        self.documents.get(&descriptor.digest, self.parts(&document, 1)).await?;
        self.name(&sink, &document, &[]).await
    }

    async fn find_artifacts(&self, subject: &Digest) -> Result<Vec<Artifact>, TransferError> {
        let listed = self.source.referrers(subject).await?;
        let artifact = |descriptor: &Descriptor| Artifact { descriptor: descriptor.clone(), tag: None };
        let mut found: Vec<Artifact> = listed.iter().map(artifact).collect();
        let tags = self.source.tags().await?;
        for suffix in SUFFIXES {
            let tag = format!("{}{suffix}", Tag::of_referrers(subject)).parse::<Tag>();
            if let Some(tag) = tag.ok().filter(|tag| tags.contains(tag))
                && let Some(descriptor) = self.source.place.tagged(&tag).await?
            {
                found.push(Artifact { descriptor, tag: Some(tag) });
            }
        }
        Ok(found)
    }
}
