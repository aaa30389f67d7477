//! The folders and links of a base image. Files go where a container has them: through links such as `/bin`, which a folder of that name in a
//! layer would hide with all that it leads to, and into folders that keep their mode and owner.

use crate::linkage::BaseFiles;
use crate::tree::{Segment, Tree, TreeError, WHITEOUT};
use consign_image::Base;
use consign_image::layer::uncompressed;
use consign_oci::layer::{
    Contents, Counted, Entry, EntryPath, EntryPathError, Kind, LayerError, Member, MemberKind, Members,
};
use consign_oci::{Descriptor, Digest};
use consign_package::elf::Linked;
use consign_store::{Store, StoreError};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

/// Most that all layers may hold uncompressed, in bytes.
const BYTES_LIMIT: u64 = 64 << 30;
/// Most memory that all that is known of the layers may take, in bytes, roughly.
const MEMORY_LIMIT: usize = 512 << 20;
/// Memory of a path beside its text, roughly, in bytes.
const PATH_SIZE: usize = 64;
/// Memory of what stands at a path, beside its texts, roughly, in bytes.
const NODE_SIZE: usize = 256;
/// Largest library of a base image that is looked at, in bytes.
const LIBRARY_LIMIT: u64 = 1 << 30;
/// Largest text that loaders read, in bytes.
const TEXT_LIMIT: u64 = 64 << 10;
/// In a folder of which a layer hides all that is below (image-spec, layer.md, "Opaque Whiteout").
const OPAQUE: &str = ".wh..wh..opq";

/// A layer of a base image in which files would have no sure place.
#[derive(Debug, thiserror::Error)]
pub enum BaseLayerError {
    /// It cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is not one of a file system.
    #[error("`{media_type}` is not the type of a layer")]
    MediaType {
        /// The type.
        media_type: String,
    },
    /// It cannot be read.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// A path in it is none.
    #[error(transparent)]
    Path(#[from] EntryPathError),
    /// An entry does not fit what is there.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// There is too much in the layers.
    #[error("the layers have more than {limit} bytes of {what}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// What is allowed, in bytes.
        limit: u64,
    },
}

/// A base image that cannot be looked into.
#[derive(Debug, thiserror::Error)]
pub enum BaseTreeError {
    /// One of its layers cannot be used.
    #[error("the layer {digest} of the base image {place} cannot be used")]
    Layer {
        /// The base image.
        place: String,
        /// The layer.
        digest: Digest,
        /// Why not.
        source: Box<BaseLayerError>,
    },
    /// The thread that reads layers ended early.
    #[error("the base image could not be read")]
    Worker {
        /// Why.
        source: tokio::task::JoinError,
    },
}

impl From<io::Error> for BaseLayerError {
    fn from(source: io::Error) -> Self {
        Self::Layer(source.into())
    }
}

/// Returns the folders and links of a base image. With `files`, there are also the files, without their contents but for what loaders read, and
/// what is to be known of libraries.
pub(crate) async fn read(base: &Base, store: &Store, files: bool) -> Result<(Tree, BaseFiles), BaseTreeError> {
    let (layers, store) = (base.manifest.layers.clone(), store.clone());
    let tree = tokio::task::spawn_blocking(move || of_layers(&layers, &store, files)).await;
    let tree = tree.map_err(|source| BaseTreeError::Worker { source })?;
    let place = || base.place.clone();
    tree.map_err(|(digest, error)| BaseTreeError::Layer { place: place(), digest, source: Box::new(error) })
}

/// Returns what a container of these layers, lowest first, has. They lie in the store.
fn of_layers(layers: &[Descriptor], store: &Store, files: bool) -> Result<(Tree, BaseFiles), (Digest, BaseLayerError)> {
    let mut reading = Reading::new(files, MEMORY_LIMIT);
    let bytes = Cell::new(0);
    for layer in layers {
        reading.layer(layer, store, &bytes).map_err(|error| (layer.digest.clone(), error))?;
    }
    Ok((reading.tree, reading.files))
}

#[derive(Default)]
struct Reading {
    tree: Tree,
    /// What the current layer has brought, folders that it took for that included: it hides only what is below.
    own: BTreeSet<EntryPath>,
    /// What that takes of the memory.
    own_memory: usize,
    with_files: bool,
    files: BaseFiles,
    memory: usize,
    memory_limit: usize,
    /// Size of a library from which on it is not looked at, in bytes.
    library_limit: u64,
}

impl Reading {
    fn new(with_files: bool, memory_limit: usize) -> Self {
        Self { with_files, memory_limit, library_limit: LIBRARY_LIMIT, ..Self::default() }
    }

