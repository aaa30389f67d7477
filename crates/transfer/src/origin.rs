use crate::copier::lock;
use crate::once::Once;
use consign_image::{ImageError, Place};
use consign_oci::{Descriptor, Digest, Document, Tag};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::OnceCell;

/// Most bytes of manifests that are kept for those who ask again.
const KEPT_BYTES: usize = 64 << 20;

/// Where images come from. What several copies want to know of it is asked once.
pub(crate) struct Origin<'a> {
    pub(crate) place: &'a Place,
    tags: OnceCell<BTreeSet<Tag>>,
    referrers: Once<Arc<Vec<Descriptor>>>,
    documents: Once<Arc<Document>>,
    /// How many bytes those have.
    kept: AtomicUsize,
    /// What was made of documents that lie there.
    made: Mutex<BTreeMap<Digest, Arc<Document>>>,
}

impl<'a> Origin<'a> {
    pub(crate) fn new(place: &'a Place) -> Self {
        Self {
            place,
            tags: OnceCell::new(),
            referrers: Once::default(),
            documents: Once::default(),
            kept: AtomicUsize::new(0),
            made: Mutex::default(),
        }
    }

    /// Keeps a document that was made of one that lies there, to be asked for like any other.
    pub(crate) fn keep(&self, made: &Document) {
        lock(&self.made).insert(made.digest().clone(), Arc::new(made.clone()));
    }

    /// Returns the tags.
    pub(crate) async fn tags(&self) -> Result<&BTreeSet<Tag>, ImageError> {
        self.tags.get_or_try_init(async || Ok(self.place.tags().await?.into_iter().collect())).await
    }

    /// Returns the manifests that are about another.
    pub(crate) async fn referrers(&self, subject: &Digest) -> Result<Arc<Vec<Descriptor>>, ImageError> {
        // Nobody there can know of it.
        if lock(&self.made).contains_key(subject) {
            return Ok(Arc::default());
        }
        self.referrers.get(subject, async { Ok(Arc::new(self.place.referrers(subject).await?)) }).await
    }

    /// Reads a manifest that is what its descriptor says in every respect.
    pub(crate) async fn document(&self, descriptor: &Descriptor) -> Result<Arc<Document>, ImageError> {
        if let Some(made) = lock(&self.made).get(&descriptor.digest) {
            return Ok(made.clone());
        }
        let document = self.documents.get(&descriptor.digest, async {
            let document = self.place.exact_document(descriptor).await?;
            self.kept.fetch_add(document.bytes().len(), Ordering::Relaxed);
            Ok::<_, ImageError>(Arc::new(document))
        });
        let document = document.await?;
        if self.kept.load(Ordering::Relaxed) > KEPT_BYTES {
            self.documents.forget_one(&descriptor.digest);
        }
        // Another descriptor may have said something else of the same bytes.
        match document.media_type() == descriptor.media_type && document.bytes().len() as u64 == descriptor.size {
            true => Ok(document),
            false => Ok(Arc::new(self.place.exact_document(descriptor).await?)),
        }
    }
}
