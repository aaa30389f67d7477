use super::{Mark, Node, NoteKey};
use crate::InventoryError;
use consign_oci::layer::EntryPath;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Most memory that paths, links and kept contents may take, in bytes.
const MEMORY_LIMIT: usize = 256 << 20;
/// Links that are followed in one path (Linux's own limit).
const HOP_LIMIT: usize = 40;
/// Most places that are looked at for one image. An image of a million files takes a few million.
const STEP_LIMIT: u64 = 20_000_000;
/// Bytes of a path that take as long to look at as one place, roughly.
const STEP_SIZE: usize = 128;

struct Placed {
    layer: u32,
    /// Since which layer the same has stood there, however often it was written.
    since: u32,
    node: Node,
    /// Of a file, whatever it says of packages.
    mark: Option<Mark>,
}

/// The links and the interesting files of an image, as they are with all layers so far laid on each other (image-spec, layer.md, "Applying Changesets").
#[derive(Default)]
pub(crate) struct Tree {
    nodes: BTreeMap<String, Placed>,
    layer: u32,
    size: usize,
    steps: u64,
    /// A folder that is no link, nor has one among its parents. Most entries lie in or near the folder of the one before.
    real: String,
}

impl Tree {
    /// Starts the next layer.
    pub(crate) fn begin_layer(&mut self) {
        self.layer += 1;
    }

    /// Returns where a path really is, with the links among its parents followed; its last part is not followed. `None`: a loop, or too long.
    pub(crate) fn place(&mut self, path: &EntryPath) -> Result<Option<EntryPath>, InventoryError> {
        let Some(parent) = path.parent() else { return Ok(Some(path.clone())) };
        Ok(self.follow(&parent)?.and_then(|folder| folder.join(path.name()).ok()))
    }

    /// Returns where a path really is, with all links followed.
    pub(crate) fn follow(&mut self, path: &EntryPath) -> Result<Option<EntryPath>, InventoryError> {
        if !self.has_link(path.as_str())? {
            path.as_str().clone_into(&mut self.real);
            return Ok(Some(path.clone()));
        }
        self.walk(path.as_str())
    }

