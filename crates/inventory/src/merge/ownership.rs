use super::facts::{Claim, Owners};
use super::{Image, Node};
use crate::layer::{LayerContents, Note, owned};
use crate::{InventoryError, Package};
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
                    let Some(place) = self.place_of(path, |place| claims.contains_key(place))? else { continue };
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
        let Ok(place) = place.parse() else { return false };
        let of_packages = match self.tree.get(&place) {
            Some(Node::Noted(key)) => self.digests(*key),
            _ => None,
        };
        let of_facts = || self.file_facts(self.tree.file(&place)?.facts?)?.digests.as_ref();
        of_packages.or_else(of_facts).is_some_and(|digests| digests.contradict(digest))
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
        // What the database itself has: digests of configuration files, which are nowhere else.
        let since = owner.files_since;
        let mut lists = vec![List { claims: false, since, written: since, files: Files::OfPackage(&owner.files) }];
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
