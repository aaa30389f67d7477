//! The folders and links of a base image. Files go where a container has them: through links such as `/bin`, which a folder of that name in a
//! layer would hide with all that it leads to, and into folders that keep their mode and owner.

use crate::tree::{Segment, Tree, TreeError, WHITEOUT};
use consign_image::layer::{Counted, LayerError, Member, MemberKind, Members, uncompressed};
use consign_oci::layer::{Entry, EntryPath, EntryPathError, Kind};
use consign_oci::{Descriptor, Digest};
use consign_store::{Store, StoreError};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, BufReader, Read};

/// Most that all layers may hold uncompressed, in bytes.
const BYTES_LIMIT: u64 = 64 << 30;
/// Most memory that folders and links may take, in bytes, roughly.
const MEMORY_LIMIT: usize = 512 << 20;
/// Memory of one of them beside its texts, roughly, in bytes.
const NODE_SIZE: usize = 256;
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

impl From<io::Error> for BaseLayerError {
    fn from(source: io::Error) -> Self {
        Self::Layer(source.into())
    }
}

/// Returns the folders and links that a container of these layers, lowest first, has. They lie in the store.
pub(crate) fn read(layers: &[Descriptor], store: &Store) -> Result<Tree, (Digest, BaseLayerError)> {
    let mut reading = Reading::default();
    let bytes = Cell::new(0);
    for layer in layers {
        reading.layer(layer, store, &bytes).map_err(|error| (layer.digest.clone(), error))?;
    }
    Ok(reading.tree)
}

#[derive(Default)]
struct Reading {
    tree: Tree,
    /// What the current layer has brought, folders that it took for that included: it hides only what is below.
    own: BTreeSet<EntryPath>,
    memory: usize,
}

impl Reading {
    fn layer(&mut self, layer: &Descriptor, store: &Store, bytes: &Cell<u64>) -> Result<(), BaseLayerError> {
        self.own.clear();
        let media_type = || BaseLayerError::MediaType { media_type: layer.media_type.clone() };
        let stream = uncompressed(&layer.media_type, store.open_blob(&layer.digest)?)?.ok_or_else(media_type)?;
        let mut stream = Counted::new(BufReader::new(stream), bytes, BYTES_LIMIT);
        let result = self.members(&mut stream);
        if stream.is_cut() {
            return Err(BaseLayerError::TooMuch { what: "contents", limit: BYTES_LIMIT });
        }
        result?;
        // To the end of the blob, where a reader that checks its digest has its say.
        io::copy(&mut stream, &mut io::sink())?;
        Ok(())
    }

    fn members(&mut self, stream: &mut dyn Read) -> Result<(), BaseLayerError> {
        let mut members = Members::new(stream);
        while let Some(member) = members.next_member()? {
            self.member(&member)?;
        }
        Ok(())
    }

    fn member(&mut self, member: &Member) -> Result<(), BaseLayerError> {
        let path: EntryPath = text(&member.path).parse()?;
        // An engine cannot unpack what lies in a loop of links, so nothing is there.
        let Ok(path) = self.tree.resolve_parent(&path) else { return Ok(()) };
        if path.is_root() {
            return Ok(());
        }
        let folder = path.parent().unwrap_or_default();
        match path.name().strip_prefix(WHITEOUT) {
            Some(_) if path.name() == OPAQUE => self.hide(&folder, false),
            Some(name) if !name.is_empty() && !name.starts_with(WHITEOUT) => self.hide(&folder.join(name)?, true),
            Some(_) => {}
            None => self.put(path, member)?,
        }
        Ok(())
    }

    fn put(&mut self, path: EntryPath, member: &Member) -> Result<(), BaseLayerError> {
        let kind = match &member.kind {
            MemberKind::Directory => Some(Kind::Directory),
            MemberKind::Symlink(target) => Some(Kind::Symlink(text(target))),
            // Another name of a link is a link too.
            MemberKind::HardLink(target) => self.linked(&text(target).parse()?),
            MemberKind::File | MemberKind::SparseFile | MemberKind::Special | MemberKind::Unknown => None,
        };
        let is_folder = |tree: &Tree| tree.get(&path).is_some_and(|node| node.entry.kind == Kind::Directory);
        if kind != Some(Kind::Directory) || !is_folder(&self.tree) {
            self.remove(&path, true, |_| true);
            let own: Vec<EntryPath> =
                self.own.range(path.join("\u{1}")?..).take_while(|own| own.is_within(&path)).cloned().collect();
            for gone in &own {
                self.own.remove(gone);
            }
        }
        let mut made = Some(path.clone());
        while let Some(folder) = made.filter(|folder| !folder.is_root() && self.tree.get(folder).is_none()) {
            made = folder.parent();
            self.own.insert(folder);
        }
        self.own.insert(path.clone());
        let Some(kind) = kind else { return Ok(()) };
        self.memory +=
            NODE_SIZE + 2 * path.as_str().len() + if let Kind::Symlink(target) = &kind { target.len() } else { 0 };
        if self.memory > MEMORY_LIMIT {
            return Err(BaseLayerError::TooMuch { what: "folders and links", limit: MEMORY_LIMIT as u64 });
        }
        let number = |number: u64| u32::try_from(number).unwrap_or_default();
        let (uid, gid) = (number(member.uid), number(member.gid));
        let entry = Entry { path: path.clone(), kind, mode: member.mode & 0o7777, uid, gid, mtime: member.mtime };
        match self.tree.get_mut(&path) {
            Some(node) => node.entry = entry,
            None => self.tree.put(entry, Segment::Base)?,
        }
        Ok(())
    }