    fn layer(&mut self, layer: &Descriptor, store: &Store, bytes: &Cell<u64>) -> Result<(), BaseLayerError> {
        self.begin();
        let media_type = || BaseLayerError::MediaType { media_type: layer.media_type.clone() };
        let stream = uncompressed(&layer.media_type, store.open_blob(&layer.digest)?)?.ok_or_else(media_type)?;
        let mut stream = Counted::new(BufReader::new(stream), bytes, BYTES_LIMIT);
        let result = self.members(&mut stream);
        if stream.is_cut() {
            return Err(BaseLayerError::TooMuch { what: "contents", limit: BYTES_LIMIT });
        }
        result?;
        // What was passed over for lack of steps is not passed over in silence.
        self.tree.charge(0)?;
        // To the end of the blob, where a reader that checks its digest has its say.
        io::copy(&mut stream, &mut io::sink())?;
        Ok(())
    }

    fn begin(&mut self) {
        self.own.clear();
        self.memory -= std::mem::take(&mut self.own_memory);
    }

    fn members(&mut self, stream: &mut dyn Read) -> Result<(), BaseLayerError> {
        let mut members = Members::new(stream);
        while let Some(member) = members.next_member()? {
            self.member(&member, &mut members)?;
        }
        Ok(())
    }

    fn member(&mut self, member: &Member, contents: &mut dyn Read) -> Result<(), BaseLayerError> {
        let path: EntryPath = text(&member.path).parse()?;
        let path = match self.tree.resolve_parent(&path) {
            Ok(path) => path,
            Err(error @ TreeError::TooMuch { .. }) => return Err(error.into()),
            // An engine cannot unpack what lies in a loop of links, so nothing is there.
            Err(_) => return Ok(()),
        };
        if path.is_root() {
            return Ok(());
        }
        let folder = path.parent().unwrap_or_default();
        match path.name().strip_prefix(WHITEOUT) {
            Some(_) if path.name() == OPAQUE => self.hide(&folder, false)?,
            Some(name) if !name.is_empty() && !name.starts_with(WHITEOUT) => self.hide(&folder.join(name)?, true)?,
            Some(_) => {}
            None => self.put(path, member, contents)?,
        }
        Ok(())
    }

    fn put(&mut self, path: EntryPath, member: &Member, contents: &mut dyn Read) -> Result<(), BaseLayerError> {
        let kind = match &member.kind {
            MemberKind::Directory => Some(Kind::Directory),
            MemberKind::Symlink(target) => Some(Kind::Symlink(text(target))),
            // Another name of a link is a link too.
            MemberKind::HardLink(target) => self.linked(&path, &text(target).parse()?)?,
            MemberKind::File | MemberKind::SparseFile if self.with_files => Some(self.file(&path, member, contents)?),
            MemberKind::File
            | MemberKind::SparseFile
            | MemberKind::Fifo
            | MemberKind::Device(_)
            | MemberKind::Unknown => None,
        };
        let is_folder = |tree: &Tree| tree.get(&path).is_some_and(|node| node.entry.kind == Kind::Directory);
        if kind != Some(Kind::Directory) || !is_folder(&self.tree) {
            self.remove(&path, true, |_| true)?;
            let own: Vec<EntryPath> =
                self.own.range(path.join("\u{1}")?..).take_while(|own| own.is_within(&path)).cloned().collect();
            for gone in &own {
                self.own.remove(gone);
            }
        }
        let mut folder = path.parent();
        while let Some(made) = folder.filter(|folder| !folder.is_root() && self.tree.get(folder).is_none()) {
            folder = made.parent();
            if kind.is_some() {
                self.take(node_size(&made, &Kind::Directory))?;
            }
            self.note(made)?;
        }
        self.note(path.clone())?;
        let Some(kind) = kind else { return Ok(()) };
        let number = |number: u64| u32::try_from(number).unwrap_or_default();
        let (uid, gid) = (number(member.uid), number(member.gid));
        let (mode, mtime) = (member.mode & 0o7777, member.mtime);
        let entry = Entry { mode, uid, gid, mtime, ..Entry::new(path.clone(), kind) };
        match self.tree.get_mut(&path) {
            Some(node) => node.entry = entry,
            None => {
                self.take(node_size(&path, &entry.kind))?;
                self.tree.put(entry, Segment::Base)?;
            }
        }
        Ok(())
    }

    /// Notes that the current layer has something at a path.
    fn note(&mut self, path: EntryPath) -> Result<(), BaseLayerError> {
        let size = PATH_SIZE + path.as_str().len();
        if self.own.insert(path) {
            self.own_memory += size;
            self.take(size)?;
        }
        Ok(())
    }

    /// Counts memory that is about to be filled.
    fn take(&mut self, bytes: usize) -> Result<(), BaseLayerError> {
        self.memory += bytes;
        if self.memory > self.memory_limit {
            return Err(BaseLayerError::TooMuch { what: "names", limit: self.memory_limit as u64 });
        }
        Ok(())
    }

