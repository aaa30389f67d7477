use super::{PatternError, Patterns};
use crate::files::{FileNode, Lies, Node, NodeKind, Tree};
use consign_oci::layer::{Device, DeviceClass, EntryPath, EntryPathError};
use rustix::fs::{lgetxattr, llistxattr, llistxattr_query};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most files and folders of a context.
const COUNT_LIMIT: usize = 2_000_000;
/// Deepest folder of a context.
const DEPTH_LIMIT: usize = 256;
/// Largest list of patterns, in bytes.
const IGNORE_LIMIT: u64 = 1 << 20;
/// Most bytes of the names of a file's attributes, and of a value (Linux `XATTR_LIST_MAX`, `XATTR_SIZE_MAX`).
const ATTRIBUTES_LIMIT: usize = 64 << 10;
/// How names begin that a layer takes for the removal of what lies below (image-spec, layer.md, "Whiteouts").
const WHITEOUT: &str = ".wh.";

/// A folder that a build takes files from, but for those that patterns leave out.
#[derive(Clone, Debug, Default)]
pub struct Context {
    folder: PathBuf,
    ignored: Patterns,
    /// The text of the list of patterns that belongs to the Dockerfile alone.
    own: Option<String>,
    /// Files that are nobody's to copy, such as signing keys.
    secret: Vec<SecretFile>,
}

/// A file that is in no image, by whatever name.
#[derive(Clone, Debug)]
struct SecretFile {
    path: PathBuf,
    device: u64,
    number: u64,
}

/// A context that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// Something in it cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A list of patterns is wrong.
    #[error("`{}`", path.display())]
    Pattern {
        /// The list.
        path: PathBuf,
        /// What is wrong.
        source: PatternError,
    },
    /// A list of patterns is no text, or too large.
    #[error("`{}` is not a text of at most {limit} bytes", path.display())]
    NoText {
        /// The list.
        path: PathBuf,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// A path cannot stand in an image.
    #[error("`{}` cannot be in an image; `.dockerignore` can leave it out", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: EntryPathError,
    },
    /// A name is not UTF-8.
    #[error("the name `{}` is not UTF-8; `.dockerignore` can leave it out", path.display())]
    Name {
        /// The path.
        path: PathBuf,
    },
    /// A name means that something is removed.
    #[error("a file whose name begins with `.wh.` cannot be in an image: `{}`", path.display())]
    Whiteout {
        /// The path.
        path: PathBuf,
    },
    /// There is too much in it.
    #[error("more than {limit} {what} in `{}`; `.dockerignore` leaves out what is not needed", path.display())]
    TooMuch {
        /// The folder.
        path: PathBuf,
        /// Of what.
        what: &'static str,
        /// The most that is read.
        limit: usize,
    },
}

impl Context {
    /// Opens a folder. What is left out stands in `NAME.dockerignore` beside the Dockerfile, else in the folder's own `.dockerignore`.
    pub fn open(folder: &Path, dockerfile: &Path) -> Result<Self, ContextError> {
        let mut beside = dockerfile.as_os_str().to_owned();
        beside.push(".dockerignore");
        let own = text(Path::new(&beside))?;
        let (path, text) = match &own {
            Some(own) => (PathBuf::from(beside), Some(own.clone())),
            None => (folder.join(".dockerignore"), text(&folder.join(".dockerignore"))?),
        };
        let ignored = text.as_deref().map(Patterns::parse).transpose();
        let ignored = ignored.map_err(|source| ContextError::Pattern { path, source })?.unwrap_or_default();
        Ok(Self { folder: folder.to_owned(), ignored, own, secret: Vec::new() })
    }

    /// Keeps a file out of every image, wherever in the folder it lies. What is not there is nothing to keep out.
    pub fn keep_out(&mut self, path: &Path) {
        if let Ok(metadata) = fs::metadata(path) {
            self.secret.push(SecretFile { path: path.to_owned(), device: metadata.dev(), number: metadata.ino() });
        }
    }

    /// Returns a file that is to be kept out, and lies where somebody else who reads the folder would take it.
    pub(crate) fn exposed(&self) -> Option<&Path> {
        let folder = self.folder.canonicalize().ok()?;
        let is_exposed = |secret: &&SecretFile| {
            let path = secret.path.canonicalize().ok();
            let inside = path.as_deref().and_then(|path| path.strip_prefix(&folder).ok()).and_then(Path::to_str);
            inside.is_some_and(|inside| !self.ignored.leave_out(inside))
        };
        self.secret.iter().find(is_exposed).map(|secret| secret.path.as_path())
    }

