use super::databases::Databases;
use super::facts;
use super::{Mark, Node, NoteKey, Tree, Whiteout, logged, stated};
use crate::layer::{EXECUTABLE, FileDigests, FileFacts, FileKind, Item, LayerContents, Note};
use crate::{Catalogue, Distribution, InventoryError, Package, Place};
use consign_oci::ImageConfig;
use consign_oci::layer::EntryPath;
use std::sync::Arc;

const OS_RELEASE: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];
/// Most files that are named because nobody could look into them.
const NAMED_LIMIT: usize = 100;
/// Most programs that are kept only because they can be executed: more are in no image that anybody runs.
const PROGRAM_LIMIT: usize = 200_000;
/// What is said of those.
const UNREAD: &str = "it was not looked into";

/// An image, as its layers so far make it.
#[derive(Default)]
pub(crate) struct Image {
    pub(super) tree: Tree,
    layers: Vec<Arc<LayerContents>>,
    databases: Databases,
    /// How many files were kept only because they can be executed.
    programs: usize,
}

impl Image {
    /// Lays the next layer on those below it.
    pub(crate) fn add(&mut self, layer: Arc<LayerContents>) -> Result<(), InventoryError> {
        self.tree.begin_layer();
        let number = u32::try_from(self.layers.len()).unwrap_or(u32::MAX);
        self.layers.push(Arc::clone(&layer));
        for (path, item) in layer.entries.iter() {
            self.place(&path, item, number)?;
        }
        let mut databases = std::mem::take(&mut self.databases);
        databases.look(self, number)?;
        self.databases = databases;
        Ok(())
    }

    fn place(&mut self, path: &EntryPath, item: Item, layer: u32) -> Result<(), InventoryError> {
        if path.is_root() {
            return Ok(());
        }
        // An engine cannot unpack what lies in a loop of links, so nothing is there.
        let Some(place) = self.tree.place(path)? else { return Ok(()) };
        match Whiteout::of(&place)? {
            Whiteout::Path(hidden) => self.tree.white_out(&hidden),
            Whiteout::Folder(folder) => {
                let folder = self.tree.follow(&folder)?.unwrap_or(folder);
                self.tree.white_out_below(&folder)
            }
            Whiteout::Metadata => Ok(()),
            Whiteout::None => self.put(&place, path, item, layer),
        }
    }

    fn put(&mut self, place: &EntryPath, path: &EntryPath, item: Item, layer: u32) -> Result<(), InventoryError> {
        let kind = FileKind::of(place.as_str());
        let unread = || kind.map(|_| Node::Unread);
        let (node, mark) = match item {
            Item::Directory => {
                self.tree.put_folder(place);
                return Ok(());
            }
            Item::Symlink(target) => (Some(Node::Symlink(target)), None),
            Item::File { mode, note, facts } => {
                let key = |number| NoteKey { layer, note: number };
                let node = match note {
                    Some(note) => Some(Node::Noted(key(note))),
                    // The name by which it was looked at is that in the archive, which a link in its way may have changed.
                    None if FileKind::of(path.as_str()).is_some() => Some(Node::Silent),
                    None => unread(),
                };
                let mark = Mark { mode, facts: facts.map(key) };
                (node.or_else(|| self.is_kept(mark).then_some(Node::Plain)), Some(mark))
            }
            Item::HardLink(target) => match self.tree.place(&target)?.and_then(|target| self.tree.original(&target)) {
                Some((Node::Plain, mark)) => (unread().or(Some(Node::Plain)), mark),
                Some((node, mark)) => (Some(node), mark),
                None => (unread(), None),
            },
            Item::Other => (None, None),
        };
        let Some(node) = node else { return self.tree.clear(place) };
        let layers = &self.layers;
        let is_same = |before: &Node, its_mark: Option<Mark>| match (before, &node) {
            // Most are the same file under another name, which is told without looking at what it says. What shows packages is the same only if
            // all of it is: who has put something else there may say the same name and version.
            (Node::Noted(before), Node::Noted(key)) => {
                before == key
                    || (note_of(layers, *before) == note_of(layers, *key)
                        && digests_of(layers, *before) == digests_of(layers, *key))
            }
            (Node::Plain, Node::Plain) => is_same_file(layers, its_mark, mark),
            _ => false,
        };
        self.tree.put_as(place, node.clone(), mark, is_same)
    }

    /// Returns whether a file is worth to be kept that no cataloguer looks at.
    fn is_kept(&mut self, mark: Mark) -> bool {
        if mark.facts.is_some() {
            return true;
        }
        self.programs += usize::from(mark.mode & EXECUTABLE != 0);
        mark.mode & EXECUTABLE != 0 && self.programs <= PROGRAM_LIMIT
    }

    /// Returns what a file was found to say.
    pub(super) fn note(&self, key: NoteKey) -> &Note {
        note_of(&self.layers, key)
    }

    /// Returns the digests of the file that a note is about, if it shows packages to be there.
    pub(super) fn digests(&self, key: NoteKey) -> Option<&FileDigests> {
        digests_of(&self.layers, key)
    }

    /// Returns what is to be known of a file beside what it says of packages.
    pub(super) fn file_facts(&self, key: NoteKey) -> Option<&FileFacts> {
        facts_of(&self.layers, key)
    }

    /// Returns all layers, lowest first.
    pub(super) fn layers(&self) -> &[Arc<LayerContents>] {
        &self.layers
    }

    /// Returns whether all files are kept that can be executed.
    pub(super) fn has_all_programs(&self) -> bool {
        self.programs <= PROGRAM_LIMIT
    }

