use crate::copied::{Copied, Count, State};
use crate::once::Once;
use crate::{TransferError, platforms};
use consign_image::{Found, ImageError, Place, Sink};
use consign_oci::{Descriptor, Digest, Document, Platform, Tag, media_type};
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;

/// Things that are worked on at the same time. How many requests that makes is for the registry's client to say.
pub(crate) const AT_ONCE: usize = 32;
/// Deepest nesting of manifests, and of artifacts about artifacts, that is followed.
pub(crate) const DEPTH_LIMIT: usize = 8;
/// Most manifests that are copied, with all that is about them.
const MANIFEST_LIMIT: usize = 100_000;

/// What is copied of an image.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// These platforms alone; all where there are none.
    pub platforms: Vec<Platform>,
    /// Whether signatures and other artifacts stay behind.
    pub without_referrers: bool,
}

/// Copies images from one place to another. What several of them share is asked for, and sent, once.
pub struct Copier<'a> {
    pub(crate) source: &'a Place,
    pub(crate) sink: &'a Sink,
    options: &'a Options,
    blobs: Once<()>,
    pub(crate) documents: Once<()>,
    /// The manifests that a list lists.
    listed: Mutex<BTreeMap<Digest, Vec<Digest>>>,
    /// What is about a manifest, and is there.
    pub(crate) about: Once<crate::about::Artifacts>,
    /// The tags of the source.
    tags: OnceCell<BTreeSet<Tag>>,
    /// Manifests that are taken to be there, since a list names them that is.
    assumed: Mutex<BTreeSet<Digest>>,
    count: Mutex<Count>,
    left_behind: Mutex<BTreeSet<Tag>>,
}

/// One name, and what it is to name.
struct Naming {
    sink: Sink,
    root: Document,
    before: Option<Descriptor>,
    /// Artifacts about the image, each with its subject.
    about: Vec<(Digest, Descriptor)>,
}

/// What is to be done for a name.
enum Task {
    Nothing(Box<Copied>),
    Name(Box<Naming>),
}

impl<'a> Copier<'a> {
    /// Prepares to copy; nothing is asked yet.
    pub fn new(source: &'a Place, sink: &'a Sink, options: &'a Options) -> Self {
        Self {
            source,
            sink,
            options,
            blobs: Once::default(),
            documents: Once::default(),
            listed: Mutex::default(),
            about: Once::default(),
            tags: OnceCell::new(),
            assumed: Mutex::default(),
            count: Mutex::default(),
            left_behind: Mutex::default(),
        }
    }

    /// Makes the sink's name name what the source's does, once all of it is there. Nothing is done where it does.
    pub async fn copy(&self) -> Result<Copied, TransferError> {
        let task = self.prepare(self.source, self.sink.clone()).await?;
        self.finish(task).await
    }

    /// Does the same for every tag of the source that names an image. No tag is written before all that is to be copied is there; what fails for one
    /// stops no other.
    pub async fn copy_tags(&self) -> Result<Vec<(Tag, Result<Copied, TransferError>)>, TransferError> {
        let tags: Vec<Tag> = self.tags().await?.iter().filter(|tag| !tag.is_about_a_digest()).cloned().collect();
        let prepare = async |tag: Tag| {
            let task = match self.sink.with_tag(&tag) {
                Some(sink) => self.prepare(&self.source.with_tag(&tag), sink).await,
                None => Err(TransferError::OneName { place: self.sink.describe() }),
            };
            (tag, task)
        };
        let tasks: Vec<_> = stream::iter(tags).map(prepare).buffered(AT_ONCE).collect().await;
        let finish = async |(tag, task)| match task {
            Ok(task) => (tag, self.finish(task).await),
            Err(error) => (tag, Err(error)),
        };
        Ok(stream::iter(tasks).map(finish).buffered(AT_ONCE).collect().await)
    }

    /// Returns the tags of the source, which is asked once.
    pub(crate) async fn tags(&self) -> Result<&BTreeSet<Tag>, TransferError> {
        self.tags.get_or_try_init(async || Ok(self.source.tags().await?.into_iter().collect())).await
    }

    /// Returns how much was done so far.
    pub fn count(&self) -> Count {
        *lock(&self.count)
    }

    /// Returns the tags of the source under which something about an image is kept, and for which the sink has no place.
    pub fn left_behind(&self) -> Vec<Tag> {
        lock(&self.left_behind).iter().cloned().collect()
    }

    /// Brings everything but the name.
    async fn prepare(&self, source: &Place, sink: Sink) -> Result<Task, TransferError> {
        let before = sink.before().await?;
        let whole = self.options.platforms.is_empty();
        let known = before.as_ref().filter(|_| whole);
        let root = match (source.find(known.map(|before| &before.digest)).await?, known) {
            (Found::Document(root), _) if whole => *root,
            (Found::Document(root), _) => platforms::choose(*root, &self.options.platforms, source).await?,
            (Found::Same, Some(before)) => return Ok(Task::Nothing(Box::new(unchanged(before)))),
            _ => return Err(TransferError::NoImage { name: source.name() }),
        };
        if let Some(before) = before.as_ref().filter(|before| before.digest == *root.digest()) {
            return Ok(Task::Nothing(Box::new(unchanged(before))));
        }
        let mut about = Vec::new();
        if !sink.shares(source) {
            self.assume(&sink, before.as_ref(), &root).await;
            about = self.bring(&root).await?;
        }
        Ok(Task::Name(Box::new(Naming { sink, root, before, about })))
    }

