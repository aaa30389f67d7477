use super::offer::below;
use super::{Item, ModeChange, TransferError};
use crate::context::Patterns;
use crate::files::{FileNode, Node, NodeKind, Tree};
use consign_oci::layer::EntryPath;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What goes into the image, by path.
pub(crate) type Items = BTreeMap<EntryPath, Node>;

/// How files are put into an image.
pub(crate) struct Placing<'a> {
    /// What the image has already.
    pub(crate) image: &'a Tree,
    /// The destination: an absolute path, ended by a slash if it is to be a folder.
    pub(crate) destination: String,
    /// Who is to have everything; otherwise everything keeps its owner.
    pub(crate) owner: Option<(u32, u32)>,
    pub(crate) mode: Option<ModeChange>,
    /// Whether sources keep the folders that lead to them: the destination is a folder then.
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

/// Removes what lies in a folder that something else takes the place of.
fn remove_below(folder: &EntryPath, items: &mut Items) -> Result<(), TransferError> {
    // No name sorts before this one, so all that lies in the folder follows, and nothing else before its end.
    let start = folder.join("\u{1}")?;
    let below = items.range(start..).take_while(|(path, _)| path.is_within(folder));
    let below: Vec<EntryPath> = below.map(|(path, _)| path.clone()).collect();
    below.iter().for_each(|path| drop(items.remove(path)));
    Ok(())
}

impl Placing<'_> {
    /// Adds what a source names.
    pub(crate) fn add(&self, item: &Item, offer: &Tree, items: &mut Items) -> Result<(), TransferError> {
        if let Some(from) = &item.kept_from {
            return self.add_with_parents(item, from, offer, items);
        }
        if !offer.is_directory(&item.path) {
            let Some(node) = offer.get(&item.path).filter(|_| !self.exclude.leave_out(&item.name)) else {
                return Ok(());
            };
            return self.add_file(&item.name, &Names::default().own(node), items);
        }
        // Of a folder it is what lies in it that is copied: where it goes is made like any folder that leads to something.
        let to = self.make_destination(items)?;
        self.put_all(&item.path, &item.path, &to, offer, items)
    }

    /// Adds something with the folders above it, as they are, from one on.
    fn add_with_parents(
        &self,
        item: &Item,
        from: &EntryPath,
        offer: &Tree,
        items: &mut Items,
    ) -> Result<(), TransferError> {
        let to = self.make_destination(items)?;
        let kept = below(from, &item.path);
        if let Some(node) = offer.get(&item.path).filter(|_| !kept.is_empty() && !self.exclude.leave_out(kept)) {
            self.keep_folders(kept, from, &to, offer, items)?;
            self.put(to.join(kept)?, &Names::default().own(node), items)?;
        }
        self.put_all(&item.path, from, &to, offer, items)
    }

    /// Adds what lies in a folder; paths begin at another, or at the same.
    fn put_all(
        &self,
        folder: &EntryPath,
        from: &EntryPath,
        to: &EntryPath,
        offer: &Tree,
        items: &mut Items,
    ) -> Result<(), TransferError> {
        let mut names = Names::default();
        // Most of what follows lies in the same folder.
        let mut last = None;
        for (path, node) in offer.within(folder) {
            let kept = below(from, path);
            if !self.exclude.leave_out(kept) {
                let above = kept.rsplit_once('/').map(|(folders, _)| folders);
                if above != last {
                    self.keep_folders(kept, from, to, offer, items)?;
                    last = above;
                }
                self.put(to.join(kept)?, &names.own(node), items)?;
            }
        }
        Ok(())
    }

    /// Adds the folders that lead to something, as they are. Those that the image has keep all but their mode, as BuildKit has it.
    fn keep_folders(
        &self,
        kept: &str,
        from: &EntryPath,
        to: &EntryPath,
        offer: &Tree,
        items: &mut Items,
    ) -> Result<(), TransferError> {
        let Some((folders, _)) = kept.rsplit_once('/') else { return Ok(()) };
        if items.contains_key(&to.join(folders)?) {
            return Ok(());
        }
        for (end, _) in kept.match_indices('/') {
            let path = to.join(&kept[..end])?;
            let Some(node) = offer.get(&from.join(&kept[..end])?).filter(|_| !items.contains_key(&path)) else {
                continue;
            };
            match self.image.get(&path).filter(|there| there.is_directory()) {
                Some(there) => drop(items.insert(path, Node { mode: node.mode, ..there.clone() })),
                None => self.put(path, node, items)?,
            }
        }
        Ok(())
    }

    /// Adds a file of this name.
    pub(crate) fn add_file(&self, name: &str, node: &Node, items: &mut Items) -> Result<(), TransferError> {
        let to = self.real_destination()?;
        let to = if self.is_folder()? { to.join(name)? } else { to };
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
        let destination = self.make_destination(items)?;
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

    /// Returns whether several things can go to the destination.
    pub(crate) fn takes(&self) -> Result<bool, TransferError> {
        Ok(self.parents || self.is_folder()?)
    }

    /// Returns whether the destination is a folder, or is to be one, whatever goes there.
    fn is_folder(&self) -> Result<bool, TransferError> {
        Ok(self.destination.ends_with('/') || self.image.is_directory(&self.real_destination()?))
    }

    fn real_destination(&self) -> Result<EntryPath, TransferError> {
        Ok(self.image.resolve(&self.destination.trim_matches('/').parse()?, true)?)
    }

    /// Makes the destination, which is a folder.
    fn make_destination(&self, items: &mut Items) -> Result<EntryPath, TransferError> {
        let destination = self.real_destination()?;
        self.make_folder(&destination, items)?;
        Ok(destination)
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
