use crate::layer::{Contents, FileFacts, Item, LayerContents};
use crate::merge::{Mark, Tree, Whiteout};
use consign_oci::layer::EntryPath;
use consign_package::elf::{Files, Linked};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Deepest nesting of `include` in `/etc/ld.so.conf`, and most files that it reads.
const INCLUDE_LIMIT: usize = 8;
const FILE_LIMIT: usize = 1000;
/// Most folders that are taken from there.
const FOLDER_LIMIT: usize = 1000;
/// Most names that are held against patterns there.
const NAME_LIMIT: usize = 100_000;

/// The files of an image with all its layers, as whoever runs in it finds them.
pub(super) struct ImageFiles<'a> {
    tree: RefCell<&'a mut Tree>,
    layers: &'a [Arc<LayerContents>],
    /// Whether all programs are kept.
    pub(super) is_complete: bool,
    gave_up: Cell<bool>,
    /// How many names may still be held against patterns.
    names: Cell<usize>,
}

/// A file of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Absent,
    Unread,
    Text(String),
}

impl<'a> ImageFiles<'a> {
    pub(super) fn new(tree: &'a mut Tree, layers: &'a [Arc<LayerContents>], is_complete: bool) -> Self {
        Self { tree: RefCell::new(tree), layers, is_complete, gave_up: Cell::new(false), names: Cell::new(NAME_LIMIT) }
    }

    /// Returns whether links were so many that not all were followed: then nobody knows what is there.
    pub(super) fn gave_up(&self) -> bool {
        self.gave_up.get()
    }

    /// Returns where a path leads.
    pub(super) fn place(&self, path: &str) -> Option<EntryPath> {
        let mut tree = self.tree.borrow_mut();
        let place = match path.parse() {
            Ok(path) => tree.follow(&path),
            Err(_) => tree.walk(path),
        };
        place.unwrap_or_else(|_| {
            self.gave_up.set(true);
            None
        })
    }

    /// Returns the file at this very place.
    pub(super) fn file(&self, place: &EntryPath) -> Option<Mark> {
        self.tree.borrow().file(place)
    }

