use crate::{AttachError, Attacher, Held};
use consign_image::Sink;
use consign_oci::{Digest, Document, Exact, Tag, Target};
use consign_sign::{LegacyKind, LegacyManifest, without};

impl Attacher<'_> {
    /// Takes away something that is attached to `subject` on a registry. What else is attached stays.
    pub async fn remove(&self, subject: &Digest, held: &Held) -> Result<(), AttachError> {
        match held {
            Held::Referrer(referrer) => self.remove_referrer(subject, &referrer.digest).await,
            Held::Layer(kind, layer) => self.remove_layer(subject, *kind, layer).await,
            // It is a part of the index.
            Held::Embedded(_) => Ok(()),
        }
    }

    async fn remove_referrer(&self, subject: &Digest, referrer: &Digest) -> Result<(), AttachError> {
        let Sink::Registry { client, reference } = self.sink else { return Err(self.fixed()) };
        let repository = &reference.repository;
        // Where the registry lists by itself there is no such tag. The list goes first: nothing that it names is ever missing.
        let tag = Tag::of_referrers(subject);
        let mut update = client.update_tag(repository, &tag);
        while let Some(Document::Index(index)) = update.read().await? {
            let mut index = index.into_value();
            let before = index.manifests.len();
            index.manifests.retain(|listed| listed.digest != *referrer);
            if index.manifests.len() == before {
                break;
            }
            update.write(&Document::Index(Exact::write(index)?)).await?;
        }
        client.delete_manifest(repository, &Target::Digest(referrer.clone())).await?;
        Ok(())
    }

    async fn remove_layer(
        &self,
        subject: &Digest,
        kind: LegacyKind,
        layer: &consign_oci::Descriptor,
    ) -> Result<(), AttachError> {
        let sink = self.legacy.unwrap_or(self.sink);
        let Sink::Registry { client, reference } = sink else { return Err(self.fixed()) };
        let Some(tag) = kind.tag(subject) else { return Err(self.fixed()) };
        let mut update = client.update_tag(&reference.repository, &tag);
        while let Some(Document::Manifest(manifest)) = update.read().await? {
            let Some(LegacyManifest { manifest: rest, config }) = without(&manifest, layer)? else { return Ok(()) };
            if rest.layers.is_empty() {
                client.delete_manifest(&reference.repository, &Target::Digest(manifest.digest().clone())).await?;
                return Ok(());
            }
            sink.put_bytes(&rest.config, &config).await?;
            update.write(&Document::Manifest(rest)).await?;
        }
        Ok(())
    }
}
