use bytes::Bytes;
use consign_oci::layer::{Contents, Entry, EntryPath, EntryPathError, Kind};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Most symbolic links that are followed on the way to one path (Linux `MAXSYMLINKS`).
const LINK_LIMIT: usize = 40;

/// Longest target of a symbolic link, in bytes (Linux `PATH_MAX`).
const TARGET_LIMIT: usize = 4096;
/// Largest file that is looked into, in bytes.
pub(crate) const CONTENTS_LIMIT: u64 = 4 << 30;
/// Most work that paths and folders may be to look up, all in all: some seconds. What real packages and images have is a fraction of it.
const WORK_LIMIT: u64 = 20_000_000;
/// So many bytes of a path are as much work as one step of it.
const STEP: usize = 64;

/// Before the name of what a layer removes (image-spec, layer.md, "Whiteouts").
pub(crate) const WHITEOUT: &str = ".wh.";

/// The part of a layer that an entry belongs to. Segments stand in this order, after the folders.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Segment {
    /// What a base image has: it is in the layers below.
    Base,
    /// What a package holds.
    Package(String),
    /// What the builder makes.
    Generated,
    /// The user's own files.
    Files,
}

/// What stands at a path of the image that is being built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) entry: Entry,
    pub(crate) segment: Segment,
}

/// A file system in memory: the image that is being built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    /// What lies in a folder is here only if the folder is, too, as a folder.
    nodes: BTreeMap<EntryPath, Node>,
    /// The further names of files that have some.
    names: BTreeMap<EntryPath, BTreeSet<EntryPath>>,
    work: Work,
}

/// How much there was to look up so far. It makes no tree another.
#[derive(Clone, Debug, Default)]
struct Work(Cell<u64>);

impl PartialEq for Work {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Work {}

impl Tree {
    pub(crate) fn get(&self, path: &EntryPath) -> Option<&Node> {
        self.nodes.get(path)
    }

    pub(crate) fn get_mut(&mut self, path: &EntryPath) -> Option<&mut Node> {
        self.nodes.get_mut(path)
    }

    #[cfg(test)]
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// Returns what lies in a folder, at any depth, in order of path.
    pub(crate) fn within<'tree>(&'tree self, folder: &EntryPath) -> impl Iterator<Item = &'tree Node> + use<'tree> {
        let prefix = if folder.is_root() { String::new() } else { format!("{}/", folder.as_str()) };
        // No name sorts before this one, so all that lies in the folder follows, and nothing else before its end.
        let start = folder.join("\u{1}").unwrap_or_else(|_| folder.clone());
        self.nodes
            .range(start..)
            .skip_while({
                let folder = folder.clone();
                move |(path, _)| **path == folder
            })
            .take_while(move |(path, _)| path.as_str().starts_with(&prefix))
            .map(|(_, node)| node)
    }

    /// Returns what lies right in a folder, in order of path.
    pub(crate) fn children(&self, folder: &EntryPath) -> Result<Vec<&Node>, TreeError> {
        let (mut children, mut looked_at) = (Vec::new(), 0);
        for node in self.within(folder) {
            looked_at += 1;
            if node.entry.path.parent().as_ref() == Some(folder) {
                children.push(node);
            }
        }
        self.charge(looked_at)?;
        Ok(children)
    }

    /// Counts steps of work, and fails from then on when there were too many: what is small can be made to take days.
    pub(crate) fn charge(&self, steps: usize) -> Result<(), TreeError> {
        let work = self.work.0.get().saturating_add(steps as u64);
        self.work.0.set(work);
        if work > WORK_LIMIT { Err(TreeError::TooMuch { limit: WORK_LIMIT }) } else { Ok(()) }
    }

    /// Returns the real path of `path`: every symbolic link on the way, but not at its end, is followed.
    pub(crate) fn resolve_parent(&self, path: &EntryPath) -> Result<EntryPath, TreeError> {
        self.walk(path, false)
    }

