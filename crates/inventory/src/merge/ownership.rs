use super::{Image, Node};
use crate::layer::{LayerContents, Note, name, owned};
use crate::{InventoryError, Package};
use consign_oci::layer::EntryPath;
use consign_package::Kind;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

impl Image {
    /// Says of each package that was found by a single file which of the distribution's packages brought that file.
    pub(super) fn give_owners(
        &mut self,
        owners: &[Package],
        found: &mut [(String, Package)],
    ) -> Result<(), InventoryError> {
        let mut wanted: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, (path, _)) in found.iter().enumerate() {
            wanted.entry(path.clone()).or_default().push(index);
        }
        if wanted.is_empty() {
            return Ok(());
        }
        for owner in owners {
            let (mut brought, mut changed) = (Vec::new(), HashSet::new());
            for list in self.lists_of(owner)? {
                for (digest, path) in owned::files(list.text()) {
                    for index in self.claimed(path, &wanted)? {
                        let place = &found[index].0;
                        if self.is_changed(place, digest) {
                            changed.insert(index);
                        } else if list.claims && self.has_brought(owner, &list, place) {
                            brought.push(index);
                        }
                    }
                }
            }
            for index in brought.into_iter().filter(|index| !changed.contains(index)) {
                found[index].1.owner.get_or_insert_with(|| owner.purl.clone());
            }
        }
        Ok(())
    }

    /// Returns whether a file holds something else than what its package brought, by the digest in the package's database: somebody put it there since.
    fn is_changed(&self, place: &str, digest: &str) -> bool {
        let Some(Node::Noted(key)) = place.parse().ok().and_then(|place| self.tree.get(&place)) else { return false };
        self.digests(*key).is_some_and(|digests| digests.contradict(digest))
    }

    /// Returns whether a package that lists a file has brought it: what is another file since a later layer is somebody else's, and a list that became another
    /// in a later layer says nothing of what was there before.
    fn has_brought(&self, owner: &Package, list: &List<'_>, place: &str) -> bool {
        let Some((since, written)) = self.tree.layers_of(place) else { return false };
        let owner_since = owner.places.iter().map(|place| place.layer).min();
        let is_before = |layer: u32| owner_since.is_some_and(|owner| layer <= owner);
        is_before(since) && (is_before(list.since) || list.written == written)
    }

    /// Returns what was found by the file at a path, which a database has as it was before links were in its way.
    fn claimed(&mut self, path: &str, wanted: &HashMap<String, Vec<usize>>) -> Result<Vec<usize>, InventoryError> {
        let path = name::text(path.trim_start_matches('/').as_bytes());
        let path = path.as_ref();
        if let Some(indexes) = wanted.get(path) {
            return Ok(indexes.clone());
        }
        let first = path.split('/').next().unwrap_or_default();
        let is_linked = |tree: &super::Tree| {
            matches!(first.parse().ok().and_then(|first| tree.get(&first)), Some(Node::Symlink(_)))
        };
        if !is_linked(&self.tree) {
            return Ok(Vec::new());
        }
        let Ok(path) = path.parse::<EntryPath>() else { return Ok(Vec::new()) };
        let place = self.tree.place(&path)?;
        Ok(place.and_then(|place| wanted.get(place.as_str())).cloned().unwrap_or_default())
    }

    /// Returns the lists of the files of a package.
    fn lists_of<'a>(&mut self, owner: &'a Package) -> Result<Vec<List<'a>>, InventoryError> {
        if owner.kind != Kind::Debian {
            let since = owner.files_since;
            return Ok(vec![List { claims: true, since, written: since, files: Files::OfPackage(&owner.files) }]);
        }
        let name = &owner.name;
        let architecture = owner.architecture.as_deref().unwrap_or_default();
        let paths = BTreeMap::from([
            (format!("var/lib/dpkg/info/{name}.list"), true),
            (format!("var/lib/dpkg/info/{name}:{architecture}.list"), true),
            (format!("var/lib/dpkg/info/{name}.md5sums"), false),
            (format!("var/lib/dpkg/info/{name}:{architecture}.md5sums"), false),
            (format!("var/lib/dpkg/status.d/{name}.md5sums"), true),
        ]);
        let mut lists = Vec::new();
        for (path, claims) in paths {
            let Some(place) = self.tree.follow(&path.parse()?)? else { continue };
            if let Some(Node::Noted(key)) = self.tree.get(&place)
                && let Some(layer) = self.layer(key.layer)
                && let Some((since, written)) = self.tree.layers_of(place.as_str())
            {
                lists.push(List { claims, since, written, files: Files::OfLayer(layer, key.note as usize) });
            }
        }
        Ok(lists)
    }
}

/// The files of a package, one on each line.
struct List<'a> {
    /// Whether it says whose they are, and not only what they hold.
    claims: bool,
    /// Since which layer it has been the same.
    since: u32,
    /// Which layer wrote it last.
    written: u32,
    files: Files<'a>,
}

enum Files<'a> {
    OfPackage(&'a str),
    /// The note with this number.
    OfLayer(Arc<LayerContents>, usize),
}

impl List<'_> {
    fn text(&self) -> &str {
        match &self.files {
            Files::OfPackage(text) => text,
            Files::OfLayer(layer, note) => match layer.notes.get(*note) {
                Some(Note::Files(text)) => text,
                _ => "",
            },
        }
    }
}
