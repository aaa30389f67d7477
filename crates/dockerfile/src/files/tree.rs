use super::{FileNode, FilesError, Lies, Listed, ListedKind, Listing, Node, NodeKind};
use consign_oci::layer::EntryPath;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// Most symbolic links that are followed on the way to one path (Linux `MAXSYMLINKS`).
const LINK_LIMIT: usize = 40;

/// A file system: what a container of some layers has, or what lies in a context.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// What lies in a folder is here only if the folder is, too, as a folder. The root is not.
    nodes: BTreeMap<EntryPath, Node>,
}

impl Tree {
    pub(crate) fn get(&self, path: &EntryPath) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// Returns whether there is a folder at a path, links not followed.
    pub(crate) fn is_directory(&self, path: &EntryPath) -> bool {
        path.is_root() || self.get(path).is_some_and(Node::is_directory)
    }

    /// Puts a node at its path, in place of whatever is there. Folders above it that are missing are made.
    pub(crate) fn put(&mut self, path: EntryPath, node: Node) {
        if path.is_root() {
            return;
        }
        let stays = node.is_directory() && self.is_directory(&path);
        if !stays && self.nodes.contains_key(&path) {
            self.remove(&path, true);
        }
        let mut folder = path.parent();
        while let Some(above) = folder.filter(|folder| !self.is_directory(folder)) {
            folder = above.parent();
            self.nodes.insert(above, Node::directory(node.mtime));
        }
        self.nodes.insert(path, node);
    }

    /// Returns what lies in a folder, at any depth, in order of path.
    pub(crate) fn within(&self, folder: &EntryPath) -> impl Iterator<Item = (&EntryPath, &Node)> {
        let prefix = if folder.is_root() { String::new() } else { format!("{}/", folder.as_str()) };
        // No name sorts before this one, so all that lies in the folder follows, and nothing else before its end.
        let start = folder.join("\u{1}").unwrap_or_else(|_| folder.clone());
        self.nodes.range(start..).take_while(move |(path, _)| path.as_str().starts_with(&prefix))
    }

