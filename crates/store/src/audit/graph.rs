use super::Problem;
use crate::Store;
use consign_oci::{Descriptor, Digest, Document, media_type};
use std::collections::HashSet;

/// What manifests in the store name. Each is read once, however many records lead to it.
pub(super) struct Graph<'a> {
    store: &'a Store,
    /// Manifests of which everything is there.
    complete: HashSet<Digest>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(store: &'a Store) -> Self {
        Self { store, complete: HashSet::new() }
    }

    /// Returns whether a blob is there.
    pub(super) fn has(&self, blob: &Digest) -> bool {
        self.store.contains(blob)
    }

    /// Returns what `root` lacks. With `sparse`, manifests that an index lists may be absent.
    pub(super) fn problem(&mut self, root: &Descriptor, sparse: bool) -> Option<Problem> {
        let mut documents = HashSet::new();
        let mut pending = vec![root.clone()];
        while let Some(descriptor) = pending.pop() {
            if self.complete.contains(&descriptor.digest) {
                continue;
            }
            let Some(found) = self.store.size(&descriptor.digest) else {
                // Such a layer stays where it comes from.
                if media_type::is_foreign(&descriptor.media_type) {
                    continue;
                }
                return Some(Problem::Missing { blob: descriptor.digest });
            };
            if found != descriptor.size {
                return Some(Problem::Size { blob: descriptor.digest, expected: descriptor.size, found });
            }
            if !media_type::is_document(&descriptor.media_type) || !documents.insert(descriptor.digest.clone()) {
                continue;
            }
            match self.store.document(&descriptor) {
                Ok(Some(Document::Index(index))) if sparse => {
                    pending.extend(index.manifests.iter().filter(|child| self.has(&child.digest)).cloned());
                }
                Ok(Some(document)) => pending.extend(document.children().into_iter().cloned()),
                Ok(None) => return Some(Problem::Missing { blob: descriptor.digest }),
                Err(problem) => return Some(problem),
            }
        }
        if !sparse {
            self.complete.extend(documents);
        }
        None
    }
}