    /// Returns the real path of `path`: every symbolic link on the way and at its end is followed.
    pub(crate) fn resolve(&self, path: &EntryPath) -> Result<EntryPath, TreeError> {
        self.walk(path, true)
    }

    /// Returns what is in the file at `path`, links followed.
    pub(crate) fn file(&self, path: &str) -> Result<Option<Bytes>, TreeError> {
        let failed = |source| TreeError::Contents { path: path.to_owned(), source };
        self.contents(path).map(|contents| contents.read(CONTENTS_LIMIT)).transpose().map_err(failed)
    }

    /// Returns the contents of the file at `path`, links followed, wherever they lie.
    pub(crate) fn contents(&self, path: &str) -> Option<&Contents> {
        let path = self.resolve(&path.parse().ok()?).ok()?;
        match &self.nodes.get(&path)?.entry.kind {
            Kind::File(contents) => Some(contents),
            Kind::HardLink(target) => match &self.nodes.get(target)?.entry.kind {
                Kind::File(contents) => Some(contents),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns whether there is something at `path`, a dangling link included.
    pub(crate) fn contains(&self, path: &str) -> bool {
        path.parse()
            .ok()
            .and_then(|path| self.resolve_parent(&path).ok())
            .is_some_and(|path| self.nodes.contains_key(&path))
    }

    /// Returns whether `path` is a folder, links followed.
    pub(crate) fn is_directory(&self, path: &str) -> bool {
        let Some(path) = path.parse().ok().and_then(|path| self.resolve(&path).ok()) else { return false };
        path.is_root() || self.nodes.get(&path).is_some_and(|node| node.entry.kind == Kind::Directory)
    }

    fn walk(&self, path: &EntryPath, follow_last: bool) -> Result<EntryPath, TreeError> {
        let is = |path: &EntryPath, wanted: fn(&Kind) -> bool| {
            self.nodes.get(path).is_some_and(|node| wanted(&node.entry.kind))
        };
        // What lies in a folder is where it seems to be.
        let parent = path.parent().unwrap_or_default();
        let is_there = parent.is_root() || is(&parent, |kind| *kind == Kind::Directory);
        if is_there && !(follow_last && is(path, |kind| matches!(kind, Kind::Symlink(_)))) {
            return Ok(path.clone());
        }
        let mut left: Vec<&str> = path.as_str().rsplit('/').collect();
        let mut done = EntryPath::default();
        let mut links = 0;
        while let Some(part) = left.pop() {
            self.charge(1 + done.as_str().len() / STEP)?;
            match part {
                "." | "" => continue,
                ".." => {
                    done = done.parent().unwrap_or_default();
                    continue;
                }
                _ => {}
            }
            let here = done.join(part)?;
            if left.is_empty() && !follow_last {
                return Ok(here);
            }
            let Some(Kind::Symlink(target)) = self.nodes.get(&here).map(|node| &node.entry.kind) else {
                done = here;
                continue;
            };
            links += 1;
            if links > LINK_LIMIT {
                return Err(TreeError::Loop { path: path.clone() });
            }
            if target.starts_with('/') {
                done = EntryPath::default();
            }
            left.extend(target.rsplit('/'));
        }
        Ok(done)
    }

    /// Puts an entry at its path, through links on the way, in place of a file or link that is there. Missing folders above it are
    /// made: mode 0755, owned by root, of the entry's time. Folders meet folders: the one that is there stays.
    pub(crate) fn put(&mut self, mut entry: Entry, segment: Segment) -> Result<(), TreeError> {
        entry.path = self.resolve_parent(&entry.path)?;
        if entry.path.is_root() {
            return Ok(());
        }
        if let Kind::Symlink(target) = &entry.kind
            && target.len() > TARGET_LIMIT
        {
            return Err(TreeError::Target { path: entry.path });
        }
        if entry.path.name().starts_with(WHITEOUT) {
            return Err(TreeError::Whiteout { path: entry.path });
        }
        self.make_parents(&entry, &segment)?;
        let existing = self.nodes.get(&entry.path).map(|node| node.entry.kind == Kind::Directory);
        match (existing, entry.kind == Kind::Directory) {
            (Some(true), true) => return Ok(()),
            (Some(true), false) => return Err(TreeError::Directory { path: entry.path }),
            (Some(false), true) if self.is_directory(entry.path.as_str()) => return Ok(()),
            (Some(false), true) => return Err(TreeError::NotDirectory { path: entry.path }),
            (Some(false), false) => self.remove(&entry.path),
            (None, _) => {}
        }
        if let Kind::HardLink(target) = &entry.kind {
            self.names.entry(target.clone()).or_default().insert(entry.path.clone());
        }
        self.nodes.insert(entry.path.clone(), Node { entry, segment });
        Ok(())
    }

    fn make_parents(&mut self, entry: &Entry, segment: &Segment) -> Result<(), TreeError> {
        let mut missing = Vec::new();
        let mut folder = entry.path.parent();
        while let Some(path) = folder.filter(|path| !path.is_root()) {
            match self.nodes.get(&path).map(|node| &node.entry.kind) {
                Some(Kind::Directory) => break,
                Some(_) => return Err(TreeError::NotDirectory { path }),
                None => {}
            }
            folder = path.parent();
            missing.push(path);
        }
        let segment = if *segment == Segment::Base { Segment::Base } else { Segment::Generated };
        for path in missing {
            let entry = Entry { mode: 0o755, mtime: entry.mtime, ..Entry::new(path.clone(), Kind::Directory) };
            self.nodes.insert(path, Node { entry, segment: segment.clone() });
        }
        Ok(())
    }

    /// Takes away what is at `path`. Further names of a file keep it.
    pub(crate) fn remove(&mut self, path: &EntryPath) {
        let Some(removed) = self.nodes.remove(path) else { return };
        match &removed.entry.kind {
            Kind::HardLink(target) => {
                if let Some(names) = self.names.get_mut(target) {
                    names.remove(path);
                }
            }
            Kind::File(contents) => {
                let mut names = self.names.remove(path).unwrap_or_default();
                let Some(first) = names.pop_first() else { return };
                for name in &names {
                    if let Some(node) = self.nodes.get_mut(name) {
                        node.entry.kind = Kind::HardLink(first.clone());
                    }
                }
                if let Some(node) = self.nodes.get_mut(&first) {
                    node.entry.kind = Kind::File(contents.clone());
                }
                self.names.insert(first, names);
            }
            _ => {}
        }
    }

    /// Returns the segments of the layer: all folders first, then one for each [`Segment`], each in order of path. Of a base image there are the
    /// folders that lead to something new, as they are there: in a layer that stands alone for a moment, others would be made up.
    pub(crate) fn into_segments(mut self) -> Vec<Vec<Entry>> {
        let mut leads = BTreeSet::new();
        for node in self.nodes.values().filter(|node| node.segment != Segment::Base) {
            let mut folder = node.entry.path.parent();
            while let Some(path) = folder.filter(|path| !leads.contains(path)) {
                folder = path.parent();
                leads.insert(path);
            }
        }
        self.nodes.retain(|path, node| {
            node.segment != Segment::Base || (node.entry.kind == Kind::Directory && leads.contains(path))
        });
        let mut folders = Vec::new();
        let mut rest: BTreeMap<Segment, Vec<Entry>> = BTreeMap::new();
        for node in self.nodes.into_values() {
            match node.entry.kind {
                Kind::Directory => folders.push(node.entry),
                _ => rest.entry(node.segment).or_default().push(node.entry),
            }
        }
        std::iter::once(folders).chain(rest.into_values()).filter(|segment| !segment.is_empty()).collect()
    }
}

/// An entry that does not fit what is there.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// A path has more links than a kernel would follow.
    #[error("too many symbolic links on the way to `{path}`")]
    Loop {
        /// The path.
        path: EntryPath,
    },
    /// A file would replace a folder.
    #[error("`{path}` is a folder")]
    Directory {
        /// The folder.
        path: EntryPath,
    },
    /// A path leads through what is not a folder.
    #[error("`{path}` is not a folder")]
    NotDirectory {
        /// What is in the way.
        path: EntryPath,
    },
    /// In a layer, a name means that another is removed.
    #[error("`{path}` would remove a file of the image: names in a layer do not begin with `{WHITEOUT}`")]
    Whiteout {
        /// The path.
        path: EntryPath,
    },
    /// A link is longer than any that a kernel makes.
    #[error("the target of the link `{path}` has more than {TARGET_LIMIT} bytes")]
    Target {
        /// The link.
        path: EntryPath,
    },
    /// There are too many links and folders on the way to too many paths.
    #[error("links and folders lead to each other in too many ways: given up after {limit} steps")]
    TooMuch {
        /// The most steps that are made.
        limit: u64,
    },
    /// A file cannot be looked into.
    #[error("cannot read the contents of `{path}`")]
    Contents {
        /// Its path in the image.
        path: String,
        /// Why not.
        source: io::Error,
    },
    /// A link leads to what is not a path.
    #[error(transparent)]
    Path(#[from] EntryPathError),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, kind: Kind) -> Entry {
        Entry { mode: 0o644, mtime: 1, ..Entry::new(path.parse().unwrap(), kind) }
    }

    fn file(contents: &'static str) -> Kind {
        Kind::File(contents.as_bytes().into())
    }

    fn tree(entries: &[(&str, Kind)]) -> Tree {
        let mut tree = Tree::default();
        for (path, kind) in entries {
            tree.put(entry(path, kind.clone()), Segment::Package("a".into())).unwrap();
        }
        tree
    }

    #[test]
    fn follows_links_as_a_kernel_does() {
        let tree = tree(&[
            ("usr/bin", Kind::Directory),
            ("bin", Kind::Symlink("usr/bin".into())),
            ("run/x", file("x")),
            ("var/run", Kind::Symlink("/run".into())),
            ("usr/up", Kind::Symlink("../../../run".into())),
            ("a", Kind::Symlink("b".into())),
            ("b", Kind::Symlink("a".into())),
        ]);
        for (path, expected) in
            [("bin/sh", "usr/bin/sh"), ("var/run/x", "run/x"), ("usr/up/x", "run/x"), ("bin", "usr/bin")]
        {
            assert_eq!(tree.resolve(&path.parse().unwrap()).unwrap().as_str(), expected, "{path}");
        }
        assert_eq!(tree.resolve_parent(&"bin".parse().unwrap()).unwrap().as_str(), "bin");
        assert!(matches!(tree.resolve(&"a/c".parse().unwrap()), Err(TreeError::Loop { .. })));
        assert_eq!(tree.file("/var/run/x").unwrap().unwrap(), "x");
        assert!(tree.is_directory("/bin") && !tree.is_directory("/run/x"));
    }

    #[test]
    fn folders_merge_and_nothing_else_does() {
        let mut tree = tree(&[("usr/bin/sh", file("sh"))]);
        assert!(tree.put(entry("usr", Kind::Directory), Segment::Files).is_ok());
        assert!(matches!(tree.put(entry("usr", file("")), Segment::Files), Err(TreeError::Directory { .. })));
        assert!(matches!(
            tree.put(entry("usr/bin/sh/x", file("")), Segment::Files),
            Err(TreeError::NotDirectory { .. })
        ));
        tree.put(entry("usr/bin/sh", file("mine")), Segment::Files).unwrap();
        assert_eq!(tree.file("usr/bin/sh").unwrap().unwrap(), "mine");
    }

    #[test]
    fn nothing_is_hidden() {
        let mut tree = Tree::default();
        for (path, kind) in [("a/.wh.b", file("")), (".wh..wh..opq", file("")), (".wh.c", Kind::Directory)] {
            assert!(matches!(tree.put(entry(path, kind), Segment::Files), Err(TreeError::Whiteout { .. })), "{path}");
        }
        tree.put(entry("a/.whb", file("")), Segment::Files).unwrap();
    }

    #[test]
    fn long_ways_come_to_an_end() {
        let mut tree = tree(&[("a", Kind::Directory), ("l", Kind::Symlink("a/../".repeat(800)))]);
        let put = |tree: &mut Tree, path: String| tree.put(entry(&path, file("")), Segment::Files);
        let last = (0..500_000).find_map(|number| put(&mut tree, format!("l/{number}")).err());
        assert!(matches!(last, Some(TreeError::TooMuch { .. })), "{last:?}");
        let long = entry("m", Kind::Symlink("a/".repeat(2049)));
        assert!(matches!(tree.put(long, Segment::Files), Err(TreeError::Target { .. })));
    }

    #[test]
    fn what_lies_in_real_folders_is_no_work() {
        let mut tree = Tree::default();
        let folder = "d/".repeat(1_000);
        for number in 0..20_000 {
            tree.put(entry(&format!("{folder}{number}"), file("")), Segment::Files).unwrap();
        }
        assert!(tree.work.0.get() < 100_000, "{}", tree.work.0.get());
        let inside: Vec<&str> =
            tree.within(&folder.parse().unwrap()).map(|node| node.entry.path.name()).take(2).collect();
        assert_eq!(inside, ["0", "1"]);
    }

    #[test]
    fn a_folder_holds_what_its_name_and_a_slash_begin() {
        let tree = tree(&[("lib", Kind::Directory), ("lib-x", file("")), ("lib.y/z", file("")), ("lib/a/b", file(""))]);
        let inside = |folder: &str| -> Vec<String> {
            tree.within(&folder.parse().unwrap()).map(|node| node.entry.path.to_string()).collect()
        };
        assert_eq!(inside("lib"), ["/lib/a", "/lib/a/b"]);
        assert_eq!(inside("/").len(), 6);
        let children = tree.children(&"lib".parse().unwrap()).unwrap();
        assert_eq!(children.iter().map(|node| node.entry.path.as_str()).collect::<Vec<_>>(), ["lib/a"]);
    }

    #[test]
    fn many_files_with_one_other_name_are_replaced_at_once() {
        let link = Kind::HardLink("0".parse().unwrap());
        let mut tree = tree(&[("0", file("old")), ("name", link)]);
        // Were all looked through for each, this would take minutes.
        for round in 0..2 {
            for number in 0..60_000 {
                tree.put(entry(&number.to_string(), file("new")), Segment::Files).unwrap();
            }
            assert_eq!(tree.file("name").unwrap().unwrap(), "old", "{round}");
        }
    }

    #[test]
    fn a_replaced_file_lives_on_under_its_other_names() {
        let link = |target: &str| Kind::HardLink(target.parse().unwrap());
        let mut tree = tree(&[("a", file("old")), ("b", link("a")), ("c", link("a"))]);
        tree.put(entry("a", file("new")), Segment::Files).unwrap();
        assert_eq!(tree.file("b").unwrap().unwrap(), "old");
        assert_eq!(tree.get(&"c".parse().unwrap()).unwrap().entry.kind, link("b"));
    }

    #[test]
    fn segments_are_folders_then_packages_then_the_rest() {
        let mut tree = tree(&[("usr/b", file("")), ("usr/a", file(""))]);
        tree.put(entry("etc/g", file("")), Segment::Generated).unwrap();
        tree.put(entry("srv/f", file("")), Segment::Files).unwrap();
        let names: Vec<Vec<String>> =
            tree.into_segments().iter().map(|s| s.iter().map(|e| e.path.to_string()).collect()).collect();
        assert_eq!(names, [vec!["/etc", "/srv", "/usr"], vec!["/usr/a", "/usr/b"], vec!["/etc/g"], vec!["/srv/f"]]);
    }

    #[test]
    fn lists_what_lies_within() {
        let tree = tree(&[("lib/a", file("")), ("lib-x/b", file("")), ("lib/c/d", file("")), ("libz", file(""))]);
        let paths: Vec<&str> = tree.within(&"lib".parse().unwrap()).map(|node| node.entry.path.as_str()).collect();
        assert_eq!(paths, ["lib/a", "lib/c", "lib/c/d"]);
    }
}
