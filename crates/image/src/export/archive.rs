use super::ExportError;
use super::tree::{Folder, Id, Node, Place, ROOT, Tree};
use consign_oci::layer::{Entry, EntryPath, Kind, Member, MemberKind, TarWriter};
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};
use std::rc::Rc;

/// Longest path, in bytes (Linux `PATH_MAX`).
const PATH_LIMIT: usize = 4096;

/// A name in a folder.
type Name<'a> = (Id, &'a [u8]);

/// The archive that a tree becomes: folders, links and devices by their paths; then files, as they come from the layers.
pub(super) struct Archive<'a, W: Write> {
    tree: &'a Tree,
    writer: TarWriter<Watched<W>>,
    failed: Rc<Cell<bool>>,
    /// The names of each file, by the member that has its contents.
    pub(super) files: BTreeMap<Place, Vec<Name<'a>>>,
    /// The first names of what is not a file: it may have others.
    others: HashMap<Id, Name<'a>>,
    entries: u64,
}

impl<'a, W: Write> Archive<'a, W> {
    pub(super) fn new(tree: &'a Tree, output: W) -> Self {
        let failed = Rc::new(Cell::new(false));
        let writer = TarWriter::new(Watched { output, failed: failed.clone() });
        Self { tree, writer, failed, files: BTreeMap::new(), others: HashMap::new(), entries: 0 }
    }

    /// Writes everything but files, and finds out what is left to write.
    pub(super) fn write_tree(&mut self) -> Result<(), ExportError> {
        match self.tree.node(ROOT) {
            Node::Folder(root) => self.write_folder(ROOT, root),
            _ => Ok(()),
        }
    }

    /// Writes a file, if it has a name, and its other names as links to it.
    pub(super) fn write_file(
        &mut self,
        place: Place,
        member: Member,
        contents: &mut dyn Read,
    ) -> Result<(), ExportError> {
        let Some(names) = self.files.remove(&place) else { return Ok(()) };
        let mut first: Option<EntryPath> = None;
        for name in names {
            let path = self.path(name)?;
            match &first {
                None => {
                    let entry = entry(path.clone(), Kind::File(Vec::new().into()), &member);
                    let written = self.writer.append_from(&entry, member.size, &mut *contents);
                    self.done(&path, written)?;
                    first = Some(path);
                }
                Some(first) => self.append(&entry(path, Kind::HardLink(first.clone()), &member))?,
            }
        }
        Ok(())
    }

    /// Ends the archive, and returns how many entries it has.
    pub(super) fn finish(self) -> Result<u64, ExportError> {
        self.writer.finish().map_err(ExportError::Output)?;
        Ok(self.entries)
    }

    fn write_folder(&mut self, id: Id, folder: &'a Folder) -> Result<(), ExportError> {
        let path = if id == ROOT { EntryPath::default() } else { self.path((folder.parent, &folder.name))? };
        match &folder.stated {
            Some(member) => self.append(&entry(path, Kind::Directory, member))?,
            // Whoever unpacks it has a root.
            None if id == ROOT => {}
            None => self.append(&Entry::new(path, Kind::Directory))?,
        }
        for (name, child) in &folder.children {
            match self.tree.node(child.node) {
                Node::Folder(inner) => self.write_folder(child.node, inner)?,
                Node::File(place) => self.files.entry(*place).or_default().push((id, name)),
                Node::Other(member) => self.write_other(child.node, (id, name), member)?,
            }
        }
        Ok(())
    }

    fn write_other(&mut self, id: Id, name: Name<'a>, member: &Member) -> Result<(), ExportError> {
        let path = self.path(name)?;
        let kind = match self.others.get(&id) {
            Some(first) => Kind::HardLink(self.path(*first)?),
            None => match &member.kind {
                MemberKind::Symlink(target) => match std::str::from_utf8(target) {
                    Ok(target) => Kind::Symlink(target.to_owned()),
                    Err(error) => return Err(unwritten(path.as_str(), io::Error::other(error))),
                },
                MemberKind::Device(device) => Kind::Device(*device),
                _ => Kind::Fifo,
            },
        };
        self.others.entry(id).or_insert(name);
        self.append(&entry(path, kind, member))
    }

    fn path(&self, (folder, name): Name<'_>) -> Result<EntryPath, ExportError> {
        let mut parts = vec![name];
        let mut length = name.len();
        let mut at = folder;
        while at != ROOT
            && let Node::Folder(folder) = self.tree.node(at)
            && length <= PATH_LIMIT
        {
            parts.push(&folder.name);
            length += 1 + folder.name.len();
            at = folder.parent;
        }
        parts.reverse();
        let path = parts.join(&b'/');
        let shown = String::from_utf8_lossy(&path);
        let text = std::str::from_utf8(&path).map_err(|error| unwritten(&shown, io::Error::other(error)))?;
        text.parse().map_err(|error| unwritten(&shown, io::Error::other(error)))
    }

    fn append(&mut self, entry: &Entry) -> Result<(), ExportError> {
        let written = self.writer.append(entry);
        self.done(&entry.path, written)
    }

    fn done(&mut self, path: &EntryPath, written: io::Result<()>) -> Result<(), ExportError> {
        self.entries += 1;
        written.map_err(|error| match self.failed.get() {
            true => ExportError::Output(error),
            false => unwritten(path.as_str(), error),
        })
    }
}

fn entry(path: EntryPath, kind: Kind, member: &Member) -> Entry {
    let Member { mode, uid, gid, mtime, attributes, .. } = member;
    let id = |id: u64| u32::try_from(id).unwrap_or_default();
    let attributes = if matches!(kind, Kind::HardLink(_)) { BTreeMap::new() } else { attributes.clone() };
    Entry { path, kind, mode: mode & 0o7777, uid: id(*uid), gid: id(*gid), mtime: *mtime, attributes }
}

fn unwritten(path: &str, source: io::Error) -> ExportError {
    let shown = path.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c });
    ExportError::Entry { path: shown.collect(), source }
}

/// Remembers that it was writing that failed: what comes of it may look like a failure to read.
struct Watched<W> {
    output: W,
    failed: Rc<Cell<bool>>,
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes).inspect_err(|_| self.failed.set(true))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush().inspect_err(|_| self.failed.set(true))
    }
}