    /// Returns the real path of `path`: every symbolic link on the way is followed, and with `last` the one at its end, too.
    pub(crate) fn resolve(&self, path: &EntryPath, last: bool) -> Result<EntryPath, FilesError> {
        let mut left: Vec<String> = path.as_str().rsplit('/').map(str::to_owned).collect();
        let (mut done, mut links) = (EntryPath::default(), 0);
        let too_long = || FilesError::Loop { path: path.as_str().to_owned() };
        while let Some(part) = left.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    done = done.parent().unwrap_or_default();
                    continue;
                }
                _ => {}
            }
            let here = done.join(&part).map_err(|_| too_long())?;
            let follows = last || !left.is_empty();
            let Some(NodeKind::Symlink(target)) = self.get(&here).map(|node| &node.kind).filter(|_| follows) else {
                done = here;
                continue;
            };
            links += 1;
            if links > LINK_LIMIT {
                return Err(too_long());
            }
            if target.starts_with('/') {
                done = EntryPath::default();
            }
            left.extend(target.rsplit('/').map(str::to_owned));
        }
        Ok(done)
    }

    /// Does what a layer does. `layer` is its place in the image.
    pub(crate) fn apply(&mut self, listing: &Listing, layer: usize) {
        // What a layer removes lies below it, wherever in it that is said.
        for member in &listing.members {
            let Some(path) = self.place(member) else { continue };
            match member.kind {
                ListedKind::Remove => self.remove(&path, true),
                ListedKind::RemoveWithin => self.remove(&path, false),
                _ => {}
            }
        }
        for (place, member) in listing.members.iter().enumerate() {
            let Some(path) = self.place(member) else { continue };
            let Listed { mode, uid, gid, mtime, .. } = *member;
            let kind = match &member.kind {
                ListedKind::File { size, digest, text } => {
                    let lies = Lies::InLayer { layer, member: place, digest: *digest };
                    let text = text.clone().map(OnceLock::from).unwrap_or_default();
                    NodeKind::File(Arc::new(FileNode { size: *size, lies, text }))
                }
                ListedKind::Directory => NodeKind::Directory,
                ListedKind::Symlink(target) => NodeKind::Symlink(target.clone()),
                ListedKind::Fifo => NodeKind::Fifo,
                ListedKind::Device(device) => NodeKind::Device(*device),
                ListedKind::Special => NodeKind::Special,
                ListedKind::HardLink(target) => {
                    let target = target.parse().ok().and_then(|target| self.resolve(&target, false).ok());
                    match target.and_then(|target| self.get(&target)).map(|node| node.kind.clone()) {
                        Some(kind) if !matches!(kind, NodeKind::Directory) => kind,
                        _ => continue,
                    }
                }
                ListedKind::Remove | ListedKind::RemoveWithin => continue,
            };
            let attributes = member.attributes.clone();
            self.put(path, Node { kind, mode, uid, gid, mtime, attributes });
        }
    }

    /// Returns where a member goes: through links on the way, as engines unpack it. What lies in a loop of links is nowhere.
    fn place(&self, member: &Listed) -> Option<EntryPath> {
        self.resolve(&member.path.parse().ok()?, false).ok()
    }

    /// Removes what lies in a folder, and with `itself` the folder, or what else is at its path.
    fn remove(&mut self, path: &EntryPath, itself: bool) {
        let gone: Vec<EntryPath> = self.within(path).map(|(path, _)| path.clone()).collect();
        for path in gone.iter().chain(itself.then_some(path)) {
            self.nodes.remove(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> EntryPath {
        text.parse().unwrap()
    }

    fn listing(members: &[(&str, ListedKind)]) -> Listing {
        let listed = |(path, kind): &(&str, ListedKind)| Listed {
            path: (*path).to_owned(),
            kind: kind.clone(),
            mode: 0o755,
            uid: 0,
            gid: 0,
            mtime: 7,
            attributes: BTreeMap::new(),
        };
        Listing { members: members.iter().map(listed).collect() }
    }

    fn file() -> ListedKind {
        ListedKind::File { size: 1, digest: blake3::hash(b"x"), text: None }
    }

    fn paths(tree: &Tree) -> Vec<&str> {
        tree.nodes.keys().map(EntryPath::as_str).collect()
    }

    #[test]
    fn layers_lie_over_each_other() {
        let mut tree = Tree::default();
        let link = || ListedKind::Symlink("usr/lib".to_owned());
        let below = [("usr/lib", ListedKind::Directory), ("lib", link()), ("usr/lib/a", file()), ("d/x/y", file())];
        tree.apply(&listing(&below), 0);
        assert_eq!(paths(&tree), ["d", "d/x", "d/x/y", "lib", "usr", "usr/lib", "usr/lib/a"]);
        let above = [
            ("lib/b", file()),
            ("c", ListedKind::HardLink("lib/a".to_owned())),
            // What stands in the same layer stays, wherever in it the removal is said.
            ("d/new", file()),
            ("d", ListedKind::RemoveWithin),
            ("usr/lib/a", ListedKind::Remove),
        ];
        tree.apply(&listing(&above), 1);
        assert_eq!(paths(&tree), ["d", "d/new", "lib", "usr", "usr/lib", "usr/lib/b"]);
        tree.apply(&listing(&[("d", file()), ("usr/lib/b/c", file())]), 2);
        assert_eq!(paths(&tree), ["d", "lib", "usr", "usr/lib", "usr/lib/b", "usr/lib/b/c"]);
    }

    #[test]
    fn links_are_followed_within_the_root() {
        let mut tree = Tree::default();
        let link = |target: &str| ListedKind::Symlink(target.to_owned());
        let members = [("a/b", ListedKind::Directory), ("l", link("/a")), ("m", link("../../l/b")), ("o", link("o"))];
        tree.apply(&listing(&members), 0);
        for (from, last, to) in [("l/b", true, "a/b"), ("m", true, "a/b"), ("m", false, "m"), ("m/x", false, "a/b/x")] {
            assert_eq!(tree.resolve(&path(from), last).unwrap(), path(to), "{from}");
        }
        assert!(tree.resolve(&path("o/x"), false).is_err());
    }
}