    /// Returns the list of patterns that belongs to the Dockerfile alone.
    pub(crate) fn own_patterns(&self) -> Option<&str> {
        self.own.as_deref()
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns whether a path is left out.
    pub(crate) fn leaves_out(&self, path: &EntryPath) -> bool {
        self.ignored.leave_out(path.as_str())
    }

    /// Returns whether nothing at a path or in it can be copied. Where a pattern takes something back, that is not known from the patterns alone.
    pub(crate) fn leaves_out_whole(&self, path: &EntryPath) -> bool {
        !self.ignored.may_take_back() && self.leaves_out(path)
    }

    /// Lists what is in the folder. Everything belongs to root there, and was last changed at `time`: who has the files, and since when, is no
    /// matter of the image's.
    pub(crate) fn tree(&self, time: u64) -> Result<Tree, ContextError> {
        let mut walk = Walk { context: self, time, tree: Tree::default(), files: BTreeMap::new(), count: 0 };
        walk.folder(&self.folder, &EntryPath::default(), &mut Vec::new())?;
        Ok(walk.tree)
    }
}

fn text(path: &Path) -> Result<Option<String>, ContextError> {
    let failed = |source| ContextError::Read { path: path.to_owned(), source };
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
        Ok(metadata) if !metadata.is_file() || metadata.len() > IGNORE_LIMIT => {
            Err(ContextError::NoText { path: path.to_owned(), limit: IGNORE_LIMIT })
        }
        Ok(_) => {
            let bytes = fs::read(path).map_err(failed)?;
            let no_text = |_| ContextError::NoText { path: path.to_owned(), limit: IGNORE_LIMIT };
            String::from_utf8(bytes).map(Some).map_err(no_text)
        }
    }
}

struct Walk<'a> {
    context: &'a Context,
    time: u64,
    tree: Tree,
    /// Files with several names, by device and number.
    files: BTreeMap<(u64, u64), Arc<FileNode>>,
    count: usize,
}

impl Walk<'_> {
    /// Lists a folder. `above` are the folders that it lies in which are left out, but may hold something that is not.
    fn folder(
        &mut self,
        folder: &Path,
        path: &EntryPath,
        above: &mut Vec<(EntryPath, Node)>,
    ) -> Result<(), ContextError> {
        let too_much = |what, limit| ContextError::TooMuch { path: self.context.folder.clone(), what, limit };
        if path.as_str().split('/').count() > DEPTH_LIMIT {
            return Err(too_much("folders, each in another,", DEPTH_LIMIT));
        }
        let failed = |source| ContextError::Read { path: folder.to_owned(), source };
        for entry in fs::read_dir(folder).map_err(failed)? {
            let on_disk = entry.map_err(failed)?.path();
            let name = on_disk.file_name().and_then(|name| name.to_str());
            let Some(name) = name else { return Err(ContextError::Name { path: on_disk }) };
            let here = path.join(name).map_err(|source| ContextError::Path { path: on_disk.clone(), source })?;
            let left_out = self.context.leaves_out(&here);
            if left_out && !self.context.ignored.may_take_back() {
                continue;
            }
            let metadata = match fs::symlink_metadata(&on_disk) {
                Ok(metadata) => metadata,
                // Somebody removed it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(ContextError::Read { path: on_disk, source }),
            };
            if left_out && !metadata.is_dir() {
                continue;
            }
            let is_same = |secret: &SecretFile| (secret.device, secret.number) == (metadata.dev(), metadata.ino());
            if self.context.secret.iter().any(is_same) {
                continue;
            }
            self.count += 1;
            if self.count > COUNT_LIMIT {
                return Err(ContextError::TooMuch {
                    path: self.context.folder.clone(),
                    what: "files and folders",
                    limit: COUNT_LIMIT,
                });
            }
            if name.starts_with(WHITEOUT) {
                return Err(ContextError::Whiteout { path: on_disk });
            }
            // Somebody listens there, as editors and `git` do; it means nothing elsewhere.
            if metadata.file_type().is_socket() {
                continue;
            }
            let node = self.node(&on_disk, &metadata)?;
            if left_out {
                above.push((here.clone(), node));
                self.folder(&on_disk, &here, above)?;
                above.pop();
                continue;
            }
            for (folder, node) in above.drain(..) {
                self.tree.put(folder, node);
            }
            self.tree.put(here.clone(), node);
            if metadata.is_dir() {
                self.folder(&on_disk, &here, &mut Vec::new())?;
            }
        }
        Ok(())
    }

    fn node(&mut self, on_disk: &Path, metadata: &Metadata) -> Result<Node, ContextError> {
        let failed = |source| ContextError::Read { path: on_disk.to_owned(), source };
        let kind = if metadata.is_dir() {
            NodeKind::Directory
        } else if metadata.is_symlink() {
            let target = fs::read_link(on_disk).map_err(failed)?;
            let target = target.into_os_string().into_string();
            NodeKind::Symlink(target.map_err(|_| ContextError::Name { path: on_disk.to_owned() })?)
        } else if metadata.is_file() {
            let file = || Arc::new(FileNode::new(metadata.len(), Lies::OnDisk(on_disk.to_owned())));
            NodeKind::File(match metadata.nlink() {
                1 => file(),
                _ => self.files.entry((metadata.dev(), metadata.ino())).or_insert_with(file).clone(),
            })
        } else if metadata.file_type().is_fifo() {
            NodeKind::Fifo
        } else {
            let is_block = metadata.file_type().is_block_device();
            let class = if is_block { DeviceClass::Block } else { DeviceClass::Character };
            let (major, minor) = (rustix::fs::major(metadata.rdev()), rustix::fs::minor(metadata.rdev()));
            NodeKind::Device(Device { class, major, minor })
        };
        let attributes = if metadata.is_symlink() { BTreeMap::new() } else { attributes(on_disk).map_err(failed)? };
        Ok(Node { kind, mode: metadata.mode() & 0o7777, uid: 0, gid: 0, mtime: self.time, attributes })
    }
}

