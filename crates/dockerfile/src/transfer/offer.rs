use super::{TransferError, clean};
use crate::files::{NodeKind, Tree};
use crate::glob::Glob;
use consign_oci::layer::EntryPath;

/// Something that a source names.
pub(crate) struct Item {
    /// Its name, for where a folder takes it.
    pub(crate) name: String,
    /// The path where it lies.
    pub(crate) path: EntryPath,
    /// The folder above it from which on its path is kept (`--parents`).
    pub(crate) kept_from: Option<EntryPath>,
}

/// What sources are looked for in.
pub(crate) struct Offer<'a> {
    pub(crate) tree: &'a Tree,
    /// How messages call it.
    pub(crate) name: String,
    /// Returns whether a path is there, but left out.
    pub(crate) left_out: Box<dyn Fn(&EntryPath) -> bool + 'a>,
}

impl Offer<'_> {
    /// Returns what a source names: one thing, or all that its pattern matches. Links on the way are followed, and what a link names is taken.
    pub(crate) fn find(&self, source: &str) -> Result<Vec<Item>, TransferError> {
        let cleaned = clean(source)?;
        let parts: Vec<&str> = cleaned.as_str().split('/').collect();
        let Some(first) = parts.iter().position(|part| Glob::is_one(part)) else {
            return Ok(vec![self.item(&cleaned, source)?]);
        };
        // What is before the pattern has to be there. The pattern itself may match nothing.
        let folder = self.real(&parts[..first].join("/").parse()?, source)?;
        let glob = Glob::of_names(&parts[first..].join("/")).ok_or_else(|| pattern(source))?;
        self.matching(&folder, &glob).iter().map(|path| self.item(path, source)).collect()
    }

    /// Returns what a source names if its path is kept: all of it, or what is after `/./`. Links in that part are links, not what they name.
    pub(crate) fn find_with_parents(&self, source: &str) -> Result<Vec<Item>, TransferError> {
        let (above, written) = source.split_once("/./").unwrap_or(("", source));
        let kept = clean(written)?;
        let glob = Glob::parse(kept.as_str()).ok_or_else(|| pattern(source))?;
        let (is_pattern, of_pattern) = (Glob::is_one(kept.as_str()), Glob::is_one(above));
        let mut items = Vec::new();
        for folder in self.find(above)? {
            let folder = folder.path;
            let paths = match is_pattern {
                true => self.matching(&folder, &glob),
                false => match self.within(&folder, &kept, source) {
                    // What a pattern matches need not have it.
                    Err(_) if of_pattern => Vec::new(),
                    found => vec![found?],
                },
            };
            let item = |path: EntryPath| Item { name: path.name().to_owned(), path, kept_from: Some(folder.clone()) };
            items.extend(paths.into_iter().map(item));
        }
        Ok(items)
    }

    /// Returns the path of something below a folder, on the way to which there must be no link: it could not be kept.
    fn within(&self, folder: &EntryPath, kept: &EntryPath, source: &str) -> Result<EntryPath, TransferError> {
        let path = folder.join(kept.as_str())?;
        let mut above = path.parent();
        while let Some(link) = above.filter(|above| above != folder) {
            if matches!(self.tree.get(&link).map(|node| &node.kind), Some(NodeKind::Symlink(_))) {
                return Err(TransferError::BehindLink { source_path: source.to_owned(), link: link.to_string() });
            }
            above = link.parent();
        }
        self.existing(path, source)
    }

    /// Returns a path at which there is something.
    fn existing(&self, path: EntryPath, source: &str) -> Result<EntryPath, TransferError> {
        if path.is_root() || self.tree.get(&path).is_some() {
            return Ok(path);
        }
        let left_out = clean(source).is_ok_and(|path| (self.left_out)(&path));
        Err(TransferError::NotFound { source_path: source.to_owned(), offered: self.name.clone(), left_out })
    }

    fn real(&self, path: &EntryPath, source: &str) -> Result<EntryPath, TransferError> {
        self.existing(self.tree.resolve(path, true)?, source)
    }

    fn item(&self, path: &EntryPath, source: &str) -> Result<Item, TransferError> {
        Ok(Item { name: path.name().to_owned(), path: self.real(path, source)?, kept_from: None })
    }

    /// Returns what matches in a folder. What lies in something that matches comes with it, and is not returned.
    fn matching(&self, folder: &EntryPath, glob: &Glob) -> Vec<EntryPath> {
        let mut found: Vec<EntryPath> = Vec::new();
        for (path, _) in self.tree.within(folder) {
            if !found.last().is_some_and(|last| path.is_within(last)) && glob.matches(below(folder, path)) {
                found.push(path.clone());
            }
        }
        found
    }
}

/// Returns the part of a path that is below a folder.
pub(super) fn below<'a>(folder: &EntryPath, path: &'a EntryPath) -> &'a str {
    path.as_str()[folder.as_str().len()..].trim_start_matches('/')
}

fn pattern(written: &str) -> TransferError {
    TransferError::Pattern { pattern: written.chars().take(200).collect() }
}