    async fn finish(&self, task: Task) -> Result<Copied, TransferError> {
        let Naming { sink, root, before, about } = match task {
            Task::Nothing(copied) => return Ok(*copied),
            Task::Name(naming) => *naming,
        };
        let named = sink.name(&root, &about).await;
        let assumed = std::mem::take(&mut *lock(&self.assumed));
        if named.is_err() && !assumed.is_empty() {
            // It may be that some of what was taken to be there is not.
            self.documents.forget();
            self.bring(&root).await?;
            sink.name(&root, &about).await?;
        } else {
            named?;
        }
        Ok(Copied { root: root.descriptor(), before, state: State::Copied })
    }

    /// Takes what the name names so far to be there whole, so that what a new list shares with the old one is not asked for again.
    async fn assume(&self, sink: &Sink, before: Option<&Descriptor>, root: &Document) {
        if let (Some(before), Document::Index(_)) = (before, root)
            && let Some(Document::Index(index)) = sink.document(before).await
        {
            lock(&self.assumed).extend(index.manifests.iter().map(|listed| listed.digest.clone()));
        }
    }

    /// Brings all that an image is made of, and what is about any of it.
    async fn bring(&self, root: &Document) -> Result<Vec<(Digest, Descriptor)>, TransferError> {
        self.parts(root, 1).await?;
        if self.options.without_referrers { Ok(Vec::new()) } else { self.bring_about(root).await }
    }

    /// Brings everything that a manifest is made of.
    pub(crate) async fn parts(&self, document: &Document, depth: usize) -> Result<(), TransferError> {
        let mut seen = BTreeSet::new();
        let parts: Vec<&Descriptor> =
            document.children().into_iter().filter(|part| seen.insert(part.digest.clone())).collect();
        let documents = parts.iter().filter(|part| media_type::is_document(&part.media_type));
        let documents = documents.map(|part| part.digest.clone()).collect();
        lock(&self.listed).insert(document.digest().clone(), documents);
        stream::iter(parts.into_iter().map(Ok)).try_for_each_concurrent(AT_ONCE, |part| self.part(part, depth)).await
    }

    async fn part(&self, part: &Descriptor, depth: usize) -> Result<(), TransferError> {
        if media_type::is_document(&part.media_type) {
            return self.document(part, depth + 1).await;
        }
        if media_type::is_foreign(&part.media_type) {
            return Ok(());
        }
        let bring = async {
            let pushed = self.sink.put_blob(part, self.source).await?;
            lock(&self.count).blob(part, pushed);
            Ok(())
        };
        self.blobs.get(&part.digest, bring).await
    }

    /// Brings a manifest after its parts.
    pub(crate) fn document<'b>(
        &'b self,
        descriptor: &'b Descriptor,
        depth: usize,
    ) -> BoxFuture<'b, Result<(), TransferError>> {
        Box::pin(self.documents.get(&descriptor.digest, async move {
            let (place, digest) = (|| self.source.describe(), || descriptor.digest.clone());
            if depth > DEPTH_LIMIT {
                return Err(ImageError::TooDeep { place: place(), digest: digest(), limit: DEPTH_LIMIT }.into());
            }
            if self.documents.len() > MANIFEST_LIMIT {
                return Err(ImageError::TooMany { place: place(), digest: digest(), limit: MANIFEST_LIMIT }.into());
            }
            if lock(&self.assumed).contains(&descriptor.digest) {
                return Ok(());
            }
            let document = self.source.exact_document(descriptor).await?;
            self.parts(&document, depth).await?;
            self.put(&document, &descriptor.digest).await
        }))
    }

    /// Writes a manifest whose parts are there.
    pub(crate) async fn put(&self, document: &Document, digest: &Digest) -> Result<(), TransferError> {
        self.sink.put_document(document, digest).await?;
        lock(&self.count).manifests += 1;
        Ok(())
    }

    /// Returns a manifest and all that it lists, by their digests.
    pub(crate) fn tree(&self, root: &Digest) -> BTreeSet<Digest> {
        let listed = lock(&self.listed);
        let (mut tree, mut next) = (BTreeSet::new(), vec![root]);
        while let Some(digest) = next.pop() {
            if tree.insert(digest.clone()) {
                next.extend(listed.get(digest).into_iter().flatten());
            }
        }
        tree
    }

    /// Notes that something about the image has no place at the sink.
    pub(crate) fn leave_behind(&self, tag: &Tag) {
        lock(&self.left_behind).insert(tag.clone());
    }
}

fn unchanged(root: &Descriptor) -> Copied {
    Copied { root: root.clone(), before: Some(root.clone()), state: State::Unchanged }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
