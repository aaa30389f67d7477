//! Which files that later layers hide were a package's of the distribution.

use super::listed::Holder;
use crate::InventoryError;
use crate::layer::{Note, name, owned};
use crate::merge::{Image, Node, NoteKey};
use consign_oci::layer::EntryPath;
use std::collections::{BTreeSet, HashMap, HashSet};

/// What the packages of a layer say of a file: a digest, or nothing, and the number of the layer.
type Statement = (String, u32);

impl Image {
    /// Returns the hidden files that a package brought, by what the packages of any layer say: the last layer may have another version of them, or none.
    pub(super) fn shipped(&mut self, holders: &[Holder]) -> Result<BTreeSet<NoteKey>, InventoryError> {
        let hidden: Vec<&Holder> = holders.iter().filter(|holder| holder.hidden).collect();
        let mut stated: HashMap<&str, Vec<Statement>> =
            hidden.iter().map(|holder| (holder.place.as_str(), Vec::new())).collect();
        let names: HashSet<&str> = stated.keys().filter_map(|place| place.rsplit('/').next()).collect();
        let layers = if hidden.is_empty() { Vec::new() } else { self.layers().to_vec() };
        for (number, layer) in (0..).zip(&layers) {
            for (digest, path) in layer.notes.iter().flat_map(texts).flat_map(owned::files) {
                if path.rsplit('/').next().is_none_or(|name| !names.contains(name)) {
                    continue;
                }
                if let Some(place) = self.place_of(path, |place| stated.contains_key(place))?
                    && let Some(statements) = stated.get_mut(place.as_str())
                {
                    statements.push((digest.to_owned(), number));
                }
            }
        }
        let is_shipped = |holder: &&&Holder| {
            let statements = stated.get(holder.place.as_str()).map(Vec::as_slice).unwrap_or_default();
            let digests = self.file_facts(holder.key).and_then(|facts| facts.digests.as_ref());
            match statements.iter().any(|(digest, _)| !digest.is_empty()) {
                true => statements.iter().any(|(digest, _)| digests.is_some_and(|digests| digests.confirm(digest))),
                // A list alone speaks for what is there when it is written.
                false => statements.iter().any(|(_, layer)| holder.key.layer <= *layer),
            }
        };
        Ok(hidden.iter().filter(is_shipped).map(|holder| holder.key).collect())
    }

    /// Returns where a path of a package's list leads, if that is wanted: lists have paths as they were before links were in their way.
    pub(in crate::merge) fn place_of(
        &mut self,
        path: &str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Option<String>, InventoryError> {
        let path = name::text(path.trim_start_matches('/').as_bytes());
        let path = path.as_ref();
        if is_wanted(path) {
            return Ok(Some(path.to_owned()));
        }
        let first = path.split('/').next().unwrap_or_default();
        let first = first.parse().ok().and_then(|first| self.tree.get(&first));
        let Some(path) = path.parse::<EntryPath>().ok().filter(|_| matches!(first, Some(Node::Symlink(_)))) else {
            return Ok(None);
        };
        Ok(self.tree.place(&path)?.map(|place| place.as_str().to_owned()).filter(|place| is_wanted(place)))
    }
}

/// Returns the lists of files that a note holds.
fn texts(note: &Note) -> Vec<&str> {
    match note {
        Note::Files(text) => vec![text],
        Note::Database(listed) => listed.iter().map(|listed| listed.files.as_str()).collect(),
        _ => Vec::new(),
    }
}
