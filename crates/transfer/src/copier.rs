use crate::copied::{Copied, Count, State};
use crate::format::{self, Converted, Format};
use crate::once::Once;
use crate::origin::Origin;
use crate::{Admission, Arrived, MinimumAge, Options, Remark, Seal, Sealed, TransferError, platforms};
use consign_image::{DEPTH_LIMIT, Found, ImageError, Place, Pushed, Sink};
use consign_oci::{Descriptor, Digest, Document, Tag, media_type};
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Things that are worked on at the same time. How many requests that makes is for the registry's client to say.
pub(crate) const AT_ONCE: usize = 32;
/// Most manifests that are copied, with all that is about them.
pub(crate) const MANIFEST_LIMIT: usize = 100_000;

/// Copies images from one place to another. What several of them share is asked for, and sent, once.
pub struct Copier<'a> {
    pub(crate) source: Arc<Origin<'a>>,
    pub(crate) sink: &'a Sink,
    pub(crate) options: &'a Options,
    blobs: Once<()>,
    pub(crate) documents: Once<()>,
    /// The manifests that a list lists.
    listed: Mutex<BTreeMap<Digest, Vec<Digest>>>,
    /// What is about a manifest, and is there.
    pub(crate) about: Once<crate::about::Artifacts>,
    /// Parts that are taken to be there, since what names them is.
    pub(crate) assumed: Mutex<BTreeSet<Digest>>,
    /// Manifests of which some parts were taken to be there without asking.
    pub(crate) doubtful: Mutex<BTreeSet<Digest>>,
    count: Mutex<Count>,
    left_behind: Mutex<BTreeSet<Tag>>,
    pub(crate) remarks: Mutex<BTreeSet<Remark>>,
}

/// On which conditions an image is copied.
#[derive(Default)]
pub(crate) struct Terms<'a> {
    /// Says whether it comes in; without it, it does.
    pub(crate) admission: Option<&'a dyn Admission>,
    /// Whether a name that names another image keeps it.
    pub(crate) is_fixed: bool,
    /// Signs it where it arrives.
    pub(crate) seal: Option<&'a dyn Seal>,
}

/// One name, and what it is to name.
struct Naming {
    /// The image as it is at the source.
    image: Place,
    sink: Sink,
    root: Document,
    before: Option<Descriptor>,
    /// Artifacts about the image, each with its subject.
    about: Vec<(Digest, Descriptor)>,
}

/// What is to be done for a name.
enum Task {
    Nothing(Box<Copied>),
    /// The name names the image already.
    Seal(Box<Named>),
    Name(Box<Naming>),
}

/// A name, and what it names.
struct Named {
    /// The image as it is at the source; `None`: that was not asked.
    image: Option<Place>,
    sink: Sink,
    root: Descriptor,
}

impl Task {
    fn unchanged(image: Place, sink: Sink, root: &Descriptor) -> Self {
        Self::Seal(Box::new(Named { image: Some(image), sink, root: root.clone() }))
    }
}

impl<'a> Copier<'a> {
    /// Prepares to copy; nothing is asked yet.
    pub fn new(source: &'a Place, sink: &'a Sink, options: &'a Options) -> Self {
        Self::from(Arc::new(Origin::new(source)), sink, options)
    }

    /// Prepares to copy from where others copy too.
    pub(crate) fn from(source: Arc<Origin<'a>>, sink: &'a Sink, options: &'a Options) -> Self {
        Self {
            source,
            sink,
            options,
            blobs: Once::default(),
            documents: Once::default(),
            listed: Mutex::default(),
            about: Once::default(),
            assumed: Mutex::default(),
            doubtful: Mutex::default(),
            count: Mutex::default(),
            left_behind: Mutex::default(),
            remarks: Mutex::default(),
        }
    }

    /// Makes the sink's name name what the source's does, once all of it is there. Nothing is done where it does.
    pub async fn copy(&self) -> Result<Copied, TransferError> {
        self.copy_to(self.source.place, self.sink.clone(), &Terms::default()).await
    }

    /// Makes a name of the sink name what one of the source does, on conditions.
    pub(crate) async fn copy_to(&self, source: &Place, sink: Sink, terms: &Terms<'_>) -> Result<Copied, TransferError> {
        let task = self.prepare(source, sink, terms).await?;
        self.finish(task, terms).await
    }

    /// Signs what a name of the sink names, whatever the source has. Returns `None` where it names nothing.
    pub(crate) async fn seal_there(&self, sink: Sink, terms: &Terms<'_>) -> Result<Option<Copied>, TransferError> {
        let Some(root) = sink.before().await? else { return Ok(None) };
        Self::unchanged(Named { image: None, sink, root }, terms).await.map(Some)
    }