    fn linked(&mut self, path: &EntryPath, target: &EntryPath) -> Result<Option<Kind>, BaseLayerError> {
        let Ok(target) = self.tree.resolve_parent(target) else { return Ok(None) };
        let Some(kind) = self.tree.get(&target).map(|node| node.entry.kind.clone()) else { return Ok(None) };
        let is_file = matches!(kind, Kind::File(_));
        let facts = self.files.libraries.get(&target).cloned().filter(|_| is_file);
        let is_unread = is_file && self.files.unread.contains(&target);
        self.forget(path);
        if let Some(facts) = facts {
            self.learn(path, facts)?;
        }
        if is_unread {
            self.pass_over(path)?;
        }
        Ok(Some(kind).filter(|kind| *kind != Kind::Directory))
    }

    /// Keeps what is to be known of a library.
    fn learn(&mut self, path: &EntryPath, facts: Arc<Linked>) -> Result<(), BaseLayerError> {
        self.take(PATH_SIZE + path.as_str().len() + facts.size())?;
        self.files.libraries.insert(path.clone(), facts);
        Ok(())
    }

    /// Notes that a library is too large to be looked at.
    fn pass_over(&mut self, path: &EntryPath) -> Result<(), BaseLayerError> {
        self.take(PATH_SIZE + path.as_str().len())?;
        self.files.unread.insert(path.clone());
        Ok(())
    }

    /// Forgets what is known of a library, in whose place something else comes.
    fn forget(&mut self, path: &EntryPath) {
        self.files.libraries.remove(path);
        self.files.unread.remove(path);
    }

    /// Reads what is to be known of a file: the whole text of what loaders read, of a library what it is linked to, of others nothing.
    fn file(&mut self, path: &EntryPath, member: &Member, contents: &mut dyn Read) -> Result<Kind, BaseLayerError> {
        self.forget(path);
        let mut bytes = Vec::new();
        let (name, folder) = (path.name(), path.parent().unwrap_or_default());
        let is_text = (folder.as_str() == "etc" && (name == "ld.so.conf" || name.starts_with("ld-musl-")))
            || folder.as_str() == "etc/ld.so.conf.d";
        if is_text && member.size <= TEXT_LIMIT {
            contents.take(TEXT_LIMIT).read_to_end(&mut bytes)?;
            return Ok(Kind::File(bytes.into()));
        }
        if name.contains(".so") && member.size > self.library_limit {
            self.pass_over(path)?;
        } else if name.contains(".so") {
            contents.take(self.library_limit).read_to_end(&mut bytes)?;
            if let Some(linked) = Linked::read(&bytes) {
                self.learn(path, Arc::new(linked))?;
            }
        }
        Ok(Kind::File(Contents::default()))
    }

    /// Hides what lower layers have in a folder, and at its path too.
    fn hide(&mut self, path: &EntryPath, itself: bool) -> Result<(), TreeError> {
        let own = std::mem::take(&mut self.own);
        // Of what stays, the folders that it is in stay too. No name sorts before this one.
        let first_within = |path: &EntryPath| Some(own.range(path.join("\u{1}").ok()?..).next()?.is_within(path));
        let result = self.remove(path, itself, |path| !own.contains(path) && first_within(path) != Some(true));
        self.own = own;
        result
    }

    fn remove(
        &mut self,
        path: &EntryPath,
        itself: bool,
        condition: impl Fn(&EntryPath) -> bool,
    ) -> Result<(), TreeError> {
        let within = self.tree.within(path).map(|node| node.entry.path.clone());
        let mut gone: Vec<EntryPath> = within.chain(itself.then(|| path.clone())).collect();
        self.tree.charge(gone.len())?;
        gone.retain(condition);
        for path in &gone {
            let size = self.tree.get(path).map_or(0, |node| node_size(path, &node.entry.kind));
            self.memory = self.memory.saturating_sub(size);
            self.tree.remove(path);
        }
        Ok(())
    }
}

/// Returns roughly the memory that something at a path takes, in bytes.
fn node_size(path: &EntryPath, kind: &Kind) -> usize {
    let text = match kind {
        Kind::Symlink(target) => target.len(),
        Kind::File(contents) => usize::try_from(contents.size()).unwrap_or(usize::MAX),
        Kind::Directory | Kind::HardLink(_) | Kind::Fifo | Kind::Device(_) => 0,
    };
    NODE_SIZE + 2 * path.as_str().len() + text
}

/// Returns a name as text. What cannot stand in a path that consign writes is replaced, since no such path leads there.
fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace('\n', "\u{FFFD}")
}

#[cfg(test)]
mod tests;