/// Returns the extended attributes of a user's making. Where the file system has none, there are none.
fn attributes(path: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    // Most files have none: no room is made for their names.
    match llistxattr_query(path) {
        Ok(0) | Err(Errno::NOTSUP | Errno::NOENT) => return Ok(BTreeMap::new()),
        other => other?,
    };
    let mut names = vec![0_u8; ATTRIBUTES_LIMIT];
    let length = llistxattr(path, &mut names[..])?;
    let mut found = BTreeMap::new();
    for name in names[..length].split(|byte| *byte == 0).filter_map(|name| std::str::from_utf8(name).ok()) {
        if name.starts_with("user.") {
            let mut value = vec![0_u8; ATTRIBUTES_LIMIT];
            let length = lgetxattr(path, name, &mut value[..])?;
            value.truncate(length);
            found.insert(name.to_owned(), value);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn listed(files: &[&str], ignored: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        fs::write(folder.path().join(".dockerignore"), ignored).unwrap();
        let context = Context::open(folder.path(), &folder.path().join("Dockerfile")).unwrap();
        let tree = context.tree(7).unwrap();
        tree.within(&EntryPath::default()).map(|(path, _)| path.as_str().to_owned()).collect()
    }

    #[test]
    fn patterns_leave_out_and_take_back() {
        let files = ["a/b/c", "a/b/d", "a/e", "f.md", "README.md"];
        assert_eq!(listed(&files, "*\n!a/b/c\n"), ["a", "a/b", "a/b/c"]);
        assert_eq!(listed(&files, "*.md\n!README.md\na/b\n.dockerignore"), ["README.md", "a", "a/e"]);
        assert_eq!(listed(&files, "**/*\n!**/d\n"), ["a", "a/b", "a/b/d"]);
        assert_eq!(listed(&files, "*\n"), Vec::<String>::new());
    }

    #[test]
    fn a_list_beside_the_dockerfile_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".dockerignore"), "a").unwrap();
        fs::write(folder.path().join("web.Dockerfile.dockerignore"), "b").unwrap();
        let leaves_out = |dockerfile: &str, path: &str| {
            let context = Context::open(folder.path(), &folder.path().join(dockerfile)).unwrap();
            context.leaves_out(&path.parse().unwrap())
        };
        assert!(leaves_out("Dockerfile", "a") && !leaves_out("Dockerfile", "b"));
        assert!(leaves_out("web.Dockerfile", "b") && !leaves_out("web.Dockerfile", "a"));
    }

    #[test]
    fn sockets_are_left_out_and_pipes_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o640);
        rustix::fs::mknodat(rustix::fs::CWD, folder.path().join("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let tree = Context::open(folder.path(), &folder.path().join("Dockerfile")).unwrap().tree(7).unwrap();
        assert!(tree.get(&"socket".parse().unwrap()).is_none());
        assert!(matches!(tree.get(&"pipe".parse().unwrap()).unwrap().kind, NodeKind::Fifo));
    }

    #[test]
    fn what_is_secret_stays_out_by_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["cosign.key", "file"] {
            fs::write(at(name), name).unwrap();
        }
        fs::hard_link(at("cosign.key"), at("other")).unwrap();
        let mut context = Context::open(folder.path(), &at("Dockerfile")).unwrap();
        context.keep_out(&at("cosign.key"));
        context.keep_out(&at("absent"));
        let tree = context.tree(7).unwrap();
        let paths: Vec<&str> = tree.within(&EntryPath::default()).map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["file"]);
        assert_eq!(context.exposed(), Some(at("cosign.key").as_path()));
        fs::write(at(".dockerignore"), "*.key").unwrap();
        let mut context = Context::open(folder.path(), &at("Dockerfile")).unwrap();
        context.keep_out(&at("cosign.key"));
        assert_eq!(context.exposed(), None);
    }

    #[test]
    fn links_and_names_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("one"), "x").unwrap();
        fs::hard_link(folder.path().join("one"), folder.path().join("two")).unwrap();
        symlink("../../etc", folder.path().join("link")).unwrap();
        let tree = Context::open(folder.path(), &folder.path().join("Dockerfile")).unwrap().tree(7).unwrap();
        let file = |path: &str| match &tree.get(&path.parse().unwrap()).unwrap().kind {
            NodeKind::File(file) => file.clone(),
            other => panic!("{other:?}"),
        };
        assert!(Arc::ptr_eq(&file("one"), &file("two")));
        assert_eq!(tree.resolve(&"link/passwd".parse().unwrap(), true).unwrap().as_str(), "etc/passwd");
    }
}