    /// Does the same for every tag of the source that names an image. No tag is written before all that is to be copied is there; what fails for one
    /// stops no other.
    pub async fn copy_tags(&self) -> Result<Vec<(Tag, Result<Copied, TransferError>)>, TransferError> {
        let tags: Vec<Tag> = self.source.tags().await?.iter().filter(|tag| !tag.is_about_a_digest()).cloned().collect();
        let prepare = async |tag: Tag| {
            let task = match self.sink.with_tag(&tag) {
                Some(sink) => self.prepare(&self.source.place.with_tag(&tag), sink, &Terms::default()).await,
                None => Err(TransferError::OneName { place: self.sink.describe() }),
            };
            (tag, task)
        };
        let tasks: Vec<_> = stream::iter(tags).map(prepare).buffered(AT_ONCE).collect().await;
        let finish = async |(tag, task)| match task {
            Ok(task) => (tag, self.finish(task, &Terms::default()).await),
            Err(error) => (tag, Err(error)),
        };
        Ok(stream::iter(tasks).map(finish).buffered(AT_ONCE).collect().await)
    }

    /// Returns how it copies.
    pub fn options(&self) -> &Options {
        self.options
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
    async fn prepare(&self, source: &Place, sink: Sink, terms: &Terms<'_>) -> Result<Task, TransferError> {
        let Options { platforms, format, one_of_list, always, believed_for, minimum_age, .. } = self.options;
        let believed = believed_for.filter(|_| !always).and_then(|age| sink.seen_lately(age));
        let mut before = match &believed {
            Some(believed) => Some(believed.clone()),
            None => sink.before().await?,
        };
        let known = before.as_ref().filter(|_| platforms.is_empty() && format.is_none() && !always);
        let found = match (source.find(known.map(|before| &before.digest)).await?, known) {
            (Found::Document(found), _) => *found,
            (Found::Same, Some(before)) => {
                return Ok(Task::unchanged(source.at(&before.digest), sink, before));
            }
            _ => return Err(TransferError::NoImage { name: source.name() }),
        };
        let is_new = match minimum_age {
            Some(MinimumAge::Seen(least)) => source.seen_for(found.digest()).is_some_and(|age| age < *least),
            _ => false,
        };
        let image = source.at(found.digest());
        let root = match (one_of_list, &found) {
            (Some(usual), Document::Index(list)) => {
                let (platform, list) = (platforms.first().unwrap_or(usual).clone(), list.digest().clone());
                let image = source.of_platform(found, &platform).await?;
                self.remark(Remark::OneOfList { list, platform });
                image
            }
            _ if platforms.is_empty() => found,
            _ => platforms::choose(found, platforms, source).await?,
        };
        let found = root.digest().clone();
        let root = match format {
            Some(format) => self.convert(root, *format).await?,
            None => root,
        };
        if believed.is_some() {
            before = sink.before().await?;
        }
        if let Some(before) = before.as_ref().filter(|before| before.digest == *root.digest() && !always) {
            return Ok(Task::unchanged(image, sink, before));
        }
        if terms.is_fixed && before.as_ref().is_some_and(|before| before.digest != *root.digest()) {
            let root = root.descriptor();
            let fixed = Copied { root, before, state: State::Fixed, backup: None, sealed: None };
            return Ok(Task::Nothing(Box::new(fixed)));
        }
        if is_new || self.is_young(&image, &root).await? {
            let root = root.descriptor();
            let waiting = Copied { root, before, state: State::Waiting, backup: None, sealed: None };
            return Ok(Task::Nothing(Box::new(waiting)));
        }
        if let Some(admission) = terms.admission {
            let refused = |source| TransferError::Refused { name: image.name(), source };
            admission.admit(&image).await.map_err(refused)?;
        }
        sink.check(&root)?;
        let mut about = Vec::new();
        if !sink.shares(source) || *root.digest() != found {
            if !always {
                self.assume(&sink, before.as_ref(), &root).await;
            }
            about = self.bring(&root).await?;
        }
        Ok(Task::Name(Box::new(Naming { image, sink, root, before, about })))
    }

    async fn convert(&self, root: Document, format: Format) -> Result<Document, TransferError> {
        let Converted { root, remarks } = format::convert(root, format, &self.source).await?;
        remarks.into_iter().for_each(|remark| self.remark(remark));
        Ok(root)
    }

    /// Signs the image where that is asked for, and gives it its name then.
    async fn finish(&self, task: Task, terms: &Terms<'_>) -> Result<Copied, TransferError> {
        let Naming { image, sink, root, before, about } = match task {
            Task::Nothing(copied) => return Ok(*copied),
            Task::Seal(named) => return Self::unchanged(*named, terms).await,
            Task::Name(naming) => *naming,
        };
        if terms.seal.is_some() {
            // Without a name, so that nobody meets it before it is signed.
            self.documents.get(root.digest(), self.put(&root, root.digest())).await?;
        }
        let descriptor = root.descriptor();
        let arrived = Arrived { sink: &sink, root: &descriptor, document: Some(&root), source: Some(&image) };
        let sealed = sealed(terms, arrived).await?;
        let backup = match before.as_ref().filter(|before| before.digest != *root.digest()) {
            Some(before) => self.keep(&sink, before).await?,
            None => None,
        };
        self.name(&sink, &root, &about).await?;
        Ok(Copied { root: descriptor, before, state: State::Copied, backup, sealed })
    }

    async fn unchanged(named: Named, terms: &Terms<'_>) -> Result<Copied, TransferError> {
        let Named { image, sink, root } = named;
        let arrived = Arrived { sink: &sink, root: &root, document: None, source: image.as_ref() };
        let sealed = sealed(terms, arrived).await?;
        Ok(Copied { before: Some(root.clone()), root, state: State::Unchanged, backup: None, sealed })
    }

    /// Brings all that an image is made of, and what is about any of it.
    async fn bring(&self, root: &Document) -> Result<Vec<(Digest, Descriptor)>, TransferError> {
        self.parts(root, 1).await?;
        if self.options.without_referrers { Ok(Vec::new()) } else { self.bring_about(root).await }
    }

    /// Brings everything that a manifest is made of, but for what is taken to be there.
    pub(crate) async fn parts(&self, document: &Document, depth: usize) -> Result<(), TransferError> {
        // The same bytes may be listed as several things, of which each lies at its own place.
        let parts: BTreeMap<(&Digest, &str), &Descriptor> =
            document.children().into_iter().map(|part| ((&part.digest, part.media_type.as_str()), part)).collect();
        let documents = parts.values().filter(|part| is_document(document, part));
        let documents = documents.map(|part| part.digest.clone()).collect();
        lock(&self.listed).insert(document.digest().clone(), documents);
        let taken = self.taken(document, &parts.values().copied().collect::<Vec<_>>()).await;
        if !taken.is_empty() {
            lock(&self.doubtful).insert(document.digest().clone());
            lock(&self.count).present += taken.len();
        }
        let open = parts.into_values().filter(|part| !taken.contains(&part.digest)).map(Ok);
        stream::iter(open).try_for_each_concurrent(AT_ONCE, |part| self.part(document, part, depth)).await
    }

    pub(crate) async fn part(&self, of: &Document, part: &Descriptor, depth: usize) -> Result<(), TransferError> {
        if is_document(of, part) {
            return self.document(part, depth + 1).await;
        }
        if media_type::is_foreign(&part.media_type) {
            return Ok(());
        }
        self.blob(part).await
    }

    fn blob<'b>(&'b self, part: &'b Descriptor) -> BoxFuture<'b, Result<(), TransferError>> {
        self.blobs.get(&part.digest, async {
            let pushed = match self.options.dry_run {
                true if self.sink.has_blob(part).await? => Pushed::Existed,
                true => Pushed::Uploaded,
                false => self.sink.put_blob(part, self.source.place).await?,
            };
            lock(&self.count).blob(part, pushed);
            Ok(())
        })
    }

    /// Brings a manifest after its parts.
    pub(crate) fn document<'b>(
        &'b self,
        descriptor: &'b Descriptor,
        depth: usize,
    ) -> BoxFuture<'b, Result<(), TransferError>> {
        self.documents.get(&descriptor.digest, async move {
            let (place, digest) = (|| self.source.place.describe(), || descriptor.digest.clone());
            if depth > DEPTH_LIMIT {
                return Err(ImageError::TooDeep { place: place(), digest: digest(), limit: DEPTH_LIMIT }.into());
            }
            if self.documents.len() > MANIFEST_LIMIT {
                return Err(ImageError::TooMany { place: place(), digest: digest(), limit: MANIFEST_LIMIT }.into());
            }
            let document = self.source.document(descriptor).await?;
            self.parts(&document, depth).await?;
            self.put(&document, &descriptor.digest).await
        })
    }

    /// Writes a manifest whose parts are there.
    pub(crate) async fn put(&self, document: &Document, digest: &Digest) -> Result<(), TransferError> {
        if !self.options.dry_run {
            self.settle(document, || Box::pin(self.sink.put_document(document, digest))).await?;
        }
        lock(&self.count).manifests += 1;
        Ok(())
    }

    /// Gives a manifest whose parts are there its name.
    pub(crate) async fn name(
        &self,
        sink: &Sink,
        root: &Document,
        about: &[(Digest, Descriptor)],
    ) -> Result<(), TransferError> {
        match self.options.dry_run {
            true => Ok(()),
            false => self.settle(root, || Box::pin(sink.name(root, about))).await,
        }
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

/// Signs an image where that is asked for.
async fn sealed(terms: &Terms<'_>, image: Arrived<'_>) -> Result<Option<Sealed>, TransferError> {
    let Some(seal) = terms.seal else { return Ok(None) };
    let unsealed = |source| TransferError::Unsealed { name: image.sink.name_of(), source };
    seal.seal(image).await.map(Some).map_err(unsealed)
}

/// Returns whether a part is a manifest. What an image lists are blobs, whatever they hold.
pub(crate) fn is_document(of: &Document, part: &Descriptor) -> bool {
    matches!(of, Document::Index(_)) && media_type::is_document(&part.media_type)
}

pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