    /// Returns the files, and all layers.
    pub(super) fn parts(&mut self) -> (&mut Tree, &[Arc<LayerContents>]) {
        (&mut self.tree, &self.layers)
    }

    /// Returns the layer with this number.
    pub(super) fn layer(&self, number: u32) -> Option<Arc<LayerContents>> {
        self.layers.get(number as usize).cloned()
    }

    /// Returns where the path of a database, or of what names the distribution, leads, and which note says what is there; `None`: nothing is there. Fails if
    /// nobody looked, or something else is there: an empty list would be wrong.
    pub(super) fn read(&mut self, path: &EntryPath) -> Result<Option<(EntryPath, NoteKey)>, InventoryError> {
        let Some(place) = self.tree.follow(path)? else { return Ok(None) };
        match self.tree.get(&place) {
            Some(Node::Noted(key)) => {
                let key = logged::with_log(self, &place, *key);
                if let Note::Release(_) | Note::Database(_) | Note::Unreadable(_) = self.note(key) {
                    return Ok(Some((place, key)));
                }
            }
            Some(Node::Unread | Node::Silent) => {}
            // A link to a file whose name says nothing: it may be there, so that nothing can be said.
            None | Some(Node::Plain) if FileKind::of(place.as_str()).is_none() => {}
            None | Some(Node::Plain | Node::Symlink(_)) => return Ok(None),
        }
        Err(InventoryError::Unread { path: path.clone(), place })
    }

    /// Returns what is in the image, and, of one with a config, what else is to be said of it.
    pub(crate) fn finish(mut self, config: Option<&ImageConfig>) -> Result<Catalogue, InventoryError> {
        let distribution = self.distribution()?;
        let databases = std::mem::take(&mut self.databases);
        let mut packages = databases.packages(&mut self, distribution.as_ref())?;
        let mut unlisted = databases.unread(&mut self)?;
        if let Some(distribution) = distribution.as_ref().filter(|_| packages.is_empty() && unlisted.is_empty()) {
            // A distribution has packages; what listed them was taken out.
            let version = distribution.version().unwrap_or_default();
            unlisted.push(format!("what there is of {} {version}", distribution.id));
        }
        let (mut found, damaged) = self.found();
        unlisted.extend(damaged);
        let of_facts = config.map(|_| self.places_of_facts()).unwrap_or_default();
        let places = found.iter().map(|(place, _)| place.clone()).chain(of_facts);
        let owners = self.owners(&packages, places.collect())?;
        for (place, package) in &mut found {
            package.owner = facts::owner(&owners, place);
        }
        let said = config.map(|config| self.facts(config, &owners)).transpose()?.map(Box::new);
        stated::join(&mut packages, &mut found);
        packages.extend(found.into_iter().map(|(_, package)| package));
        Ok(Catalogue { unlisted, facts: said, ..Catalogue::new(distribution, packages) })
    }

    fn distribution(&mut self) -> Result<Option<Distribution>, InventoryError> {
        for path in OS_RELEASE {
            let path = path.parse()?;
            match self.read(&path)?.map(|(place, key)| (place, self.note(key))) {
                Some((_, Note::Release(distribution))) => return Ok(distribution.clone()),
                Some((place, _)) => return Err(InventoryError::Unread { path, place }),
                None => {}
            }
        }
        Ok(None)
    }

    /// Returns the packages that single files show to be there, each with the place of its file, and which files could not be read.
    fn found(&self) -> (Vec<(String, Package)>, Vec<String>) {
        let (mut found, mut damaged, mut unnamed) = (Vec::new(), Vec::new(), 0_usize);
        for (path, layer, key) in self.tree.noted() {
            let (listed, reason) = match key.map(|key| (key, self.note(key))) {
                Some((_, Note::Found(listed))) => (&listed[..], None),
                Some((_, Note::Damaged(reason, listed))) => (&listed[..], Some(reason.as_str())),
                Some((key, Note::Log(_))) if !logged::is_read(self, path, key) => (&[][..], Some(UNREAD)),
                None if FileKind::of(path).is_none_or(FileKind::is_single) => (&[][..], Some(UNREAD)),
                _ => continue,
            };
            for listed in listed {
                let place = Place { path: format!("/{path}"), inner_path: listed.inner_path.clone(), layer };
                found.push((path.to_owned(), Package::new(listed.clone(), None, place)));
            }
            match reason {
                Some(reason) if damaged.len() < NAMED_LIMIT => damaged.push(format!("what /{path} holds: {reason}")),
                Some(_) => unnamed += 1,
                None => {}
            }
        }
        if unnamed > 0 {
            damaged.push(format!("what {unnamed} more files hold"));
        }
        (found, damaged)
    }
}

fn note_of(layers: &[Arc<LayerContents>], key: NoteKey) -> &Note {
    let layer = layers.get(key.layer as usize);
    layer.and_then(|layer| layer.notes.get(key.note as usize)).unwrap_or(&Note::Unread)
}

fn digests_of(layers: &[Arc<LayerContents>], key: NoteKey) -> Option<&FileDigests> {
    layers.get(key.layer as usize)?.digests.get(&key.note)
}

fn facts_of(layers: &[Arc<LayerContents>], key: NoteKey) -> Option<&FileFacts> {
    layers.get(key.layer as usize)?.files.get(key.note as usize)
}

fn is_same_file(layers: &[Arc<LayerContents>], one: Option<Mark>, other: Option<Mark>) -> bool {
    let facts = |mark: Option<Mark>| mark?.facts.and_then(|key| facts_of(layers, key));
    let mode = |mark: Option<Mark>| mark.map(|mark| mark.mode);
    // Files of which nothing more is known may differ.
    mode(one) == mode(other) && facts(one).is_some() && facts(one) == facts(other)
}
