use crate::accounts::Accounts;
use crate::elf::Machine;
use crate::specification::{FileSpecification, Owner};
use crate::template::fill;
use crate::tree::{Segment, Tree, TreeError};
use consign_oci::layer::{Entry, EntryPath, EntryPathError, Kind};
use consign_oci::{Digest, Platform};
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Largest file of the user's, in bytes.
const FILE_LIMIT: u64 = 4 << 30;
/// Most files and folders of the user's.
const COUNT_LIMIT: usize = 200_000;

/// A file of the user's that cannot go into the image.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It lies outside of the image file's folder.
    #[error("`{file}` leads out of the folder of the image file")]
    Outside {
        /// The file, as written.
        file: String,
    },
    /// It is a device, a socket or a pipe.
    #[error("{} is neither file, folder nor symbolic link", path.display())]
    Special {
        /// The file.
        path: PathBuf,
    },
    /// A name is not UTF-8.
    #[error("the name of {} is not UTF-8", path.display())]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// Its path in the image cannot be.
    #[error(transparent)]
    Path(#[from] EntryPathError),
    /// Its path in the image is taken by something else.
    #[error("cannot put {file} into the image")]
    Place {
        /// The file.
        file: String,
        /// Why not.
        source: TreeError,
    },
    /// A user or group is not one of the image's.
    #[error("`{owner}` of `{file}` is not among the image's users and groups")]
    Owner {
        /// The file.
        file: String,
        /// The name.
        owner: String,
    },
    /// It is a program for another machine.
    #[error("`{file}` is for {found}, but {platform} needs {expected}")]
    Machine {
        /// The file.
        file: String,
        /// What is built.
        platform: Platform,
        /// What the file says.
        found: Machine,
        /// What it should say.
        expected: Machine,
    },
    /// Too large.
    #[error("{} has {size} bytes, more than {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The most that is allowed, in bytes.
        limit: u64,
    },
    /// Too many files.
    #[error("more than {limit} files below {}", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
        /// The most that is allowed.
        limit: usize,
    },
}

/// A file, folder or link of the user's, read from the disk.
#[derive(Clone, Debug)]
pub(crate) struct LocalFile {
    /// Where it lies, relative to the image file's folder.
    pub(crate) source: String,
    /// What goes into the image; its owner is filled in by [`LocalFile::entry`].
    entry: Entry,
    owner: Option<Owner>,
    /// Whether the image file states a mode or an owner.
    states_more: bool,
}

impl LocalFile {
    /// Returns the digest of its contents; folders and links have none.
    pub(crate) fn digest(&self) -> Option<Digest> {
        match &self.entry.kind {
            Kind::File(contents) => Some(Digest::of(contents)),
            _ => None,
        }
    }

    /// Returns everything that decides its place in the image, for the key of the build's step.
    pub(crate) fn fingerprint(&self) -> String {
        let kind = match &self.entry.kind {
            Kind::File(contents) => Digest::of(contents).to_string(),
            Kind::Symlink(target) => format!("link {target}"),
            Kind::HardLink(target) => format!("hard link {target}"),
            Kind::Directory => "folder".to_owned(),
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

    /// Refuses a program that is for another machine than the platform's.
    pub(crate) fn check_machine(&self, platform: &Platform) -> Result<(), FileError> {
        let Kind::File(contents) = &self.entry.kind else { return Ok(()) };
        let (Some(found), Some(expected)) = (Machine::read(contents), Machine::of(platform)) else { return Ok(()) };
        if found.runs_on(&expected) {
            return Ok(());
        }
        Err(FileError::Machine { file: self.source.clone(), platform: platform.clone(), found, expected })
    }
}

/// Puts files into the image, in place of what is there. A folder that is there keeps its mode and owner unless the image file states them.
pub(crate) fn put<'a>(
    tree: &mut Tree,
    files: impl Iterator<Item = &'a LocalFile>,
    mtime: u64,
) -> Result<(), FileError> {
    let accounts = Accounts::of(tree);
    for file in files {
        let entry = file.entry(&accounts, mtime)?;
        let failed = |source| FileError::Place { file: file.source.clone(), source };
        let path = tree.resolve_parent(&entry.path).map_err(failed)?;
        let stated = file.states_more && entry.kind == Kind::Directory;
        match tree.get_mut(&path) {
            Some(node) if node.entry.kind == Kind::Directory && stated => {
                node.entry = Entry { path, ..entry };
                node.segment = Segment::Files;
            }
            _ => tree.put(entry, Segment::Files).map_err(failed)?,
        }
    }
    Ok(())
}

/// Reads the user's files for a platform: in the order of the image file, folders in order of path.
pub(crate) fn read(
    folder: &Path,
    files: &[FileSpecification],
    platform: &Platform,
) -> Result<Vec<LocalFile>, FileError> {
    // The parent of a bare file name is the empty path.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let folder = folder.canonicalize().map_err(|source| FileError::Io { path: folder.to_owned(), source })?;
    let mut found = Vec::new();
    for file in files {
        Reading { folder: &folder, file, found: &mut found }.start(platform)?;
    }
    Ok(found)
}

struct Reading<'a> {
    folder: &'a Path,
    file: &'a FileSpecification,
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
        let real = path.canonicalize().map_err(|error| FileError::Io { path: path.clone(), source: error })?;
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
        let failed = |source| FileError::Io { path: path.to_owned(), source };
        let metadata = fs::symlink_metadata(path).map_err(failed)?;
        let executable = metadata.permissions().mode() & 0o111 != 0;
        let kind = if metadata.is_symlink() {
            let link = fs::read_link(path).map_err(failed)?;
            let link = link.into_os_string().into_string().map_err(|_| FileError::Name { path: path.to_owned() })?;
            Kind::Symlink(link)
        } else if metadata.is_dir() {
            Kind::Directory
        } else if metadata.is_file() {
            Kind::File(contents(path)?.into())
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
        let entry = Entry { path: target.clone(), kind, mode, uid: 0, gid: 0, mtime: 0 };
        let states_more = self.file.mode.is_some() || self.file.owner.is_some();
        self.found.push(LocalFile { source: source.to_owned(), entry, owner: self.file.owner.clone(), states_more });
        if is_directory {
            self.visit_folder(path, source, &target)?;
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

fn contents(path: &Path) -> Result<Vec<u8>, FileError> {
    let failed = |source| FileError::Io { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size > FILE_LIMIT {
        return Err(FileError::TooLarge { path: path.to_owned(), size, limit: FILE_LIMIT });
    }
    let mut contents = Vec::new();
    file.take(FILE_LIMIT).read_to_end(&mut contents).map_err(failed)?;
    Ok(contents)
}
