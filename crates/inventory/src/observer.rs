use crate::node::Node;
use crate::stream::{Stored, Stream};
use crate::tree::Tree;
use crate::{Budget, Catalogue, Distribution, InventoryError, Package};
use bytes::Bytes;
use consign_image::layer::uncompressed;
use consign_oci::layer::{Entry, EntryPath, Kind, Layer, Member, MemberKind, Members};
use consign_package::deb::installed;
use std::io::{self, BufReader, Read};

/// Largest file that a cataloguer reads, in bytes. Debian's largest `status` files are a tenth of it.
const FILE_LIMIT: u64 = 64 << 20;
/// Longest target of a symbolic link, in bytes (Linux `PATH_MAX`).
const TARGET_LIMIT: usize = 4096;

const OS_RELEASE: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];
const DPKG_STATUS: &str = "var/lib/dpkg/status";
const DPKG_STATUS_FOLDER: &str = "var/lib/dpkg/status.d";
/// Package databases that are not read: of apk, rpm and pacman. What they list is not known, which is not the same as nothing.
const UNREAD: [&str; 9] = [
    "lib/apk/db/installed",
    "usr/lib/apk/db/installed",
    "var/lib/rpm/Packages",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/Packages",
    "usr/lib/sysimage/rpm/Packages.db",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "var/lib/pacman/local/ALPM_DB_VERSION",
];

/// Sees the entries of an image's layers, lowest layer first, and keeps what a [`Catalogue`] needs.
///
/// Whiteouts hide what lower layers have; folders are found through links; a hard link is the file that it names. Since layers
/// are seen once, contents are kept by name (`status`, `os-release`, `status.d/…`); a database that is there but was not kept is an error, never an empty catalogue.
#[derive(Default)]
pub struct Observer {
    tree: Tree,
    problem: Option<InventoryError>,
}

impl Observer {
    /// Makes an observer of an image with no layers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts the next layer, for [`Observer::entry`].
    pub fn begin_layer(&mut self) {
        self.tree.begin_layer();
    }

    /// Sees one entry of the current layer, as it flows from a builder. What is wrong with it is said by [`Observer::finish`].
    pub fn entry(&mut self, entry: &Entry) {
        if self.problem.is_some() {
            return;
        }
        let result = match &entry.kind {
            Kind::Directory => self.place(&entry.path, Item::Directory),
            Kind::Symlink(target) => self.place(&entry.path, Item::Symlink(target.clone())),
            Kind::HardLink(target) => self.place(&entry.path, Item::HardLink(target.clone())),
            Kind::File(contents) if wanted(&entry.path) && contents.size() <= FILE_LIMIT => {
                // Copied, because the slice would keep the whole package in memory.
                let copied = contents.read(FILE_LIMIT).map(|contents| Bytes::copy_from_slice(&contents));
                let unread = |source| InventoryError::Contents { path: entry.path.clone(), source };
                copied.map_err(unread).and_then(|copy| self.place(&entry.path, Item::File(Some(copy))))
            }
            Kind::File(_) => self.place(&entry.path, Item::File(None)),
            Kind::Fifo | Kind::Device(_) => self.place(&entry.path, Item::Device),
        };
        if let Err(problem) = result {
            self.problem = Some(problem);
        }
    }

    /// Sees a whole layer as it lies in a blob, and reads `blob` to its end. Fails if it holds something else than the config says.
    pub fn layer(&mut self, layer: &Layer, blob: impl Read, budget: &Budget) -> Result<(), InventoryError> {
        self.begin_layer();
        let media_type = &layer.descriptor.media_type;
        let blob = Stored::new(blob, &layer.descriptor.digest, budget);
        let stream = uncompressed(media_type, blob)?;
        let stream = stream.ok_or_else(|| InventoryError::MediaType { media_type: media_type.clone() })?;
        let stated = &layer.diff_id;
        let mut stream = BufReader::new(Stream::new(stream, stated.algorithm(), budget));
        let result = self.members(&mut stream);
        budget.check()?;
        result?;
        // What follows the archive is padding, and the end of the blob, where a reader that checks a digest has its say.
        let result = io::copy(&mut stream, &mut io::sink());
        budget.check()?;
        result?;
        let found = stream.into_inner().digest();
        if found != *stated {
            let (layer, stated) = (layer.descriptor.digest.clone(), stated.clone());
            return Err(InventoryError::DiffId { layer, stated, found });
        }
        Ok(())
    }

    fn members(&mut self, stream: &mut dyn Read) -> Result<(), InventoryError> {
        let mut members = Members::new(stream);
        while let Some(member) = members.next_member()? {
            self.member(member, &mut members)?;
        }
        Ok(())
    }

