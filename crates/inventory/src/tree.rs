use crate::InventoryError;
use bytes::Bytes;
use consign_oci::layer::EntryPath;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Most memory that paths, links and kept contents may take, in bytes.
const MEMORY_LIMIT: usize = 512 << 20;
/// Memory of one node beside its texts, roughly, in bytes.
const NODE_SIZE: usize = 128;
/// Links that are followed in one path (Linux's own limit).
const HOP_LIMIT: usize = 40;

/// What stands at a path. Folders, and files that no cataloguer reads, are not kept: all that matters about them is what they replace.
#[derive(Clone)]
pub(crate) enum Node {
    /// A link with this target, as written.
    Symlink(String),
    /// A file with these contents.
    Kept(Bytes),
    /// A file that a cataloguer would read, but whose contents are not at hand.
    Unkept,
}

impl Node {
    fn size(&self, path: &str) -> usize {
        let own = match self {
            Self::Symlink(target) => target.len(),
            Self::Kept(contents) => contents.len(),
            Self::Unkept => 0,
        };
        NODE_SIZE + path.len() + own
    }
}

struct Placed {
    layer: u32,
    node: Node,
}

/// The links and the interesting files of an image, as they are with all layers so far laid on each other (image-spec, layer.md, "Applying Changesets").
#[derive(Default)]
pub(crate) struct Tree {
    nodes: BTreeMap<String, Placed>,
    layer: u32,
    size: usize,
}

impl Tree {
    /// Starts the next layer.
    pub(crate) fn begin_layer(&mut self) {
        self.layer += 1;
    }

    /// Returns where a path really is, with the links among its parents followed; its last part is not followed. `None`: a loop, or too long.
    pub(crate) fn place(&self, path: &EntryPath) -> Option<EntryPath> {
        let Some(parent) = path.parent() else { return Some(path.clone()) };
        self.follow(&parent)?.join(path.name()).ok()
    }

    /// Returns where a path really is, with all links followed.
    pub(crate) fn follow(&self, path: &EntryPath) -> Option<EntryPath> {
        if !self.has_link(path.as_str()) {
            return Some(path.clone());
        }
        let mut pending: Vec<String> = path.as_str().rsplit('/').map(str::to_owned).collect();
        let mut reached: Vec<String> = Vec::new();
        let mut hops = 0;
        while let Some(part) = pending.pop() {
            match part.as_str() {
                "" | "." => continue,
                // The root's parent is the root.
                ".." => {
                    reached.pop();
                    continue;
                }
                _ => reached.push(part),
            }
            let Some(Placed { node: Node::Symlink(target), .. }) = self.nodes.get(&reached.join("/")) else { continue };
            hops += 1;
            if hops > HOP_LIMIT {
                return None;
            }
            reached.pop();
            if target.starts_with('/') {
                reached.clear();
            }
            pending.extend(target.rsplit('/').map(str::to_owned));
        }
        reached.join("/").parse().ok()
    }

    fn has_link(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        ends.into_iter().any(|end| matches!(self.nodes.get(&path[..end]), Some(Placed { node: Node::Symlink(_), .. })))
    }

    /// Returns what stands at this very place.
    pub(crate) fn get(&self, place: &EntryPath) -> Option<&Node> {
        self.nodes.get(place.as_str()).map(|placed| &placed.node)
    }

    /// Returns the places directly in a folder that hold something kept.
    pub(crate) fn list(&self, folder: &EntryPath) -> Vec<EntryPath> {
        self.below(folder.as_str())
            .filter_map(|path| path.parse().ok())
            .filter(|path: &EntryPath| path.parent().as_ref() == Some(folder))
            .collect()
    }

    /// Puts something at a place, in place of all that was there and below.
    pub(crate) fn put(&mut self, place: &EntryPath, node: Node) -> Result<(), InventoryError> {
        self.clear(place);
        self.size += node.size(place.as_str());
        if self.size > MEMORY_LIMIT {
            return Err(InventoryError::Links { limit: MEMORY_LIMIT });
        }
        self.nodes.insert(place.as_str().to_owned(), Placed { layer: self.layer, node });
        Ok(())
    }

