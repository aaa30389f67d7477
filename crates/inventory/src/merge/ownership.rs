use super::facts::{Claim, Owners};
use super::{Image, Node};
use crate::layer::{LayerContents, Note, name, owned};
use crate::{InventoryError, Package};
use consign_oci::layer::EntryPath;
use consign_package::Kind;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

impl Image {
    /// Says of each of these places which of the distribution's packages brought what is there, by its package URL.
    pub(super) fn owners(&mut self, owners: &[Package], places: Vec<String>) -> Result<Owners, InventoryError> {
        let mut claims: Owners = places.into_iter().map(|place| (place, Claim::Nobody)).collect();
        if claims.is_empty() {
            return Ok(claims);
        }
        for owner in owners {
            let (mut brought, mut changed) = (Vec::new(), HashSet::new());
            for list in self.lists_of(owner)? {
                for (digest, path) in owned::files(list.text()) {
                    let Some(place) = self.claimed(path, &claims)? else { continue };
                    if self.is_changed(&place, digest) {
                        changed.insert(place);
                    } else if list.claims && self.has_brought(owner, &list, &place) {
                        brought.push(place);
                    } else if list.claims
                        && let Some(claim @ Claim::Nobody) = claims.get_mut(&place)
                    {
                        *claim = Claim::Listed;
                    }
                }
            }
            for place in changed.iter().chain(&brought) {
                let claim = match changed.contains(place) {
                    true => Claim::Listed,
                    false => Claim::Brought(owner.purl.clone()),
                };
                // The first that brought it has it.
                claims.entry(place.clone()).and_modify(|known| {
                    if !matches!(known, Claim::Brought(_)) {
                        *known = claim;
                    }
                });
            }
        }
        Ok(claims)
    }

    /// Returns whether a file holds something else than what its package brought, by the digest in the package's database: somebody put it there since.
    fn is_changed(&self, place: &str, digest: &str) -> bool {
        let Some(Node::Noted(key)) = place.parse().ok().and_then(|place| self.tree.get(&place)) else { return false };
        self.digests(*key).is_some_and(|digests| digests.contradict(digest))
    }

    /// Returns whether a package that lists a file has brought it: what is another file since a later layer is somebody else's, and a list that became another
    /// in a later layer says nothing of what was there before.
    fn has_brought(&self, owner: &Package, list: &List<'_>, place: &str) -> bool {
        // What is not there any more was the package's when it was.
        let Some((since, written)) = self.tree.layers_of(place) else { return true };
        let owner_since = owner.places.iter().map(|place| place.layer).min();
        let is_before = |layer: u32| owner_since.is_some_and(|owner| layer <= owner);
        is_before(since) && (is_before(list.since) || list.written == written)
    }

    /// Returns which of the places a path leads to, which a database has as it was before links were in its way.
    fn claimed(&mut self, path: &str, places: &Owners) -> Result<Option<String>, InventoryError> {
        let path = name::text(path.trim_start_matches('/').as_bytes());
        let path = path.as_ref();
        if places.contains_key(path) {
            return Ok(Some(path.to_owned()));
        }
        let first = path.split('/').next().unwrap_or_default();
        let is_linked = |tree: &super::Tree| {
            matches!(first.parse().ok().and_then(|first| tree.get(&first)), Some(Node::Symlink(_)))
        };
        if !is_linked(&self.tree) {
            return Ok(None);
        }
        let Ok(path) = path.parse::<EntryPath>() else { return Ok(None) };
        let place = self.tree.place(&path)?.map(|place| place.as_str().to_owned());
        Ok(place.filter(|place| places.contains_key(place)))
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
