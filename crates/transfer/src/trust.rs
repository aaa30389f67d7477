//! What is taken to be at the destination without asking, and what is done where it is not.

use crate::TransferError;
use crate::copier::{AT_ONCE, Copier, is_document, lock};
use consign_image::{ImageError, Sink};
use consign_oci::{Descriptor, Digest, Document};
use futures::future::BoxFuture;
use futures::stream::{self, TryStreamExt};
use std::collections::BTreeSet;

impl Copier<'_> {
    /// Takes what the name names so far to be there whole, so that what the image shares with it is not asked for again.
    pub(crate) async fn assume(&self, sink: &Sink, before: Option<&Descriptor>, root: &Document) {
        let Some(before) = before else { return };
        let parts: BTreeSet<Digest> = root.children().into_iter().map(|part| part.digest.clone()).collect();
        // One request, to save at least as many.
        let is_list = matches!(root, Document::Index(_));
        if (is_list || parts.len() > self.believed(sink, &parts).await.len() + 2)
            && let Some(document) = sink.document(before).await
        {
            lock(&self.assumed).extend(document.children().into_iter().map(|part| part.digest.clone()));
        }
    }

    /// Returns the parts that are taken to be there without asking.
    pub(crate) async fn taken(&self, of: &Document, parts: &[&Descriptor]) -> BTreeSet<Digest> {
        if self.options.always {
            return BTreeSet::new();
        }
        let (documents, blobs): (Vec<&Descriptor>, Vec<&Descriptor>) =
            parts.iter().copied().partition(|part| is_document(of, part));
        let digests = |parts: Vec<&Descriptor>| -> BTreeSet<Digest> {
            parts.into_iter().map(|part| part.digest.clone()).collect()
        };
        let mut taken = self.believed(self.sink, &digests(blobs)).await;
        taken.extend(self.sink.brought(&digests(documents)));
        let assumed = lock(&self.assumed);
        taken.extend(parts.iter().map(|part| &part.digest).filter(|digest| assumed.contains(*digest)).cloned());
        taken
    }

    async fn believed(&self, sink: &Sink, blobs: &BTreeSet<Digest>) -> BTreeSet<Digest> {
        sink.believed(blobs, !self.options.dry_run).await
    }

    /// Writes a manifest. Where it is refused since parts of it are missing that were taken to be there, they are brought, and it is written again:
    /// first those that the registry names, then all.
    pub(crate) async fn settle<'b>(
        &self,
        document: &Document,
        write: impl Fn() -> BoxFuture<'b, Result<(), ImageError>>,
    ) -> Result<(), TransferError> {
        for named in [true, false] {
            let Err(error) = write().await else { return Ok(()) };
            let Some(missing) = error.refused_parts() else { return Err(error.into()) };
            if !lock(&self.doubtful).contains(document.digest()) {
                return Err(error.into());
            }
            let parts = document.children().into_iter().filter(|part| !named || missing.contains(&part.digest));
            let parts: Vec<&Descriptor> = parts.collect();
            if !named {
                self.sink.forget_holdings();
                lock(&self.assumed).clear();
            }
            for part in &parts {
                self.documents.forget_one(&part.digest);
            }
            let parts = parts.into_iter().map(Ok::<_, TransferError>);
            Box::pin(stream::iter(parts).try_for_each_concurrent(AT_ONCE, |part| self.part(document, part, 1))).await?;
        }
        Ok(write().await?)
    }
}
