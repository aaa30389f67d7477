use crate::remove::remove_manifest;
use crate::{AttachError, Attachment};
use consign_image::{Place, Sink};
use consign_oci::{Descriptor, Digest, Document, Exact, Manifest, Tag, media_type};
use consign_sign::{LegacyKind, LegacyLayer, LegacyManifest, extended};
use std::collections::BTreeMap;

/// Attaches to images in one place.
pub struct Attacher<'a> {
    /// Where the image lies.
    pub place: &'a Place,
    /// The same, to write to.
    pub sink: &'a Sink,
    /// Where the older form is kept, if not beside the image: cosign's `COSIGN_REPOSITORY`.
    pub legacy: Option<&'a Sink>,
}

impl Attacher<'_> {
    /// Attaches all of this to `subject`, which has to be there. Returns how much was not there before.
    pub async fn attach(&self, subject: &Descriptor, attachments: Vec<Attachment>) -> Result<usize, AttachError> {
        let mut layers: BTreeMap<LegacyKind, Vec<LegacyLayer>> = BTreeMap::new();
        let mut referrers = Vec::new();
        for attachment in attachments {
            match attachment {
                Attachment::Layer(kind, layer) => layers.entry(kind).or_default().push(*layer),
                Attachment::Artifact(artifact) => {
                    for (blob, bytes) in &artifact.blobs {
                        self.sink.put_bytes(blob, bytes).await?;
                    }
                    let mut listed = artifact.manifest.descriptor(media_type::MANIFEST);
                    listed.artifact_type.clone_from(&artifact.manifest.artifact_type);
                    listed.annotations.clone_from(&artifact.manifest.annotations);
                    referrers.push((listed, Document::Manifest(artifact.manifest)));
                }
            }
        }
        let mut written = self.list(subject, referrers).await?;
        for (kind, layers) in layers {
            let sink = self.legacy.unwrap_or(self.sink);
            written += usize::from(extend(sink, &subject.digest, kind, &layers).await?);
        }
        Ok(written)
    }

    /// Writes manifests about `subject` where they are not listed already.
    async fn list(&self, subject: &Descriptor, referrers: Vec<(Descriptor, Document)>) -> Result<usize, AttachError> {
        if referrers.is_empty() {
            return Ok(0);
        }
        let known = self.place.referrers(&subject.digest).await?;
        let is_new = |(listed, _): &(Descriptor, Document)| known.iter().all(|known| known.digest != listed.digest);
        let new: Vec<_> = referrers.into_iter().filter(is_new).collect();
        for (listed, document) in &new {
            self.sink.put_document(document, &listed.digest).await?;
        }
        match self.sink {
            Sink::Registry { .. } => {}
            Sink::Layout { .. } => {
                let root = self.place.document(&self.root().await?).await?;
                let about: Vec<(Digest, Descriptor)> =
                    new.iter().map(|(listed, _)| (subject.digest.clone(), listed.clone())).collect();
                self.sink.name(&root, &about).await?;
            }
            Sink::Store { .. } | Sink::Engine { .. } => return Err(self.fixed()),
        }
        Ok(new.len())
    }

    async fn root(&self) -> Result<Descriptor, AttachError> {
        self.place.root().await?.ok_or_else(|| self.fixed())
    }

    pub(crate) fn fixed(&self) -> AttachError {
        AttachError::Fixed { place: self.place.describe() }
    }
}

/// Returns what lies under a tag of the older form.
fn manifest(found: Option<Document>, sink: &Sink, tag: &Tag) -> Result<Option<Exact<Manifest>>, AttachError> {
    match found {
        None => Ok(None),
        Some(Document::Manifest(manifest)) => Ok(Some(manifest)),
        Some(Document::Index(_)) => Err(AttachError::NotAManifest { place: sink.describe(), tag: tag.clone() }),
    }
}

/// Adds layers to what lies under a tag of the older form. Returns whether any of them was not there.
pub async fn extend(
    sink: &Sink,
    subject: &Digest,
    kind: LegacyKind,
    layers: &[LegacyLayer],
) -> Result<bool, AttachError> {
    for layer in layers {
        sink.put_bytes(&layer.descriptor, &layer.bytes).await?;
    }
    change_layers(sink, subject, kind, |found| Ok(extended(found, layers)?)).await
}

/// Changes what lies under a tag of the older form, until nobody else does at the same time; `None` leaves it as it is. What has no layers left goes.
/// Returns whether it was changed.
pub(crate) async fn change_layers(
    sink: &Sink,
    subject: &Digest,
    kind: LegacyKind,
    change: impl Fn(Option<&Manifest>) -> Result<Option<LegacyManifest>, AttachError>,
) -> Result<bool, AttachError> {
    let fixed = || AttachError::Fixed { place: sink.describe() };
    let tag = kind.tag(subject).ok_or_else(fixed)?;
    let changed = async |found: Option<Document>| {
        let found = manifest(found, sink, &tag)?;
        let Some(LegacyManifest { manifest, config }) = change(found.as_deref())? else { return Ok(None) };
        if let (Some(found), true) = (&found, manifest.layers.is_empty()) {
            remove_manifest(sink, found.digest()).await?;
            return Ok(None);
        }
        sink.put_bytes(&manifest.config, &config).await?;
        Ok::<_, AttachError>(Some(Document::Manifest(manifest)))
    };
    match sink {
        Sink::Registry { client, reference } => {
            let mut update = client.update_tag(&reference.repository, &tag);
            while let Some(document) = changed(update.read().await?).await? {
                update.write(&document).await?;
            }
            Ok(update.written() > 0)
        }
        Sink::Layout { .. } => {
            let found = match sink.named(&tag).await? {
                Some(found) => sink.document(&found).await,
                None => None,
            };
            let Some(document) = changed(found).await? else { return Ok(false) };
            sink.with_tag(&tag).ok_or_else(fixed)?.name(&document, &[]).await?;
            Ok(true)
        }
        Sink::Store { .. } | Sink::Engine { .. } => Err(fixed()),
    }
}
