use super::{ModeChange, TransferError, clean};
use crate::context::Patterns;
use crate::files::{FileNode, Node, NodeKind, Tree};
use crate::glob::Glob;
use consign_oci::layer::EntryPath;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What goes into the image, by path.
pub(crate) type Items = BTreeMap<EntryPath, Node>;

/// Something that a source names.
pub(crate) struct Item {
    /// Its name, for where a folder takes it.
    pub(crate) name: String,
    /// The folder that it keeps above it (`--parents`).
    pub(crate) parents: EntryPath,
    /// The path where it lies.
    pub(crate) path: EntryPath,
}

/// What sources are looked for in.
pub(crate) struct Offer<'a> {
    pub(crate) tree: &'a Tree,
    /// How messages call it.
    pub(crate) name: String,
    /// Returns whether a path is there, but left out.
    pub(crate) left_out: Box<dyn Fn(&EntryPath) -> bool + 'a>,
}

/// How files are put into an image.
pub(crate) struct Placing<'a> {
    /// What the image has already.
    pub(crate) image: &'a Tree,
    /// The destination: an absolute path, ended by a slash if it is to be a folder.
    pub(crate) destination: String,
    /// Who is to have everything; otherwise everything keeps its owner.
    pub(crate) owner: Option<(u32, u32)>,
    pub(crate) mode: Option<ModeChange>,
    /// Whether sources keep the folders that lead to them.
    pub(crate) parents: bool,
    /// What stays out.
    pub(crate) exclude: &'a Patterns,
    /// The time of folders that are made, in seconds since 1970.
    pub(crate) time: u64,
    /// The latest time of what is put there, in seconds since 1970.
    pub(crate) latest: Option<u64>,
}

/// The files of one source: names of the same file stay so, but not those that another source has.
#[derive(Default)]
struct Names(BTreeMap<*const FileNode, Arc<FileNode>>);

impl Names {
    fn own(&mut self, node: &Node) -> Node {
        let NodeKind::File(file) = &node.kind else { return node.clone() };
        let own = self.0.entry(Arc::as_ptr(file)).or_insert_with(|| Arc::new(FileNode::clone(file)));
        Node { kind: NodeKind::File(own.clone()), ..node.clone() }
    }
}

impl Offer<'_> {
    /// Returns what a source names: one thing, or all that its pattern matches.
    pub(crate) fn find(&self, source: &str, parents: bool) -> Result<Vec<Item>, TransferError> {
        // Where `--parents` is written, the folders after `/./` are kept.
        let (above, kept) = match source.split_once("/./") {
            Some((above, kept)) if parents => (above, kept),
            _ => ("", source),
        };
        let whole = if above.is_empty() { kept.to_owned() } else { format!("{above}/{kept}") };
        // A pattern may match nothing; a name names something.
        let paths = if Glob::is_one(&whole) { self.matching(&whole)? } else { vec![clean(&whole)?] };
        let missing = || TransferError::NotFound {
            source_path: source.to_owned(),
            offered: self.name.clone(),
            left_out: clean(&whole).is_ok_and(|path| (self.left_out)(&path)),
        };
        let above = clean(above)?;
        let item = |path: EntryPath| {
            let real = self.tree.resolve(&path, true)?;
            if !real.is_root() && self.tree.get(&real).is_none() {
                return Err(missing());
            }
            let folder = path.parent().filter(|_| parents).unwrap_or_default();
            let kept = folder.as_str().strip_prefix(above.as_str()).unwrap_or_default().parse()?;
            Ok(Item { name: path.name().to_owned(), parents: kept, path: real })
        };
        paths.into_iter().map(item).collect()
    }

    fn matching(&self, written: &str) -> Result<Vec<EntryPath>, TransferError> {
        let cleaned = clean(written)?;
        let glob = Glob::parse(cleaned.as_str()).ok_or_else(|| pattern(written))?;
        let mut found: Vec<EntryPath> = Vec::new();
        for (path, _) in self.tree.within(&EntryPath::default()) {
            // What lies in a folder that matches comes with it.
            let within = found.last().is_some_and(|last| path.is_within(last));
            if !within && glob.matches(path.as_str()) {
                found.push(path.clone());
            }
        }
        Ok(found)
    }
}

/// Removes what lies in a folder that something else takes the place of.
fn remove_below(folder: &EntryPath, items: &mut Items) -> Result<(), TransferError> {
    // No name sorts before this one, so all that lies in the folder follows, and nothing else before its end.
    let start = folder.join("\u{1}")?;
    let below = items.range(start..).take_while(|(path, _)| path.is_within(folder));
    let below: Vec<EntryPath> = below.map(|(path, _)| path.clone()).collect();
    below.iter().for_each(|path| drop(items.remove(path)));
    Ok(())
}

fn pattern(written: &str) -> TransferError {
    TransferError::Pattern { pattern: written.chars().take(200).collect() }
}

