use crate::accounts::Accounts;
use crate::file_error::FileError;
use crate::local_contents::{self, ELF, Facts, Memory};
use crate::specification::{FileSpecification, Owner, Place};
use crate::template::{fill, unknown};
use crate::tree::{Segment, Tree};
use consign_oci::layer::{Contents, Entry, EntryPath, Kind};
use consign_oci::{Digest, Platform};
use consign_package::elf::Machine;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Most files and folders of the user's.
const COUNT_LIMIT: usize = 200_000;
/// How names begin that a layer takes for the removal of what lies below (image-spec, layer.md, "Whiteouts").
const WHITEOUT: &str = ".wh.";

/// A file, folder or link of the user's, read from the disk.
#[derive(Clone, Debug)]
pub(crate) struct LocalFile {
    /// Where it lies, relative to the image file's folder.
    pub(crate) source: String,
    /// Where the image file names it.
    place: Place,
    /// What goes into the image; its owner is filled in by [`LocalFile::entry`].
    entry: Entry,
    /// What is known of its contents; folders and links have none.
    facts: Option<Facts>,
    owner: Option<Owner>,
    /// Whether the image file states a mode or an owner.
    states_more: bool,
    /// Libraries that are there only when it runs.
    provided: Vec<String>,
}

impl LocalFile {
    #[cfg(test)]
    pub(crate) fn of_test(path: &str, contents: Vec<u8>, provided: &[&str]) -> Self {
        let (facts, kind) = (Some(Facts::of(&contents)), Kind::File(contents.into()));
        let position = crate::Position { line: 3, column: 5, width: 1 };
        Self {
            source: path.to_owned(),
            place: Place { file: "image.yaml".to_owned(), position },
            entry: Entry { mode: 0o755, ..Entry::new(path.parse().unwrap_or_default(), kind) },
            facts,
            owner: None,
            states_more: false,
            provided: provided.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// Returns the digest of its contents; folders and links have none.
    pub(crate) fn digest(&self) -> Option<Digest> {
        self.facts.as_ref().map(|facts| facts.digest.clone())
    }

    /// Returns everything that decides its place in the image, for the key of the build's step.
    pub(crate) fn fingerprint(&self) -> String {
        let kind = match (&self.facts, &self.entry.kind) {
            (Some(facts), _) => facts.digest.to_string(),
            (None, Kind::Symlink(target)) => format!("link {target}"),
            (None, _) => "folder".to_owned(),
        };
        let owner = self.owner.clone().map(String::from).unwrap_or_default();
        format!("{}\0{kind}\0{:o}\0{owner}", self.entry.path, self.entry.mode)
    }

    /// Returns the entry that goes into the image.
    pub(crate) fn entry(&self, accounts: &Accounts, mtime: u64) -> Result<Entry, FileError> {
        let unknown = |owner: &str| FileError::Owner { file: self.source.clone(), owner: owner.to_owned() };
        let (uid, gid) = match &self.owner {
            None => (0, 0),
            Some(Owner { user, group }) => {
                let (uid, gid) = accounts.user(user).ok_or_else(|| unknown(user))?;
                let gid = group.as_ref().map_or(Some(gid), |group| accounts.group(group));
                (uid, gid.ok_or_else(|| unknown(&String::from(Owner { user: user.clone(), group: group.clone() })))?)
            }
        };
        Ok(Entry { uid, gid, mtime, ..self.entry.clone() })
    }

    /// Returns its path in the image.
    pub(crate) fn path(&self) -> &EntryPath {
        &self.entry.path
    }

    /// Returns its contents; folders and links have none.
    pub(crate) fn contents(&self) -> Option<&Contents> {
        match &self.entry.kind {
            Kind::File(contents) => Some(contents),
            _ => None,
        }
    }

    /// Returns how it begins, if that makes it a program or a script: some hundred bytes.
    pub(crate) fn start(&self) -> &[u8] {
        self.facts.as_ref().map(|facts| &facts.start[..]).unwrap_or_default()
    }

    /// Returns whether it is an ELF file.
    pub(crate) fn is_elf(&self) -> bool {
        self.start().starts_with(ELF)
    }

    /// Returns whether it can be run.
    pub(crate) fn is_executable(&self) -> bool {
        self.entry.mode & 0o111 != 0
    }

    /// Returns the patterns of libraries that are there only when it runs.
    pub(crate) fn provided(&self) -> &[String] {
        &self.provided
    }

    /// Returns where the image file names it.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Refuses a program that is for another machine than the platform's.
    pub(crate) fn check_machine(&self, platform: &Platform) -> Result<(), FileError> {
        let (Some(found), Some(expected)) = (Machine::read(self.start()), Machine::of(platform)) else { return Ok(()) };
        if found.runs_on(&expected) {
            return Ok(());
        }
        let error = FileError::Machine { file: self.source.clone(), platform: platform.clone(), found, expected };
        Err(error.at(&self.place))
    }

    /// Puts it into the image, in place of what is there.
    fn put(&self, tree: &mut Tree, accounts: &Accounts, mtime: u64) -> Result<(), FileError> {
        let entry = self.entry(accounts, mtime)?;
        let failed = |source| FileError::Place { file: self.source.clone(), source };
        let path = tree.resolve_parent(&entry.path).map_err(failed)?;
        let stated = self.states_more && entry.kind == Kind::Directory;
        match tree.get_mut(&path) {
            Some(node) if node.entry.kind == Kind::Directory && stated => {
                node.entry = Entry { path, ..entry };
                node.segment = Segment::Files;
            }
            _ => tree.put(entry, Segment::Files).map_err(failed)?,
        }
        Ok(())
    }
}

/// Puts files into the image, in place of what is there. A folder that is there keeps its mode and owner unless the image file states them.
pub(crate) fn put<'a>(
    tree: &mut Tree,
    files: impl Iterator<Item = &'a LocalFile>,
    mtime: u64,
) -> Result<(), FileError> {
    let accounts = Accounts::of(tree).map_err(|source| FileError::Accounts { source })?;
    for file in files {
        file.put(tree, &accounts, mtime).map_err(|error| error.at(&file.place))?;
    }
    Ok(())
}

/// Reads the user's files for a platform: in the order of the image file, folders in order of path.
pub(crate) fn read(
    folder: &Path,
    files: &[FileSpecification],
    platform: &Platform,
    memory: Memory,
) -> Result<Vec<LocalFile>, FileError> {
    // The parent of a bare file name is the empty path.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let folder = folder.canonicalize().map_err(|source| FileError::Io { path: folder.to_owned(), source })?;
    let mut found = Vec::new();
    for file in files {
        Reading { folder: &folder, file, memory, found: &mut found }
            .start(platform)
            .map_err(|error| error.at(&file.place))?;
    }
    Ok(found)
}

struct Reading<'a> {
    folder: &'a Path,
    file: &'a FileSpecification,
    memory: Memory,
    found: &'a mut Vec<LocalFile>,
}

