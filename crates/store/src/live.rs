use crate::look::Looked;
use crate::records::USE_NOTED_EVERY;
use crate::references::{NOTES, name_of};
use crate::steps::Step;
use crate::usage::Kind;
use crate::walk::{Entry, Listing, Tree};
use crate::{Store, StoreError};
use consign_oci::{Descriptor, Digest, Document, media_type};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::HashMap;
use std::time::SystemTime;

/// Which blobs are needed, and by what. What is found first counts, so those that are kept are looked for before those that are not.
pub(crate) struct Live<'a> {
    store: &'a Store,
    /// Records that were used since are kept; `None` keeps none for that.
    since: Option<SystemTime>,
    blobs: HashMap<Digest, Mark>,
}

/// What is known of a blob.
#[derive(Clone, Copy)]
struct Mark {
    kind: Kind,
    kept: bool,
    /// Whether what it names was looked for.
    followed: bool,
}

/// A record that was not used lately, and what it needs.
struct Expired {
    kind: Kind,
    needs: Vec<Descriptor>,
}

impl<'a> Live<'a> {
    /// Looks through all records.
    pub(crate) fn find(store: &'a Store, since: Option<SystemTime>) -> Result<Self, StoreError> {
        // A record that was used since may say so only when a day has passed.
        let since = since.map(|since| since.checked_sub(USE_NOTED_EVERY).unwrap_or(SystemTime::UNIX_EPOCH));
        let mut this = Self { store, since, blobs: HashMap::new() };
        let mut expired = Vec::new();
        this.references(&mut expired)?;
        this.steps(&mut expired)?;
        this.receipts(&mut expired)?;
        for Expired { kind, needs } in expired {
            this.mark(needs, kind, false);
        }
        Ok(this)
    }

    /// Returns what a blob is for, and whether it is kept.
    pub(crate) fn of(&self, blob: &Digest) -> (Kind, bool) {
        self.blobs.get(blob).map_or((Kind::Unused, false), |mark| (mark.kind, mark.kept))
    }

    /// Returns whether a record was used lately.
    pub(crate) fn is_recent(&self, entry: &Entry) -> bool {
        self.since.is_some_and(|since| entry.metadata.modified().is_ok_and(|modified| modified >= since))
    }

    /// Returns whether a reference is kept: whatever has a name, and notes that were used lately.
    pub(crate) fn keeps_reference(&self, name: &str, entry: &Entry) -> bool {
        !name.starts_with(NOTES) || self.is_recent(entry)
    }

    fn references(&mut self, expired: &mut Vec<Expired>) -> Result<(), StoreError> {
        let root = self.store.root.join("references");
        let mut notes = Vec::new();
        for entry in Tree::of(&root)? {
            let entry = entry?;
            let Some(name) = entry.path.strip_prefix(&root).ok().and_then(name_of) else { continue };
            let Some(descriptor) = self.record::<Descriptor>(&entry) else { continue };
            match name.starts_with(NOTES) {
                true => notes.push((descriptor, self.is_recent(&entry))),
                false => self.mark(vec![descriptor], Kind::Named, true),
            }
        }
        for (descriptor, kept) in notes {
            self.record_needs(Kind::Base, vec![descriptor], kept, expired);
        }
        Ok(())
    }

    fn steps(&mut self, expired: &mut Vec<Expired>) -> Result<(), StoreError> {
        for entry in Listing::of(&self.store.root.join("steps"))? {
            let entry = entry?;
            let Some(step) = self.record::<Step<IgnoredAny>>(&entry) else { continue };
            let kind = match step.kind.as_str() {
                "build" => Kind::Built,
                _ => Kind::Statement,
            };
            // A step lists all that it needs, and says of none what type it is.
            let needs = step.blobs.into_iter().map(|digest| Descriptor::new("", digest, 0)).collect();
            self.record_needs(kind, needs, self.is_recent(&entry), expired);
        }
        Ok(())
    }

    fn receipts(&mut self, expired: &mut Vec<Expired>) -> Result<(), StoreError> {
        for entry in Tree::of(&self.store.root.join("receipts"))? {
            let entry = entry?;
            if let Some(descriptor) = self.record::<Descriptor>(&entry) {
                self.record_needs(Kind::Artifact, vec![descriptor], self.is_recent(&entry), expired);
            }
        }
        Ok(())
    }

    fn record_needs(&mut self, kind: Kind, needs: Vec<Descriptor>, kept: bool, expired: &mut Vec<Expired>) {
        match kept {
            true => self.mark(needs, kind, true),
            false => expired.push(Expired { kind, needs }),
        }
    }

    /// Marks blobs with everything that they name, and with what is about them.
    fn mark(&mut self, needs: Vec<Descriptor>, kind: Kind, kept: bool) {
        let mut pending: Vec<(Descriptor, Kind)> = needs.into_iter().map(|needed| (needed, kind)).collect();
        while let Some((descriptor, kind)) = pending.pop() {
            let follow = media_type::is_document(&descriptor.media_type);
            match self.blobs.get_mut(&descriptor.digest) {
                // The same bytes may be named as a blob first: that must not hide what they name.
                Some(mark) if follow && !mark.followed => mark.followed = true,
                Some(_) => continue,
                None => drop(self.blobs.insert(descriptor.digest.clone(), Mark { kind, kept, followed: follow })),
            }
            // What is about an image is kept as long as that is.
            let about = self.store.receipts_folder(&descriptor.digest);
            for entry in Listing::of(&about).into_iter().flatten().flatten() {
                pending.extend(self.record::<Descriptor>(&entry).map(|receipt| (receipt, Kind::Artifact)));
            }
            if !follow {
                continue;
            }
            // One that cannot be read names nothing that could be found.
            let Looked::Bytes(bytes) = self.store.look(&descriptor.digest) else { continue };
            let Ok(document) = Document::read(&descriptor.media_type, bytes) else { continue };
            pending.extend(document.children().into_iter().map(|child| (child.clone(), kind)));
            // What an artifact is about is an image: nobody else names the index of a release.
            pending.extend(document.subject().map(|subject| (subject.clone(), Kind::Built)));
        }
    }

    /// Reads a record, if it is one.
    fn record<T: DeserializeOwned>(&self, entry: &Entry) -> Option<T> {
        self.store.record(&entry.path).ok()?.map(|record| record.value)
    }
}