impl Placing<'_> {
    /// Adds what a source names.
    pub(crate) fn add(&self, item: &Item, offer: &Tree, items: &mut Items) -> Result<(), TransferError> {
        if !offer.is_directory(&item.path) {
            let Some(node) = offer.get(&item.path).filter(|_| !self.exclude.leave_out(&item.name)) else {
                return Ok(());
            };
            return self.file(&item.parents, &item.name, &Names::default().own(node), items);
        }
        let mut to = self.real_destination()?.join(item.parents.as_str())?;
        if self.parents {
            to = to.join(&item.name)?;
        }
        // Of a folder it is what lies in it that is copied: where it goes is made like any folder that leads to something.
        self.make_folder(&to, items)?;
        let mut names = Names::default();
        for (path, node) in offer.within(&item.path) {
            let rest = path.as_str()[item.path.as_str().len()..].trim_start_matches('/');
            if !self.exclude.leave_out(rest) {
                self.put(to.join(rest)?, &names.own(node), items)?;
            }
        }
        Ok(())
    }

    /// Adds a file of this name.
    pub(crate) fn add_file(&self, name: &str, node: &Node, items: &mut Items) -> Result<(), TransferError> {
        self.file(&EntryPath::default(), name, node, items)
    }

    fn file(&self, parents: &EntryPath, name: &str, node: &Node, items: &mut Items) -> Result<(), TransferError> {
        let to = self.real_destination()?.join(parents.as_str())?;
        let to = if self.takes()? || self.parents { to.join(name)? } else { to };
        self.put(to, node, items)
    }

    /// Puts something from an archive below the destination, which is a folder then. What is there, and is not a folder as the new one is, goes.
    /// `tree` is the image with what was put there already, and gets what is put there now.
    pub(crate) fn replace(
        &self,
        path: &EntryPath,
        node: &Node,
        tree: &mut Tree,
        items: &mut Items,
    ) -> Result<(), TransferError> {
        let destination = self.real_destination()?;
        self.make_folder(&destination, items)?;
        if path.is_root() {
            return Ok(());
        }
        let folder = tree.resolve(&destination.join(path.parent().unwrap_or_default().as_str())?, true)?;
        let to = folder.join(path.name())?;
        self.make_parents(&to, items)?;
        let mut node = node.clone();
        if let Some((uid, gid)) = self.owner {
            (node.uid, node.gid) = (uid, gid);
        }
        if !node.is_directory() {
            remove_below(&to, items)?;
        }
        tree.put(to.clone(), node.clone());
        items.insert(to, node);
        Ok(())
    }

    /// Returns whether the destination is a folder, or is to be one.
    pub(crate) fn takes(&self) -> Result<bool, TransferError> {
        Ok(self.destination.ends_with('/') || self.image.is_directory(&self.real_destination()?))
    }

    fn real_destination(&self) -> Result<EntryPath, TransferError> {
        Ok(self.image.resolve(&self.destination.trim_matches('/').parse()?, true)?)
    }

    /// Puts something at a path.
    fn put(&self, path: EntryPath, node: &Node, items: &mut Items) -> Result<(), TransferError> {
        if matches!(node.kind, NodeKind::Special) {
            return Err(TransferError::Special { source_path: path.as_str().to_owned() });
        }
        let shown = || path.to_string();
        match (self.is_directory(&path, items), node.is_directory()) {
            (true, false) => return Err(TransferError::Directory { path: shown() }),
            (false, true) if items.contains_key(&path) || self.image.get(&path).is_some() => {
                return Err(TransferError::NotDirectory { path: shown() });
            }
            // Folders meet folders: what lies in the one that is there stays.
            (true, true) | (false, _) => {}
        }
        self.make_parents(&path, items)?;
        let mut node = node.clone();
        if let Some(mode) = self.mode.as_ref().filter(|_| !matches!(node.kind, NodeKind::Symlink(_))) {
            node.mode = mode.apply(node.mode, node.is_directory());
        }
        if let Some(owner) = self.owner {
            (node.uid, node.gid) = owner;
        }
        items.insert(path, node);
        Ok(())
    }

    fn make_parents(&self, path: &EntryPath, items: &mut Items) -> Result<(), TransferError> {
        path.parent().map_or(Ok(()), |folder| self.make_folder(&folder, items))
    }

    /// Makes a folder, and those above it, where they are missing.
    fn make_folder(&self, path: &EntryPath, items: &mut Items) -> Result<(), TransferError> {
        let mut folder = Some(path.clone());
        while let Some(above) = folder.filter(|folder| !self.is_directory(folder, items)) {
            if items.contains_key(&above) || self.image.get(&above).is_some() {
                return Err(TransferError::NotDirectory { path: above.to_string() });
            }
            folder = above.parent();
            let (uid, gid) = self.owner.unwrap_or_default();
            items.insert(above, Node { uid, gid, ..Node::directory(self.time) });
        }
        Ok(())
    }

    fn is_directory(&self, path: &EntryPath, items: &Items) -> bool {
        items.get(path).map_or_else(|| self.image.is_directory(path), Node::is_directory)
    }
}
