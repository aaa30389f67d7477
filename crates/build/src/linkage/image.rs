use crate::deb::library_folders;
use crate::tree::{Segment, Tree};
use bytes::Bytes;
use consign_oci::layer::{EntryPath, Kind};
use consign_package::elf::{Files, Linked};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the libraries of a base image are linked to. Its other files are in the tree, without their contents.
#[derive(Clone, Debug, Default)]
pub(crate) struct BaseFiles {
    pub(crate) libraries: BTreeMap<EntryPath, Arc<Linked>>,
    /// Libraries that are too large to be read.
    pub(crate) unread: BTreeSet<EntryPath>,
}

/// An image in which programs are looked at as its loader would.
pub(super) struct Image<'a> {
    tree: &'a Tree,
    base: &'a BaseFiles,
    read: RefCell<BTreeMap<EntryPath, Option<Arc<Linked>>>>,
    names: OnceCell<BTreeSet<&'a str>>,
}

impl<'a> Image<'a> {
    pub(super) fn new(tree: &'a Tree, base: &'a BaseFiles) -> Self {
        Self { tree, base, read: RefCell::default(), names: OnceCell::new() }
    }

    /// Returns what is in a file, links followed. One that cannot be read has nothing in it here: the layer that it is in cannot be written then.
    fn contents(&self, path: &str) -> Option<Bytes> {
        self.tree.file(path).ok().flatten()
    }

    /// Returns whether anything in the image has this name.
    pub(super) fn has_name(&self, name: &str) -> bool {
        let names = || self.tree.within(&EntryPath::default()).map(|node| node.entry.path.name()).collect();
        self.names.get_or_init(names).contains(name)
    }

    /// Returns the loader of another C library than `loader`, if there is one.
    pub(super) fn other_loader(&self, loader: &str) -> Option<String> {
        let starts = |name: &str| ["ld-musl-", "ld-linux", "ld64.so."].iter().any(|start| name.starts_with(start));
        let is_loader = |name: &str| starts(name) && name.contains(".so");
        let paths = ["lib", "lib64"].into_iter().filter_map(|folder| self.tree.resolve(&folder.parse().ok()?).ok());
        let mut found = paths.flat_map(|folder| {
            let inside = self.tree.within(&folder).map(|node| &node.entry.path);
            inside.filter(move |path| path.parent().as_ref() == Some(&folder)).map(|path| path.to_string())
        });
        let name = loader.rsplit('/').next().unwrap_or_default();
        found.find(|path| path.rsplit('/').next().is_some_and(|found| is_loader(found) && found != name))
    }
}

impl Files for Image<'_> {
    fn find(&self, path: &str) -> Option<EntryPath> {
        // Up from a folder that is a link means up from where it leads to, which the path itself does not say.
        let path = if path.split('/').any(|part| part == "..") { flatten(path) } else { path.to_owned() };
        let real = self.tree.resolve(&path.parse().ok()?).ok()?;
        let in_tree = matches!(self.tree.get(&real)?.entry.kind, Kind::File(_) | Kind::HardLink(_));
        in_tree.then_some(real)
    }

    fn linked(&self, path: &EntryPath) -> Option<Arc<Linked>> {
        if let Some(known) = self.read.borrow().get(path) {
            return known.clone();
        }
        let linked = match self.tree.get(path)?.segment {
            Segment::Base => self.base.libraries.get(path).cloned(),
            _ => self.contents(path.as_str()).and_then(|contents| Linked::read(&contents)).map(Arc::new),
        };
        self.read.borrow_mut().insert(path.clone(), linked.clone());
        linked
    }

    fn is_unread(&self, path: &EntryPath) -> bool {
        self.tree.get(path).is_some_and(|node| node.segment == Segment::Base) && self.base.unread.contains(path)
    }

    fn text(&self, path: &str) -> Option<String> {
        self.contents(path).map(|contents| String::from_utf8_lossy(&contents).into_owned())
    }

    /// Where there are too many ways to go through, only the usual folders are looked in: a library that is elsewhere is missing then.
    fn listed_folders(&self) -> Vec<String> {
        library_folders(self.tree).unwrap_or_default()
    }
}

/// Takes `..` out of a path, with the name before it.
fn flatten(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
