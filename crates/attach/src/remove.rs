use crate::attacher::change_layers;
use crate::{AttachError, Attacher, Held};
use consign_image::Sink;
use consign_oci::{Descriptor, Digest, Document, Exact, Tag};
use consign_sign::{LegacyKind, without};

impl Attacher<'_> {
    /// Takes away something that is attached to `subject`, on a registry or in a layout. What else is attached stays.
    pub async fn remove(&self, subject: &Digest, held: &Held) -> Result<(), AttachError> {
        match held {
            Held::Referrer(referrer) => self.remove_referrer(subject, &referrer.digest).await,
            Held::Layer(kind, layer) => self.remove_layer(subject, *kind, layer).await,
            // It is a part of the index.
            Held::Embedded(_) => Ok(()),
        }
    }

    async fn remove_referrer(&self, subject: &Digest, referrer: &Digest) -> Result<(), AttachError> {
        if let Sink::Registry { client, reference } = self.sink {
            // Where the registry lists by itself there is no such tag. The list goes first: nothing that it names is ever missing.
            let tag = Tag::of_referrers(subject);
            let mut update = client.update_tag(&reference.repository, &tag);
            while let Some(Document::Index(index)) = update.read().await? {
                let mut index = index.into_value();
                let before = index.manifests.len();
                index.manifests.retain(|listed| listed.digest != *referrer);
                if index.manifests.len() == before {
                    break;
                }
                update.write(&Document::Index(Exact::write(index)?)).await?;
            }
        }
        remove_manifest(self.sink, referrer).await
    }

    async fn remove_layer(&self, subject: &Digest, kind: LegacyKind, layer: &Descriptor) -> Result<(), AttachError> {
        let sink = self.legacy.unwrap_or(self.sink);
        change_layers(sink, subject, kind, |found| Ok(found.map(|found| without(found, layer)).transpose()?.flatten()))
            .await
            .map(drop)
    }
}

/// Takes a manifest away.
pub(crate) async fn remove_manifest(sink: &Sink, digest: &Digest) -> Result<(), AttachError> {
    match sink.remove_manifest(digest).await? {
        true => Ok(()),
        false => Err(AttachError::Fixed { place: sink.describe() }),
    }
}