impl Reading<'_> {
    fn start(&mut self, platform: &Platform) -> Result<(), FileError> {
        let source = fill(&self.file.source, platform);
        let outside = || FileError::Outside { file: source.clone() };
        let inside: EntryPath = source.parse().map_err(|_| outside())?;
        if source.starts_with('/') {
            return Err(outside());
        }
        let path = self.folder.join(inside.as_str());
        // What is named may itself be a link, as long as it stays in the folder.
        let real = path.canonicalize().map_err(|error| match unknown(&source) {
            Some(word) if error.kind() == ErrorKind::NotFound => FileError::Template { word: word.to_owned() },
            _ => FileError::Io { path: path.clone(), source: error },
        })?;
        if !real.starts_with(self.folder) {
            return Err(outside());
        }
        let mut target = self.file.path.clone();
        if target.ends_with('/') && !real.is_dir() {
            target.push_str(inside.name());
        }
        self.visit(&real, inside.as_str(), target.parse()?)
    }

    fn visit(&mut self, path: &Path, source: &str, target: EntryPath) -> Result<(), FileError> {
        if self.found.len() >= COUNT_LIMIT {
            return Err(FileError::TooMany { path: self.folder.to_owned(), limit: COUNT_LIMIT });
        }
        if target.name().starts_with(WHITEOUT) {
            return Err(FileError::Whiteout { path: target });
        }
        let failed = |source| FileError::Io { path: path.to_owned(), source };
        let metadata = fs::symlink_metadata(path).map_err(failed)?;
        let executable = metadata.permissions().mode() & 0o111 != 0;
        let mut facts = None;
        let kind = if metadata.is_symlink() {
            let link = fs::read_link(path).map_err(failed)?;
            let link = link.into_os_string().into_string().map_err(|_| FileError::Name { path: path.to_owned() })?;
            Kind::Symlink(link)
        } else if metadata.is_dir() {
            Kind::Directory
        } else if metadata.is_file() {
            let (contents, found) = local_contents::read(path, self.memory)?;
            facts = Some(found);
            Kind::File(contents)
        } else {
            return Err(FileError::Special { path: path.to_owned() });
        };
        let is_directory = kind == Kind::Directory;
        let default = if is_directory || executable { 0o755 } else { 0o644 };
        let mode = match (&kind, self.file.mode) {
            (Kind::Symlink(_), _) => 0o777,
            (_, None) => default,
            // A folder that may be read must be enterable too.
            (Kind::Directory, Some(mode)) => mode.bits() | (mode.bits() & 0o444) >> 2,
            (_, Some(mode)) => mode.bits(),
        };
        let entry = Entry { mode, ..Entry::new(target.clone(), kind) };
        let states_more = self.file.mode.is_some() || self.file.owner.is_some();
        let (place, owner) = (self.file.place.clone(), self.file.owner.clone());
        let (source, provided) = (source.to_owned(), self.file.provided.clone());
        self.found.push(LocalFile { source: source.clone(), place, entry, facts, owner, states_more, provided });
        if is_directory {
            self.visit_folder(path, &source, &target)?;
        }
        Ok(())
    }

    fn visit_folder(&mut self, path: &Path, source: &str, target: &EntryPath) -> Result<(), FileError> {
        let failed = |source| FileError::Io { path: path.to_owned(), source };
        let mut names = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            names.push(entry.file_name().into_string().map_err(|_| FileError::Name { path: entry.path() })?);
        }
        names.sort();
        for name in names {
            self.visit(&path.join(&name), &format!("{source}/{name}"), target.join(&name)?)?;
        }
        Ok(())
    }
}
