use crate::receipts::{artifact_of, subject_of};
use crate::records::USE_NOTED_EVERY;
use crate::references::{NOTES, name_of};
use crate::steps::Step;
use crate::usage::Kind;
use crate::walk::{Entry, Listing, Tree, read_record};
use crate::{Problem, Store, StoreError, steps};
use consign_oci::{Descriptor, Digest, media_type};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::HashMap;
use std::path::Path;
use std::time::SystemTime;

/// Which blobs are needed, and by what. What is found first counts, so those that are kept are looked for before those that are not.
///
/// Only what is not there names nothing. As long as a record, or a manifest that is kept, is there and cannot be understood, nobody knows what is
/// needed.
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
            this.mark(needs, kind, None)?;
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
            let Some(descriptor) = record::<Descriptor>(&entry)? else { continue };
            match name.starts_with(NOTES) {
                true => notes.push((descriptor, entry)),
                false => self.mark(vec![descriptor], Kind::Named, Some(&entry.path))?,
            }
        }
        for (descriptor, entry) in notes {
            self.record_needs(Kind::Base, vec![descriptor], &entry, expired)?;
        }
        Ok(())
    }

    fn steps(&mut self, expired: &mut Vec<Expired>) -> Result<(), StoreError> {
        for entry in Listing::of(&self.store.root.join("steps"))? {
            let entry = entry?;
            if !steps::is_name(entry.name()) {
                continue;
            }
            let Some(step) = record::<Step<IgnoredAny>>(&entry)? else { continue };
            let kind = match step.kind.as_str() {
                "build" | "layer" => Kind::Built,
                _ => Kind::Statement,
            };
            // A step lists all that it needs, and says of none what type it is.
            let needs = step.blobs.into_iter().map(|digest| Descriptor::new("", digest, 0)).collect();
            self.record_needs(kind, needs, &entry, expired)?;
        }
        Ok(())
    }

    fn receipts(&mut self, expired: &mut Vec<Expired>) -> Result<(), StoreError> {
        for algorithm in Listing::of(&self.store.root.join("receipts"))? {
            let algorithm = algorithm?;
            for subject in Listing::of(&algorithm.path)? {
                let subject = subject?;
                if subject_of(&algorithm, &subject).is_none() {
                    continue;
                }
                for (descriptor, entry) in receipts_in(&subject.path)? {
                    self.record_needs(Kind::Artifact, vec![descriptor], &entry, expired)?;
                }
            }
        }
        Ok(())
    }

    fn record_needs(
        &mut self,
        kind: Kind,
        needs: Vec<Descriptor>,
        entry: &Entry,
        expired: &mut Vec<Expired>,
    ) -> Result<(), StoreError> {
        match self.is_recent(entry) {
            true => self.mark(needs, kind, Some(&entry.path)),
            false => {
                expired.push(Expired { kind, needs });
                Ok(())
            }
        }
    }

    /// Marks blobs with everything that they name, and with what is about them. They are kept if a record is named for whose sake.
    fn mark(&mut self, needs: Vec<Descriptor>, kind: Kind, keeper: Option<&Path>) -> Result<(), StoreError> {
        let mut pending: Vec<(Descriptor, Kind)> = needs.into_iter().map(|needed| (needed, kind)).collect();
        while let Some((descriptor, kind)) = pending.pop() {
            let follow = media_type::is_document(&descriptor.media_type);
            match self.blobs.get_mut(&descriptor.digest) {
                // The same bytes may be named as a blob first: that must not hide what they name.
                Some(mark) if follow && !mark.followed => mark.followed = true,
                Some(_) => continue,
                None => {
                    let mark = Mark { kind, kept: keeper.is_some(), followed: follow };
                    self.blobs.insert(descriptor.digest.clone(), mark);
                }
            }
            // What is about an image is kept as long as that is.
            let about = receipts_in(&self.store.receipts_folder(&descriptor.digest))?;
            pending.extend(about.into_iter().map(|(receipt, _)| (receipt, Kind::Artifact)));
            if !follow {
                continue;
            }
            let document = match (self.store.document(&descriptor), keeper) {
                (Ok(Some(document)), _) => document,
                (Err(problem), Some(path)) => return Err(unclear(path)(problem)),
                (Ok(None) | Err(_), _) => continue,
            };
            pending.extend(document.children().into_iter().map(|child| (child.clone(), kind)));
            // What an artifact is about is an image: nobody else names the index of a release.
            pending.extend(document.subject().map(|subject| (subject.clone(), Kind::Built)));
        }
        Ok(())
    }
}

/// Returns the receipts in a folder, as they say and as they lie there.
fn receipts_in(folder: &Path) -> Result<Vec<(Descriptor, Entry)>, StoreError> {
    let mut receipts = Vec::new();
    for entry in Listing::of(folder)? {
        let entry = entry?;
        if artifact_of(&entry).is_some()
            && let Some(descriptor) = record(&entry)?
        {
            receipts.push((descriptor, entry));
        }
    }
    Ok(receipts)
}

/// Reads a record; `None` if it has gone meanwhile.
fn record<T: DeserializeOwned>(entry: &Entry) -> Result<Option<T>, StoreError> {
    let file = entry.open().map_err(unclear(&entry.path))?;
    file.map(|file| read_record(&file)).transpose().map_err(unclear(&entry.path))
}

fn unclear(path: &Path) -> impl FnOnce(Problem) -> StoreError {
    move |problem| StoreError::Unclear { path: path.to_owned(), source: Box::new(problem) }
}
