use super::{Image, Node};
use crate::layer::Note;
use crate::{InventoryError, Package};
use consign_oci::layer::EntryPath;
use consign_package::Kind;
use std::collections::{BTreeSet, HashMap};

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
            for files in self.files_of(owner)? {
                for path in files.lines() {
                    for index in self.claimed(path, &wanted)? {
                        let (_, package) = &mut found[index];
                        package.owner.get_or_insert_with(|| owner.purl.clone());
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns what was found by the file at a path, which a database has as it was before links were in its way.
    fn claimed(&mut self, path: &str, wanted: &HashMap<String, Vec<usize>>) -> Result<Vec<usize>, InventoryError> {
        let path = path.trim_start_matches('/');
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
    fn files_of(&mut self, owner: &Package) -> Result<Vec<String>, InventoryError> {
        if owner.kind != Kind::Debian {
            return Ok(vec![owner.files.clone()]);
        }
        let name = &owner.name;
        let architecture = owner.architecture.as_deref().unwrap_or_default();
        let lists = BTreeSet::from([
            format!("var/lib/dpkg/info/{name}.list"),
            format!("var/lib/dpkg/info/{name}:{architecture}.list"),
            format!("var/lib/dpkg/status.d/{name}.md5sums"),
        ]);
        let mut files = Vec::new();
        for list in lists {
            let Some(place) = self.tree.follow(&list.parse()?)? else { continue };
            if let Some(Node::Noted(key)) = self.tree.get(&place)
                && let Note::Files(text) = self.note(*key)
            {
                files.push(text.clone());
            }
        }
        Ok(files)
    }
}
