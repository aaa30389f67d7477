use crate::live::Live;
use crate::receipts::{artifact_of, subject_of};
use crate::references::name_of;
use crate::remove::remove_tree;
use crate::usage::{Kind, Usage};
use crate::walk::{Entry, Listing, Tree, digest};
use crate::{Store, StoreError, derived, lock, make, scratch, steps};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

impl Store {
    /// Returns what the store holds, and what pruning it would remove: records that were not used since `since`, or all if that is `None`, but
    /// for references that are names of images; and the blobs that nothing else names.
    pub fn usage(&self, since: Option<SystemTime>) -> Result<Usage, StoreError> {
        Pruning { store: self, live: Live::find(self, since)?, usage: Usage::default(), remove: false }.run()
    }
}

/// A store that nobody else uses as long as this is held.
#[derive(Debug)]
pub struct ExclusiveStore(Store);

impl ExclusiveStore {
    /// Opens the store in `root` as [`Store::open`] does. Fails if somebody uses it, or with `wait` waits for a moment when nobody does.
    pub fn open(root: impl Into<PathBuf>, wait: bool) -> Result<Self, StoreError> {
        let root = root.into();
        make(&root)?;
        let lock = Some(Arc::new(lock::exclusive(&root, wait)?));
        Ok(Self(Store { root, _lock: lock }))
    }

    /// Removes what [`Store::usage`] says, which whoever needs it makes again: nothing that an image with a name needs. Where it cannot be read
    /// what something needs, nothing is removed.
    ///
    /// Records go before what they name, so that a record that is there has what it needs, even if this is killed.
    pub fn prune(&self, since: Option<SystemTime>) -> Result<Usage, StoreError> {
        let (store, usage) = (&self.0, Usage::default());
        Pruning { store, live: Live::find(store, since)?, usage, remove: true }.run()
    }
}

struct Pruning<'a> {
    store: &'a Store,
    live: Live<'a>,
    usage: Usage,
    remove: bool,
}

impl Pruning<'_> {
    fn run(mut self) -> Result<Usage, StoreError> {
        self.references()?;
        self.receipts()?;
        for (folder, kind) in [("steps", Kind::Step), ("derived", Kind::Derived)] {
            let is_name = if kind == Kind::Step { steps::is_name } else { derived::is_name };
            for entry in Listing::of(&self.store.root.join(folder))? {
                let entry = entry?;
                // What consign did not write it does not remove.
                if !is_name(entry.name()) {
                    continue;
                }
                let kept = self.live.is_recent(&entry);
                self.file(kind, entry, kept)?;
            }
        }
        for algorithm in ["sha256", "sha512"] {
            for entry in Listing::of(&self.store.root.join("blobs").join(algorithm))? {
                let entry = entry?;
                let Some(digest) = digest(algorithm, entry.name()) else { continue };
                let (kind, kept) = self.live.of(&digest);
                self.file(kind, entry, kept)?;
            }
        }
        self.unfinished()?;
        Ok(self.usage)
    }

    fn references(&mut self) -> Result<(), StoreError> {
        let root = self.store.root.join("references");
        for entry in Tree::of(&root)? {
            let entry = entry?;
            let Some(name) = entry.path.strip_prefix(&root).ok().and_then(name_of) else { continue };
            let kept = self.live.keeps_reference(&name, &entry);
            self.file(Kind::Reference, entry, kept)?;
        }
        Ok(())
    }

    fn receipts(&mut self) -> Result<(), StoreError> {
        for algorithm in Listing::of(&self.store.root.join("receipts"))? {
            let algorithm = algorithm?;
            for subject in Listing::of(&algorithm.path)? {
                let subject = subject?;
                let Some(digest) = subject_of(&algorithm, &subject) else { continue };
                let (_, kept) = self.live.of(&digest);
                for entry in Listing::of(&subject.path)? {
                    let entry = entry?;
                    if artifact_of(&entry).is_some() {
                        let kept = kept || self.live.is_recent(&entry);
                        self.file(Kind::Receipt, entry, kept)?;
                    }
                }
                if self.remove && !kept {
                    // It stays if something is left in it.
                    let _ = fs::remove_dir(&subject.path);
                }
            }
        }
        Ok(())
    }

    /// Counts a file, and removes it if it is not kept.
    fn file(&mut self, kind: Kind, entry: Entry, kept: bool) -> Result<(), StoreError> {
        if !entry.metadata.is_file() {
            return Ok(());
        }
        if !kept && self.remove {
            remove(&entry.path)?;
        }
        self.usage.add(kind, entry.metadata.len(), !kept);
        Ok(())
    }

    /// Removes what interrupted runs left: where nobody else uses the store, nobody is writing it.
    fn unfinished(&mut self) -> Result<(), StoreError> {
        for entry in Listing::of(&self.store.partial())? {
            let entry = entry?;
            if !scratch::is_name(entry.name()) {
                continue;
            }
            let folder = entry.metadata.is_dir();
            // Folders may be closed; what cannot be looked at is not counted.
            let inside = Tree::of(&entry.path).into_iter().filter(|_| folder).flatten().flatten();
            let bytes = inside.map(|inner| inner.metadata.len()).fold(entry.metadata.len(), u64::saturating_add);
            let remove = if folder { remove_tree } else { |path: &Path| fs::remove_file(path) };
            // That something of it stays is no reason not to go on: it is only space.
            let gone = !self.remove || remove(&entry.path).is_ok();
            self.usage.add(Kind::Unfinished, bytes, gone);
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::Io { action: "remove", path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}