    /// Returns where a path as programs have it really is: it may lead up from a folder that is a link.
    pub(crate) fn walk(&mut self, path: &str) -> Result<Option<EntryPath>, InventoryError> {
        let mut pending: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
        let mut reached = String::new();
        let mut hops = 0;
        while let Some(part) = pending.pop() {
            self.step(1)?;
            let folder = match part.as_str() {
                "" | "." => continue,
                // The root's parent is the root.
                ".." => {
                    reached.truncate(reached.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => reached.len(),
            };
            if folder > 0 {
                reached.push('/');
            }
            reached.push_str(&part);
            self.step(reached.len() / STEP_SIZE)?;
            let Some(target) = self.link(&reached) else { continue };
            hops += 1;
            if hops > HOP_LIMIT {
                return Ok(None);
            }
            reached.truncate(if target.starts_with('/') { 0 } else { folder });
            pending.extend(target.rsplit('/').map(str::to_owned));
        }
        Ok(reached.parse().ok())
    }

    fn has_link(&mut self, path: &str) -> Result<bool, InventoryError> {
        let known = shared(&self.real, path);
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        for end in ends.skip_while(|end| *end <= known) {
            self.step(1 + end / STEP_SIZE)?;
            if self.link(&path[..end]).is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn link(&self, path: &str) -> Option<&str> {
        match self.nodes.get(path) {
            Some(Placed { node: Node::Symlink(target), .. }) => Some(target),
            _ => None,
        }
    }

    /// Counts places that are looked at: paths, and the folders that whiteouts empty, can be made so that little is read and much to do.
    fn step(&mut self, count: usize) -> Result<(), InventoryError> {
        self.steps = self.steps.saturating_add(count as u64);
        if self.steps > STEP_LIMIT {
            return Err(InventoryError::Steps { limit: STEP_LIMIT });
        }
        Ok(())
    }

    /// Returns what stands at this very place.
    pub(crate) fn get(&self, place: &EntryPath) -> Option<&Node> {
        self.nodes.get(place.as_str()).map(|placed| &placed.node).filter(|node| **node != Node::Plain)
    }

    /// Returns the file that stands at this very place, if it is kept.
    pub(crate) fn file(&self, place: &EntryPath) -> Option<Mark> {
        self.nodes.get(place.as_str())?.mark
    }

    /// Returns all files that are kept, by place.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, Mark)> {
        self.nodes.iter().filter_map(|(path, placed)| Some((path.as_str(), placed.mark?)))
    }

    /// Returns what stands at this very place, for another name of it.
    pub(crate) fn original(&self, place: &EntryPath) -> Option<(Node, Option<Mark>)> {
        self.nodes.get(place.as_str()).map(|placed| (placed.node.clone(), placed.mark))
    }

    /// Returns all files of which something is to be said, by place, each with the number of the layer since which it says the same, counted from 0.
    pub(crate) fn noted(&self) -> impl Iterator<Item = (&str, u32, Option<NoteKey>)> {
        self.nodes.iter().filter_map(|(path, placed)| match placed.node {
            Node::Noted(key) => Some((path.as_str(), placed.since.saturating_sub(1), Some(key))),
            Node::Unread => Some((path.as_str(), placed.since.saturating_sub(1), None)),
            Node::Symlink(_) | Node::Silent | Node::Plain => None,
        })
    }

    /// Returns the numbers of two layers, counted from 0: of that since which the same has stood at this very place, and of that which wrote it last.
    pub(crate) fn layers_of(&self, place: &str) -> Option<(u32, u32)> {
        self.nodes.get(place).map(|placed| (placed.since.saturating_sub(1), placed.layer.saturating_sub(1)))
    }

    /// Returns the places directly in a folder that hold something kept.
    pub(crate) fn list(&self, folder: &EntryPath) -> Vec<EntryPath> {
        self.below(folder.as_str())
            .filter(|(_, placed)| placed.node != Node::Plain)
            .filter_map(|(path, _)| path.parse().ok())
            .filter(|path: &EntryPath| path.parent().as_ref() == Some(folder))
            .collect()
    }

    /// Returns the files directly in a folder that are kept, in order, of so many that are looked at in it and below; and how many were.
    pub(crate) fn names_in(&self, folder: &EntryPath, limit: usize) -> (Vec<&str>, usize) {
        let start = if folder.is_root() { 0 } else { folder.as_str().len() + 1 };
        let mut seen = 0;
        let names = self
            .below(folder.as_str())
            .take(limit)
            .inspect(|_| seen += 1)
            .filter(|(_, placed)| placed.mark.is_some() || matches!(placed.node, Node::Symlink(_)))
            .map(|(path, _)| path.as_str())
            .filter(|path| path.get(start..).is_some_and(|name| !name.contains('/')))
            .collect();
        (names, seen)
    }

    /// Puts something at a place, in place of all that was there and below, and says whether it is the same that was there.
    pub(crate) fn put_as(
        &mut self,
        place: &EntryPath,
        node: Node,
        mark: Option<Mark>,
        is_same: impl FnOnce(&Node, Option<Mark>) -> bool,
    ) -> Result<(), InventoryError> {
        let before = self.nodes.get(place.as_str()).filter(|before| is_same(&before.node, before.mark));
        let since = before.map_or(self.layer, |before| before.since);
        self.clear(place)?;
        if shared(&self.real, place.as_str()) == place.as_str().len() {
            self.real.clear();
        }
        self.size += node.size(place.as_str());
        if self.size > MEMORY_LIMIT {
            return Err(InventoryError::Links { limit: MEMORY_LIMIT });
        }
        self.nodes.insert(place.as_str().to_owned(), Placed { layer: self.layer, since, node, mark });
        Ok(())
    }

    /// Puts a folder at a place: it replaces a link or file, and joins a folder.
    pub(crate) fn put_folder(&mut self, place: &EntryPath) {
        self.remove(place.as_str());
    }

    /// Puts something at a place that no cataloguer reads.
    pub(crate) fn clear(&mut self, place: &EntryPath) -> Result<(), InventoryError> {
        self.remove_below(place, u32::MAX)?;
        self.remove(place.as_str());
        Ok(())
    }

    /// Hides what lower layers have at a place and below.
    pub(crate) fn white_out(&mut self, place: &EntryPath) -> Result<(), InventoryError> {
        self.white_out_below(place)?;
        if self.nodes.get(place.as_str()).is_some_and(|placed| placed.layer < self.layer) {
            self.remove(place.as_str());
        }
        Ok(())
    }

    /// Hides what lower layers have below a place.
    pub(crate) fn white_out_below(&mut self, place: &EntryPath) -> Result<(), InventoryError> {
        self.remove_below(place, self.layer)
    }

    fn remove_below(&mut self, place: &EntryPath, before_layer: u32) -> Result<(), InventoryError> {
        let mut seen = 0;
        let gone: Vec<String> = self
            .below(place.as_str())
            .inspect(|_| seen += 1)
            .filter(|(_, placed)| placed.layer < before_layer)
            .map(|(path, _)| path.clone())
            .collect();
        gone.iter().for_each(|path| self.remove(path));
        self.step(seen)
    }

    fn remove(&mut self, path: &str) {
        if let Some(placed) = self.nodes.remove(path) {
            self.size -= placed.node.size(path);
        }
    }

    fn below(&self, path: &str) -> impl Iterator<Item = (&String, &Placed)> {
        // `0` is the character after `/`, so these bounds hold exactly the paths that start with `path/`.
        let (start, end) = match path {
            "" => (Bound::Unbounded, Bound::Unbounded),
            path => (Bound::Included(format!("{path}/")), Bound::Excluded(format!("{path}0"))),
        };
        self.nodes.range((start, end))
    }
}

/// Returns how many bytes of a path are a folder that another path lies in, or is, too.
fn shared(one: &str, other: &str) -> usize {
    let is_end = |path: &str, end: usize| matches!(path.as_bytes().get(end), None | Some(b'/'));
    let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    if is_end(one, same) && is_end(other, same) {
        same
    } else {
        one.as_bytes()[..same].iter().rposition(|byte| *byte == b'/').unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> EntryPath {
        text.parse().unwrap()
    }

    impl Tree {
        fn put(&mut self, place: &EntryPath, node: Node) -> Result<(), InventoryError> {
            self.put_as(place, node, None, |_, _| false)
        }
    }

    fn tree(links: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::default();
        links.iter().for_each(|(place, target)| tree.put(&path(place), Node::Symlink((*target).to_owned())).unwrap());
        tree
    }

    #[test]
    fn follows_links() {
        let mut tree = tree(&[
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
            assert_eq!(tree.follow(&path(text)).unwrap(), expected.map(path), "{text}");
        }
        assert_eq!(tree.place(&path("lib/x")).unwrap(), Some(path("usr/lib/x")));
        assert_eq!(tree.place(&path("lib")).unwrap(), Some(path("lib")));
    }

    #[test]
    fn replaces_and_hides() {
        let mut tree = tree(&[("a", "1"), ("b/c", "2"), ("b/d", "3"), ("b-e", "4")]);
        tree.put_folder(&path("b"));
        assert_eq!(tree.list(&path("b")), [path("b/c"), path("b/d")]);
        tree.begin_layer();
        tree.put(&path("b/e"), Node::Unread).unwrap();
        tree.white_out_below(&path("b")).unwrap();
        assert_eq!(tree.list(&path("b")), [path("b/e")]);
        tree.white_out(&path("b/e")).unwrap();
        assert_eq!(tree.list(&path("b")), [path("b/e")]);
        tree.clear(&path("b")).unwrap();
        assert!(tree.list(&path("b")).is_empty());
        tree.white_out(&path("a")).unwrap();
        assert!(tree.get(&path("a")).is_none());
        assert_eq!(tree.list(&path("")), [path("b-e")]);
        tree.clear(&path("b-e")).unwrap();
        assert_eq!(tree.size, 0);
    }

    #[test]
    fn what_became_a_link_is_no_folder_any_more() {
        let mut tree = Tree::default();
        for (text, expected) in [("a/b/c", "a/b/c"), ("a/bc/d", "a/bc/d"), ("a/b", "a/b"), ("a/b/c/d", "a/b/c/d")] {
            assert_eq!(tree.follow(&path(text)).unwrap(), Some(path(expected)));
        }
        tree.put(&path("a/b/x"), Node::Symlink("y".to_owned())).unwrap();
        assert_eq!(tree.follow(&path("a/b/x/c")).unwrap(), Some(path("a/b/y/c")));
        assert_eq!(tree.follow(&path("a/b/c/d")).unwrap(), Some(path("a/b/c/d")));
        tree.put(&path("a/b"), Node::Symlink("z".to_owned())).unwrap();
        assert_eq!(tree.follow(&path("a/b/c/d")).unwrap(), Some(path("a/z/c/d")));
        for (one, other, expected) in [
            ("", "a", 0),
            ("a", "a", 1),
            ("a", "a/b", 1),
            ("a/b", "a", 1),
            ("a/bc", "a/b", 1),
            ("ab", "ac", 0),
            ("a/b/c", "a/b/d", 3),
        ] {
            assert_eq!(shared(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn files_of_a_folder_take_few_steps() {
        let mut tree = Tree::default();
        let deep = ["x"; 1000].join("/");
        for number in 0..1000 {
            tree.place(&path(&format!("{deep}/{number}"))).unwrap();
        }
        assert!(tree.steps < 20_000, "{}", tree.steps);
    }
}