    /// Returns what is to be known of a file.
    pub(super) fn contents(&self, mark: Mark) -> Option<&'a Contents> {
        self.facts(mark)?.contents.as_ref()
    }

    /// Returns all that was found out about a file.
    pub(super) fn facts(&self, mark: Mark) -> Option<&'a FileFacts> {
        let key = mark.facts?;
        self.layers.get(key.layer as usize)?.files.get(key.note as usize)
    }

    /// Returns the permission bits of files that are not kept: those in the last layer that has one under this very name, unless a later one hides it.
    pub(super) fn modes_of_others(&self, places: &[EntryPath]) -> BTreeMap<EntryPath, u32> {
        // The places, and all folders in which they are.
        let mut wanted: BTreeSet<EntryPath> = BTreeSet::new();
        for place in places {
            let mut above = Some(place.clone());
            while let Some(path) = above.filter(|path| wanted.insert(path.clone())) {
                above = path.parent();
            }
        }
        let mut modes: BTreeMap<EntryPath, u32> = BTreeMap::new();
        // Once through all layers, however many are wanted.
        for layer in self.layers {
            // Whiteouts hide what lower layers have, wherever they stand.
            let mut own = BTreeMap::new();
            for (path, item) in layer.entries.iter() {
                match Whiteout::of(&path) {
                    Ok(Whiteout::Path(hidden) | Whiteout::Folder(hidden)) if wanted.contains(&hidden) => {
                        modes.retain(|place, _| !place.is_within(&hidden));
                    }
                    Ok(Whiteout::None) if wanted.contains(&path) => {
                        let is_folder = item == Item::Directory;
                        modes.retain(|place, _| *place != path && (is_folder || !place.is_within(&path)));
                        match item {
                            Item::File { mode, .. } => _ = own.insert(path, mode),
                            Item::HardLink(_) => _ = own.insert(path, 0),
                            Item::Directory | Item::Symlink(_) | Item::Other => _ = own.remove(&path),
                        }
                    }
                    _ => {}
                }
            }
            modes.append(&mut own);
        }
        modes.retain(|place, _| places.contains(place));
        modes
    }

    /// Reads a file of names. One that is not kept may be there under a name that is not looked for.
    pub(super) fn named(&self, path: &str) -> Named {
        let Some(place) = self.place(path) else { return if self.gave_up() { Named::Unread } else { Named::Absent } };
        match self.file(&place).map(|mark| self.contents(mark)) {
            Some(Some(Contents::Text(text))) => Named::Text(text.clone()),
            Some(_) => Named::Unread,
            None if !self.modes_of_others(std::slice::from_ref(&place)).is_empty() => Named::Unread,
            None => Named::Absent,
        }
    }

    fn read_configuration(&self, path: &str, depth: usize, seen: &mut BTreeSet<String>, folders: &mut Vec<String>) {
        if seen.len() >= FILE_LIMIT || !seen.insert(path.to_owned()) {
            return;
        }
        for line in self.text(path).unwrap_or_default().lines() {
            if folders.len() >= FOLDER_LIMIT {
                return;
            }
            let line = line.split('#').next().unwrap_or_default().trim();
            match line.strip_prefix("include").filter(|rest| rest.starts_with([' ', '\t'])) {
                Some(patterns) if depth > 0 => {
                    // Relative to the folder of the file that says so (ldconfig).
                    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                    let whole = |pattern: &str| match pattern.starts_with('/') {
                        true => pattern.to_owned(),
                        false => format!("{folder}/{pattern}"),
                    };
                    for pattern in patterns.split_whitespace().take(FILE_LIMIT) {
                        for file in self.included(&whole(pattern)) {
                            self.read_configuration(&file, depth - 1, seen, folders);
                        }
                    }
                }
                Some(_) => {}
                None if line.starts_with('/') => folders.push(line.trim_end_matches('/').to_owned()),
                None => {}
            }
        }
    }

    /// Returns the files that a pattern such as `/etc/ld.so.conf.d/*.conf` names, in order.
    fn included(&self, pattern: &str) -> Vec<String> {
        let Some((folder, name)) = pattern.rsplit_once('/') else { return Vec::new() };
        let Some(folder) = self.place(folder) else { return Vec::new() };
        let (start, end) = name.split_once('*').unwrap_or((name, ""));
        let fits = |name: &str| match name.strip_prefix(start) {
            Some(rest) if pattern.contains('*') => rest.ends_with(end),
            Some(rest) => rest.is_empty(),
            None => false,
        };
        let tree = self.tree.borrow();
        let (names, seen) = tree.names_in(&folder, self.names.get());
        // A pattern takes its time even where nothing is.
        self.names.set(self.names.get().saturating_sub(seen + 1));
        let names = names.into_iter().filter(|path| path.rsplit('/').next().is_some_and(fits));
        names.map(str::to_owned).collect()
    }
}

impl Files for ImageFiles<'_> {
    fn find(&self, path: &str) -> Option<EntryPath> {
        let place = self.place(path)?;
        self.file(&place).map(|_| place)
    }

    fn linked(&self, path: &EntryPath) -> Option<Arc<Linked>> {
        match self.contents(self.file(path)?)? {
            Contents::Elf(linked) => Some(Arc::new(Linked::clone(linked))),
            _ => None,
        }
    }

    fn is_unread(&self, path: &EntryPath) -> bool {
        self.file(path).is_some_and(|mark| matches!(self.contents(mark), Some(Contents::Unread)))
    }

    fn text(&self, path: &str) -> Option<String> {
        match self.named(path) {
            Named::Text(text) => Some(text),
            Named::Absent | Named::Unread => None,
        }
    }

    fn listed_folders(&self) -> Vec<String> {
        let mut folders = Vec::new();
        self.read_configuration("etc/ld.so.conf", INCLUDE_LIMIT, &mut BTreeSet::new(), &mut folders);
        folders
    }
}