    /// Puts a folder at a place: it replaces a link or file, and joins a folder.
    pub(crate) fn put_folder(&mut self, place: &EntryPath) {
        self.remove(place.as_str());
    }

    /// Puts something at a place that no cataloguer reads.
    pub(crate) fn clear(&mut self, place: &EntryPath) {
        self.remove_below(place, u32::MAX);
        self.remove(place.as_str());
    }

    /// Hides what lower layers have at a place and below.
    pub(crate) fn white_out(&mut self, place: &EntryPath) {
        self.white_out_below(place);
        if self.nodes.get(place.as_str()).is_some_and(|placed| placed.layer < self.layer) {
            self.remove(place.as_str());
        }
    }

    /// Hides what lower layers have below a place.
    pub(crate) fn white_out_below(&mut self, place: &EntryPath) {
        self.remove_below(place, self.layer);
    }

    fn remove_below(&mut self, place: &EntryPath, before_layer: u32) {
        let gone: Vec<String> = self
            .below(place.as_str())
            .filter(|path| self.nodes.get(*path).is_some_and(|placed| placed.layer < before_layer))
            .cloned()
            .collect();
        gone.iter().for_each(|path| self.remove(path));
    }

    fn remove(&mut self, path: &str) {
        if let Some(placed) = self.nodes.remove(path) {
            self.size -= placed.node.size(path);
        }
    }

    fn below(&self, path: &str) -> impl Iterator<Item = &String> {
        // `0` is the character after `/`, so these bounds hold exactly the paths that start with `path/`.
        let (start, end) = match path {
            "" => (Bound::Unbounded, Bound::Unbounded),
            path => (Bound::Included(format!("{path}/")), Bound::Excluded(format!("{path}0"))),
        };
        self.nodes.range((start, end)).map(|(path, _)| path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> EntryPath {
        text.parse().unwrap()
    }

    fn tree(links: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        links.iter().for_each(|(place, target)| tree.put(&path(place), Node::Symlink((*target).to_owned())).unwrap());
        tree
    }

    #[test]
    fn follows_links() {
        let tree = tree(&[
            ("lib", "usr/lib"),
            ("a/up", "../../../etc"),
            ("usr/lib/x", "/b/y"),
            ("b/y", "z/"),
            ("loop", "loop"),
            ("var", "./mnt/var"),
        ]);
        for (text, expected) in [
            ("usr/bin", Some("usr/bin")),
            ("lib/dpkg", Some("usr/lib/dpkg")),
            ("a/up/os-release", Some("etc/os-release")),
            ("lib/x/q", Some("b/z/q")),
            ("var/lib/dpkg", Some("mnt/var/lib/dpkg")),
            ("loop/x", None),
            ("", Some("")),
        ] {
            assert_eq!(tree.follow(&path(text)), expected.map(path), "{text}");
        }
        assert_eq!(tree.place(&path("lib/x")), Some(path("usr/lib/x")));
        assert_eq!(tree.place(&path("lib")), Some(path("lib")));
    }

    #[test]
    fn replaces_and_hides() {
        let mut tree = tree(&[("a", "1"), ("b/c", "2"), ("b/d", "3"), ("b-e", "4")]);
        tree.put_folder(&path("b"));
        assert_eq!(tree.list(&path("b")), [path("b/c"), path("b/d")]);
        tree.begin_layer();
        tree.put(&path("b/e"), Node::Unkept).unwrap();
        tree.white_out_below(&path("b"));
        assert_eq!(tree.list(&path("b")), [path("b/e")]);
        tree.white_out(&path("b/e"));
        assert_eq!(tree.list(&path("b")), [path("b/e")]);
        tree.clear(&path("b"));
        assert!(tree.list(&path("b")).is_empty());
        tree.white_out(&path("a"));
        assert!(tree.get(&path("a")).is_none());
        assert_eq!(tree.list(&path("")), [path("b-e")]);
        tree.clear(&path("b-e"));
        assert_eq!(tree.size, 0);
    }
}