    /// Returns what is in the image.
    pub fn finish(mut self) -> Result<Catalogue, InventoryError> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        let distribution = self.distribution()?;
        let mut packages = Vec::new();
        for path in [vec![DPKG_STATUS.parse()?], self.status_files()?].concat() {
            if let Some(status) = self.read(&path)? {
                let installed = installed::parse(&status)
                    .map_err(|source| InventoryError::Status { path, source: Box::new(source) })?;
                packages.extend(installed.into_iter().map(|package| Package::debian(package, distribution.as_ref())));
            }
        }
        let mut unlisted = self.unread()?;
        if let Some(distribution) = distribution.as_ref().filter(|_| packages.is_empty() && unlisted.is_empty()) {
            // A distribution has packages; what listed them was taken out.
            unlisted.push(format!(
                "what there is of {} {}",
                distribution.id,
                distribution.version().unwrap_or_default()
            ));
        }
        Ok(Catalogue { unlisted, ..Catalogue::new(distribution, packages) })
    }

    /// Returns the package databases that are not read, each once.
    fn unread(&mut self) -> Result<Vec<String>, InventoryError> {
        let mut places = Vec::new();
        for path in UNREAD {
            let path: EntryPath = path.parse()?;
            let candidates = [self.tree.follow(&path)?, self.tree.place(&path)?];
            let place = candidates.into_iter().flatten().find(|place| self.tree.get(place).is_some());
            places.extend(place.filter(|place| !places.contains(place)));
        }
        Ok(places.iter().map(|place| format!("what {place} lists")).collect())
    }

    fn member(&mut self, member: Member, contents: &mut impl Read) -> Result<(), InventoryError> {
        let path: EntryPath = text(&member.path).parse()?;
        let item = match member.kind {
            MemberKind::Directory => Item::Directory,
            MemberKind::Symlink(target) => Item::Symlink(text(&target)),
            MemberKind::HardLink(target) => Item::HardLink(text(&target).parse()?),
            MemberKind::File if wanted(&path) && member.size <= FILE_LIMIT => {
                // Grows as bytes come: a size is only a claim.
                let mut bytes = Vec::new();
                contents.read_to_end(&mut bytes)?;
                Item::File(Some(bytes.into()))
            }
            MemberKind::File | MemberKind::SparseFile => Item::File(None),
            MemberKind::Fifo | MemberKind::Device(_) | MemberKind::Unknown => Item::Device,
        };
        self.place(&path, item)
    }

    fn place(&mut self, path: &EntryPath, item: Item) -> Result<(), InventoryError> {
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
            Whiteout::None => self.put(path, &place, item),
        }
    }

    fn put(&mut self, path: &EntryPath, place: &EntryPath, item: Item) -> Result<(), InventoryError> {
        let node = match item {
            Item::Directory => {
                self.tree.put_folder(place);
                return Ok(());
            }
            Item::Symlink(target) => (target.len() <= TARGET_LIMIT).then_some(Node::Symlink(target)),
            Item::File(Some(contents)) => Some(Node::Kept(contents)),
            Item::File(None) => noted(path).then_some(Node::Unkept),
            Item::HardLink(target) => {
                let original = self.tree.place(&target)?.and_then(|target| self.tree.get(&target)).cloned();
                original.or_else(|| noted(path).then_some(Node::Unkept))
            }
            Item::Device => None,
        };
        match node {
            Some(node) => self.tree.put(place, node),
            None => self.tree.clear(place),
        }
    }

    fn distribution(&mut self) -> Result<Option<Distribution>, InventoryError> {
        for path in OS_RELEASE {
            if let Some(text) = self.read(&path.parse()?)? {
                return Ok(Distribution::read(&text));
            }
        }
        Ok(None)
    }

    /// Returns the files of `status.d`, one for each package, as images without a package manager have them.
    fn status_files(&mut self) -> Result<Vec<EntryPath>, InventoryError> {
        let folder: EntryPath = DPKG_STATUS_FOLDER.parse()?;
        let Some(place) = self.tree.follow(&folder)? else { return Ok(Vec::new()) };
        if place.name() != folder.name() {
            return Err(InventoryError::Unkept { path: folder, place });
        }
        Ok(self.tree.list(&place).into_iter().filter(|path| installed::describes_package(path.name())).collect())
    }

    /// Returns the text at a path, with links followed. What is not UTF-8 in it is replaced.
    fn read(&mut self, path: &EntryPath) -> Result<Option<String>, InventoryError> {
        let Some(place) = self.tree.follow(path)? else { return Ok(None) };
        match self.tree.get(&place) {
            Some(Node::Kept(contents)) => Ok(Some(String::from_utf8_lossy(contents).into_owned())),
            Some(Node::Unkept) => Err(InventoryError::Unkept { path: path.clone(), place }),
            // A link to a file whose name says nothing: it may be there, so that nothing can be said.
            None if !wanted(&place) => Err(InventoryError::Unkept { path: path.clone(), place }),
            None | Some(Node::Symlink(_)) => Ok(None),
        }
    }
}

/// What an entry puts at its place.
enum Item {
    Directory,
    Symlink(String),
    HardLink(EntryPath),
    /// A file, with its contents where they are wanted and within bounds.
    File(Option<Bytes>),
    Device,
}

/// Returns a name as text. What is not UTF-8 is replaced: no path that is looked for has it.
fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace('\n', "\u{FFFD}")
}

/// Returns whether the contents of a file with this name are kept.
fn wanted(path: &EntryPath) -> bool {
    let in_status_folder =
        || path.parent().is_some_and(|folder| folder.name() == "status.d") && installed::describes_package(path.name());
    path.name() == "status" || path.name().contains("os-release") || in_status_folder()
}

/// Returns whether it is kept that a file with this name is there.
fn noted(path: &EntryPath) -> bool {
    wanted(path) || UNREAD.iter().any(|unread| unread.rsplit('/').next() == Some(path.name()))
}

/// What an entry hides in lower layers (image-spec, layer.md, "Whiteouts").
enum Whiteout {
    /// It is an entry like others.
    None,
    /// One path.
    Path(EntryPath),
    /// All that is in this folder.
    Folder(EntryPath),
    /// Nothing: it is a note of a file system to itself.
    Metadata,
}

impl Whiteout {
    fn of(place: &EntryPath) -> Result<Self, InventoryError> {
        let folder = place.parent().unwrap_or_default();
        Ok(match place.name().strip_prefix(".wh.") {
            None => Self::None,
            Some(".wh..opq") => Self::Folder(folder),
            Some(name) if name.starts_with(".wh.") || matches!(name, "" | ".") => Self::Metadata,
            Some(name) => Self::Path(folder.join(name)?),
        })
    }
}