    fn linked(&self, target: &EntryPath) -> Option<Kind> {
        let kind = &self.tree.get(&self.tree.resolve_parent(target).ok()?)?.entry.kind;
        matches!(kind, Kind::Symlink(_)).then(|| kind.clone())
    }

    /// Hides what lower layers have in a folder, and at its path too.
    fn hide(&mut self, path: &EntryPath, itself: bool) {
        let own = std::mem::take(&mut self.own);
        // Of what stays, the folders that it is in stay too. No name sorts before this one.
        let first_within = |path: &EntryPath| Some(own.range(path.join("\u{1}").ok()?..).next()?.is_within(path));
        self.remove(path, itself, |path| !own.contains(path) && first_within(path) != Some(true));
        self.own = own;
    }

    fn remove(&mut self, path: &EntryPath, itself: bool, condition: impl Fn(&EntryPath) -> bool) {
        let within = self.tree.within(path).map(|node| node.entry.path.clone());
        let mut gone: Vec<EntryPath> = within.chain(itself.then(|| path.clone())).collect();
        gone.retain(condition);
        gone.iter().for_each(|path| self.tree.remove(path));
    }
}

/// Returns a name as text. What cannot stand in a path that consign writes is replaced, since no such path leads there.
fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace('\n', "\u{FFFD}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_image::unpack::{Layer, Options, unpack};
    use consign_oci::media_type;
    use consign_testkit::layers::random;
    use consign_testkit::mutate::cases_or;
    use std::fs;
    use std::path::Path;
    use tar::{Builder, EntryType, Header};

    /// A layer of lines such as `folder/`, `file`, `link -> target` and `name = target` for hard links.
    fn layer(lines: &[&str]) -> Vec<u8> {
        let mut archive = Builder::new(Vec::new());
        for line in lines {
            let mut header = Header::new_gnu();
            header.set_size(0);
            header.set_mode(if line.starts_with("tmp") { 0o1777 } else { 0o750 });
            match (line.split_once(" -> "), line.split_once(" = ")) {
                (Some((path, target)), _) => {
                    header.set_entry_type(EntryType::Symlink);
                    archive.append_link(&mut header, path, target).unwrap();
                }
                (_, Some((path, target))) => {
                    header.set_entry_type(EntryType::Link);
                    archive.append_link(&mut header, path, target).unwrap();
                }
                _ => {
                    header.set_entry_type(if line.ends_with('/') { EntryType::Directory } else { EntryType::Regular });
                    archive.append_data(&mut header, line, io::empty()).unwrap();
                }
            }
        }
        archive.into_inner().unwrap()
    }

    fn tree(layers: &[&[&str]]) -> Tree {
        let mut reading = Reading::default();
        for lines in layers {
            reading.own.clear();
            reading.members(&mut &layer(lines)[..]).unwrap();
        }
        reading.tree
    }

    fn listing(tree: &Tree) -> String {
        let line = |node: &crate::tree::Node| match &node.entry.kind {
            Kind::Symlink(target) => format!("{} -> {target}", node.entry.path.as_str()),
            _ => format!("{}/", node.entry.path.as_str()),
        };
        tree.nodes().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn lays_layers_on_each_other() {
        let lower: &[&str] = &["usr/", "usr/bin/", "bin -> usr/bin", "a/", "a/b/", "a/l -> b", "tmp/"];
        for (upper, expected) in [
            (&["usr/bin/x"][..], "a/ a/b/ a/l -> b bin -> usr/bin tmp/ usr/ usr/bin/"),
            (&["bin/y/"], "a/ a/b/ a/l -> b bin -> usr/bin tmp/ usr/ usr/bin/ usr/bin/y/"),
            (&["bin/"], "a/ a/b/ a/l -> b bin/ tmp/ usr/ usr/bin/"),
            (&["a"], "bin -> usr/bin tmp/ usr/ usr/bin/"),
            (&["a/.wh.b"], "a/ a/l -> b bin -> usr/bin tmp/ usr/ usr/bin/"),
            (&["a/c/", "a/.wh..wh..opq"], "a/ a/c/ bin -> usr/bin tmp/ usr/ usr/bin/"),
            (&[".wh.a", "a/", "a/n -> x"], "a/ a/n -> x bin -> usr/bin tmp/ usr/ usr/bin/"),
            (&["a/", "a/n -> x", ".wh.a"], "a/ a/n -> x bin -> usr/bin tmp/ usr/ usr/bin/"),
            (&["m = bin"], "a/ a/b/ a/l -> b bin -> usr/bin m -> usr/bin tmp/ usr/ usr/bin/"),
            (&["l -> l", "l/x/", "k/.wh..wh.plnk"], "a/ a/b/ a/l -> b bin -> usr/bin l -> l tmp/ usr/ usr/bin/"),
        ] {
            let tree = tree(&[lower, upper]);
            assert_eq!(listing(&tree).replace('\n', " "), expected, "{upper:?}");
            assert_eq!(tree.get(&"tmp".parse().unwrap()).unwrap().entry.mode, 0o1777);
        }
    }

    /// Returns the folders and links below a folder on the disk, as [`listing`] does, each with its mode where it is a folder.
    fn listed(root: &Path, at: &str, lines: &mut Vec<String>) {
        for entry in fs::read_dir(root.join(at)).unwrap() {
            let path = format!("{at}{}", entry.unwrap().file_name().to_str().unwrap());
            let metadata = fs::symlink_metadata(root.join(&path)).unwrap();
            if metadata.is_symlink() {
                lines.push(format!("{path} -> {}", fs::read_link(root.join(&path)).unwrap().display()));
            } else if metadata.is_dir() {
                lines.push(format!("{path}/"));
                listed(root, &format!("{path}/"), lines);
            }
        }
    }

    #[test]
    fn agrees_with_what_is_unpacked() {
        let mut compared = 0;
        for case in 0..cases_or(500) {
            let (layers, root) = (random(case), tempfile::tempdir().unwrap());
            // Unpacking leaves pipes out, and then they keep no folder from being hidden.
            let is_pipe = |entry: tar::Entry<'_, &[u8]>| entry.header().entry_type() == EntryType::Fifo;
            let has_pipe =
                |layer: &Vec<u8>| tar::Archive::new(&layer[..]).entries().unwrap().any(|entry| is_pipe(entry.unwrap()));
            if layers.iter().any(has_pipe) {
                continue;
            }
            let blobs = layers.iter().map(|layer| {
                Ok::<_, io::Error>(Layer { media_type: media_type::LAYER.to_owned(), reader: &layer[..] })
            });
            if unpack(blobs, root.path(), &Options::default()).is_err() {
                continue;
            }
            let mut reading = Reading::default();
            for layer in &layers {
                reading.own.clear();
                reading.members(&mut &layer[..]).unwrap();
            }
            let mut lines = Vec::new();
            listed(root.path(), "", &mut lines);
            let found: Vec<String> = listing(&reading.tree).split_terminator('\n').map(str::to_owned).collect();
            // Folders that were only made to hold a file are not known, and are like those that would be made.
            let missing: Vec<&String> =
                lines.iter().filter(|line| !line.ends_with('/') && !found.contains(line)).collect();
            let made_up: Vec<&String> = found.iter().filter(|line| !lines.contains(line)).collect();
            assert!(missing.is_empty() && made_up.is_empty(), "case {case}: missing {missing:?}, made up {made_up:?}");
            compared += 1;
        }
        assert!(compared > 50, "{compared}");
    }

    #[test]
    fn is_in_no_layer_but_where_it_leads_to_something_new() {
        let mut tree = tree(&[&["usr/", "usr/bin/", "bin -> usr/bin", "tmp/", "a/b/"]]);
        let file = |path: &str| Entry {
            path: path.parse().unwrap(),
            kind: Kind::File("x".into()),
            mode: 0o644,
            uid: 0,
            gid: 0,
            mtime: 1,
        };
        assert!(tree.clone().into_segments().is_empty());
        tree.put(file("bin/x"), Segment::Files).unwrap();
        tree.put(file("tmp/new/x"), Segment::Files).unwrap();
        assert!(tree.put(file("a"), Segment::Files).is_err());
        let segments = tree.into_segments();
        let names: Vec<Vec<(&str, u32)>> = segments
            .iter()
            .map(|segment| segment.iter().map(|entry| (entry.path.as_str(), entry.mode)).collect())
            .collect();
        let folders = vec![("tmp", 0o1777), ("tmp/new", 0o755), ("usr", 0o750), ("usr/bin", 0o750)];
        assert_eq!(names, [folders, vec![("tmp/new/x", 0o644), ("usr/bin/x", 0o644)]]);
    }
}
