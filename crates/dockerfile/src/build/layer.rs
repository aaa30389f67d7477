//! Files as a layer, unless an earlier build made the same.

use super::StepError;
use super::builder::Builder;
use super::in_threads::in_threads;
use super::spool::Spool;
use super::state::State;
use crate::cache::{FILE_LIMIT, Parts, Question, Record};
use crate::files::{FileNode, Lies, Listed, ListedKind, Listing, Node, NodeKind, is_text};
use crate::transfer::Items;
use blake3::Hash;
use consign_image::layer::LayerBlob;
use consign_oci::layer::{Contents, Entry, EntryPath, Kind, Layer, OnDisk, WatchedLayer};
use consign_oci::{Digest, Hasher};
use consign_store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Names what this room makes of the same files: raise it when that changes.
const FORMAT: u32 = 1;

/// A layer, and whether an earlier step made it.
pub(crate) struct Made {
    pub(crate) layer: Layer,
    pub(crate) listing: Arc<Listing>,
    pub(crate) reused: bool,
}

impl Builder<'_> {
    /// Makes a layer of what a step puts into a stage. Files that lie in layers are taken out of `layers`.
    pub(super) async fn layer(&self, items: &Items, layers: &[Layer], state: &State) -> Result<Made, StepError> {
        let files = Files::read(items)?;
        let (key, listing) = (files.key(items), Arc::new(files.listing(items)));
        let (at, parts) = (&state.position, files.parts(items));
        let question = Question { at, key: &key, parts, ages: false, mounts: Vec::new() };
        let (known, why) = self.look(&question).await?;
        let (layer, record) = match known.and_then(|record| Some((record.layer()?, record))) {
            Some(known) => known,
            None => {
                let layer = files.write(items, layers, self.request.store, self.watched(state))?;
                let record = Record::new(Some(&layer), self.request.now);
                self.keep(&key, &record)?;
                (layer, record)
            }
        };
        let reused = why.is_cached();
        self.note(question, &record, why);
        Ok(Made { layer, listing, reused })
    }

    /// Makes a layer of files that are no step of their own.
    pub(super) fn plain_layer(&self, items: &Items) -> Result<Made, StepError> {
        let store = self.request.store;
        let files = Files::read(items)?;
        let (key, listing) = (files.key(items), Arc::new(files.listing(items)));
        let kept = if self.request.reuse { store.step::<Record>(&key)? } else { None };
        if let Some(layer) = kept.filter(|record| record.is_whole(store)).and_then(|record| record.layer()) {
            return Ok(Made { layer, listing, reused: true });
        }
        let layer = files.write(items, &[], store, None)?;
        self.keep(&key, &Record::new(Some(&layer), self.request.now))?;
        Ok(Made { layer, listing, reused: false })
    }
}

/// The files of a layer, each once, however many names it has.
struct Files<'a>(BTreeMap<usize, File<'a>>);

struct File<'a> {
    node: &'a FileNode,
    /// The first of its names.
    name: &'a EntryPath,
    digest: Hash,
    /// What is in it, unless it lies in a layer.
    contents: Option<Contents>,
}

impl<'a> File<'a> {
    fn read(name: &'a EntryPath, node: &'a FileNode) -> Result<Self, StepError> {
        let (digest, contents) = match &node.lies {
            Lies::InLayer { digest, .. } => (*digest, None),
            Lies::Here(bytes) => (blake3::hash(bytes), Some(bytes.clone().into())),
            Lies::OnDisk(path) => {
                let on_disk = OnDisk::of(path)?;
                (on_disk.digest.into(), Some(on_disk.into()))
            }
        };
        Ok(Self { node, name, digest, contents })
    }
}

impl<'a> Files<'a> {
    /// Hashes what lies on the disk.
    fn read(items: &'a Items) -> Result<Self, StepError> {
        let mut known = BTreeSet::new();
        let mut found = Vec::new();
        for (name, node) in items {
            if let NodeKind::File(node) = &node.kind
                && known.insert(identity(node))
            {
                found.push((name, node));
            }
        }
        let files = in_threads(&found, |(name, node)| Ok((identity(node), File::read(name, node)?)));
        Ok(Self(files.into_iter().collect::<Result<_, StepError>>()?))
    }

    fn in_layers(&self) -> Vec<&'a FileNode> {
        self.0.values().filter(|file| file.contents.is_none()).map(|file| file.node).collect()
    }

    /// Returns the digest of all that decides the bytes of the layer.
    fn key(&self, items: &Items) -> Digest {
        let mut hasher = Hasher::default();
        hasher.update(format!("layer of files in form {FORMAT} of {}\n", env!("CARGO_PKG_VERSION")).as_bytes());
        for (path, node) in items {
            let Node { mode, uid, gid, mtime, attributes, .. } = node;
            let kind = match &node.kind {
                NodeKind::Directory => "folder".to_owned(),
                NodeKind::Symlink(target) => format!("link {target}"),
                NodeKind::Fifo => "pipe".to_owned(),
                NodeKind::Device(device) => format!("device {device:?}"),
                NodeKind::Special => "special".to_owned(),
                NodeKind::File(file) => match self.0.get(&identity(file)) {
                    Some(file) if file.name == path => format!("file {}", file.digest),
                    Some(file) => format!("name {}", file.name.as_str()),
                    None => continue,
                },
            };
            // A path has no line break and no NUL, and a link's target no NUL.
            hasher.update(
                format!("{}\0{mode:o}\0{uid}\0{gid}\0{mtime}\0{kind}\0{attributes:?}\n", path.as_str()).as_bytes(),
            );
        }
        hasher.finish()
    }

    /// Returns the parts of that which people may want to know.
    fn parts(&self, items: &Items) -> Parts {
        let mut parts = Parts::default();
        // Which there are, not what has which: another file of the same time is another file, and no other time.
        let (mut all, mut times) = (Hasher::default(), BTreeSet::new());
        for (path, node) in items {
            let contents = match &node.kind {
                NodeKind::File(file) => self.0.get(&identity(file)).map(|file| file.digest.to_string()),
                NodeKind::Symlink(target) => Some(target.clone()),
                NodeKind::Device(device) => Some(format!("{device:?}")),
                NodeKind::Directory | NodeKind::Fifo | NodeKind::Special => None,
            };
            let Node { mode, uid, gid, mtime, attributes, .. } = node;
            let value = format!("{contents:?} {mode:o} {uid} {gid} {attributes:?}");
            times.insert(*mtime);
            match items.len() {
                0..=FILE_LIMIT => parts.add("file", path.as_str(), value),
                _ => all.update(format!("{} {value}\n", path.as_str()).as_bytes()),
            }
        }
        parts.add("time", "", format!("{times:?}"));
        if items.len() > FILE_LIMIT {
            parts.add("files", "", all.finish().to_string());
        }
        parts
    }

    fn write(
        self,
        items: &Items,
        layers: &[Layer],
        store: &Store,
        watched: Option<Box<dyn WatchedLayer>>,
    ) -> Result<Layer, StepError> {
        let spool = Spool::fill(&self.in_layers(), layers, store)?;
        let entries = self.entries(items, &spool)?;
        let mut blob = LayerBlob::new(store, watched)?;
        let diff_id = blob.entries(&[entries]).map_err(|source| StepError::Layer { source })?;
        Ok(blob.commit(diff_id)?)
    }

    /// Returns what the layer does. Its members stand in the order of their paths.
    fn listing(&self, items: &Items) -> Listing {
        let mut listing = Listing::default();
        for (path, node) in items {
            let kind = match &node.kind {
                NodeKind::Directory => ListedKind::Directory,
                NodeKind::Symlink(target) => ListedKind::Symlink(target.clone()),
                NodeKind::Fifo => ListedKind::Fifo,
                NodeKind::Device(device) => ListedKind::Device(*device),
                NodeKind::Special => continue,
                NodeKind::File(file) => match self.0.get(&identity(file)) {
                    Some(file) if file.name == path => {
                        ListedKind::File { size: file.node.size, digest: file.digest, text: text(path, file) }
                    }
                    Some(file) => ListedKind::HardLink(file.name.as_str().to_owned()),
                    None => continue,
                },
            };
            let Node { mode, uid, gid, mtime, .. } = *node;
            let attributes = node.attributes.clone();
            listing.members.push(Listed { path: path.as_str().to_owned(), kind, mode, uid, gid, mtime, attributes });
        }
        listing
    }

    fn entries(self, items: &Items, spool: &Spool) -> Result<Vec<Entry>, StepError> {
        let mut entries = Vec::with_capacity(items.len());
        for (path, node) in items {
            let kind = match &node.kind {
                NodeKind::Directory => Kind::Directory,
                NodeKind::Symlink(target) => Kind::Symlink(target.clone()),
                NodeKind::Fifo => Kind::Fifo,
                NodeKind::Device(device) => Kind::Device(*device),
                // Such are not put anywhere.
                NodeKind::Special => continue,
                NodeKind::File(file) => match self.0.get(&identity(file)) {
                    Some(file) if file.name == path => Kind::File(match &file.contents {
                        Some(contents) => contents.clone(),
                        None => spool.contents(file.node)?,
                    }),
                    Some(file) => Kind::HardLink(file.name.clone()),
                    None => continue,
                },
            };
            let Node { mode, uid, gid, mtime, .. } = *node;
            let attributes = node.attributes.clone();
            entries.push(Entry { path: path.clone(), kind, mode, uid, gid, mtime, attributes });
        }
        Ok(entries)
    }
}

/// Tells files apart that look the same: by where they are in memory.
fn identity(node: &Arc<FileNode>) -> usize {
    Arc::as_ptr(node).addr()
}

/// Returns the text of a file that says who has an account. One that cannot be read says nothing, until it is read for the layer.
fn text(path: &EntryPath, file: &File<'_>) -> Option<String> {
    if !is_text(path, file.node.size) {
        return None;
    }
    let bytes = match &file.contents {
        Some(contents) => contents.read(file.node.size).ok()?,
        None => return file.node.text.get().cloned(),
    };
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
