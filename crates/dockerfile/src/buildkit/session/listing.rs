use super::filter::{Above, Filter};
use super::tree::Tree;
use crate::buildkit::protocol::files::Stat;
use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Most paths of a folder that are sent.
const ENTRY_LIMIT: usize = 2_000_000;
/// Longest path, in bytes.
const PATH_LIMIT: usize = 4096;
/// Nanoseconds in a second.
const NANOSECONDS: i64 = 1_000_000_000;

// Bits of Go's `io/fs.FileMode` above the permissions.
const FOLDER: u32 = 1 << 31;
const LINK: u32 = 1 << 27;
const DEVICE: u32 = 1 << 26;
const PIPE: u32 = 1 << 25;
const SET_USER: u32 = 1 << 23;
const SET_GROUP: u32 = 1 << 22;
const CHARACTER_DEVICE: u32 = 1 << 21;
const STICKY: u32 = 1 << 20;

/// A folder that cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListingError {
    #[error("cannot read {path}: {source}", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the name of {path} is not UTF-8, and builders take no other: rename it, or ignore it in .dockerignore", path = path.display())]
    Name { path: PathBuf },
    #[error("the path {path} is longer than {PATH_LIMIT} bytes", path = path.display())]
    Long { path: PathBuf },
    #[error("there are more than {ENTRY_LIMIT} files: ignore some in .dockerignore")]
    Many,
    #[error("nobody wants the files any more")]
    Unwanted,
}

impl Tree {
    /// Lists what a filter leaves, each folder in front of what is in it, in the order that daemons expect: by names, folder by folder.
    /// Stops early once nobody wants it any more.
    pub(super) fn list(&self, filter: &Filter, unwanted: &dyn Fn() -> bool) -> Result<Vec<Stat>, ListingError> {
        match self {
            Self::Memory(files) => Ok(files
                .iter()
                .filter(|(name, _)| filter.judge(name, &Above::default()).sent)
                .map(|(name, content)| Stat {
                    path: name.clone(),
                    mode: 0o644,
                    size: i64::try_from(content.len()).unwrap_or(i64::MAX),
                    ..Stat::default()
                })
                .collect()),
            Self::Folder { path, latest, .. } => {
                let mut listing =
                    Listing { root: path, latest: *latest, filter, found: Vec::new(), first: HashMap::new(), unwanted };
                listing.walk()?;
                Ok(listing.found)
            }
        }
    }
}

/// A folder being listed.
struct Listing<'a> {
    root: &'a Path,
    latest: Option<i64>,
    filter: &'a Filter,
    found: Vec<Stat>,
    /// The first name of each file that has several, by device and number.
    first: HashMap<(u64, u64), String>,
    unwanted: &'a dyn Fn() -> bool,
}

/// A folder whose entries are being listed.
struct Open {
    path: String,
    above: Above,
    /// What is still to be listed, the last one first.
    names: Vec<String>,
    /// How it is to be sent once something in it is, if it was not sent by itself.
    unsent: Option<Stat>,
}

impl Listing<'_> {
    fn walk(&mut self) -> Result<(), ListingError> {
        // No recursion: a folder may be as deep as its maker likes.
        let mut open = vec![self.enter(String::new(), Above::default(), None)?];
        while let Some(folder) = open.last_mut() {
            let Some(name) = folder.names.pop() else {
                open.pop();
                continue;
            };
            if (self.unwanted)() {
                return Err(ListingError::Unwanted);
            }
            let path = if folder.path.is_empty() { name } else { format!("{}/{name}", folder.path) };
            let verdict = self.filter.judge(&path, &folder.above);
            let on_disk = self.root.join(&path);
            let metadata = match fs::symlink_metadata(&on_disk) {
                Ok(metadata) => metadata,
                // Something else is at work there, as some build tools are.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(ListingError::Read { path: on_disk, source }),
            };
            if path.len() > PATH_LIMIT {
                return Err(ListingError::Long { path: on_disk });
            }
            let mut stat = if verdict.sent || metadata.is_dir() { self.stat(&path, &metadata)? } else { None };
            if verdict.sent
                && let Some(stat) = stat.take()
            {
                for folder in &mut open {
                    self.found.extend(folder.unsent.take());
                }
                self.found.push(stat);
                if self.found.len() > ENTRY_LIMIT {
                    return Err(ListingError::Many);
                }
            }
            if metadata.is_dir() && verdict.entered {
                open.push(self.enter(path, verdict.above, stat)?);
            }
        }
        Ok(())
    }

    fn enter(&self, path: String, above: Above, unsent: Option<Stat>) -> Result<Open, ListingError> {
        let on_disk = self.root.join(&path);
        let failed = |source| ListingError::Read { path: on_disk.clone(), source };
        let mut names = Vec::new();
        for entry in fs::read_dir(&on_disk).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            names.push(name.into_string().map_err(|name| ListingError::Name { path: on_disk.join(name) })?);
            if names.len() > ENTRY_LIMIT {
                return Err(ListingError::Many);
            }
        }
        names.sort_unstable_by(|one, other| other.cmp(one));
        Ok(Open { path, above, names, unsent })
    }

    /// Describes what is at a path; `None` for a socket, which is nothing without its process. Owners are root, as nothing else means the same in
    /// an image.
    fn stat(&mut self, path: &str, metadata: &Metadata) -> Result<Option<Stat>, ListingError> {
        let kind = metadata.file_type();
        if kind.is_socket() {
            return Ok(None);
        }
        let on_disk = || self.root.join(path);
        let time = metadata.mtime().saturating_mul(NANOSECONDS).saturating_add(metadata.mtime_nsec());
        let latest = self.latest.map_or(i64::MAX, |latest| latest.saturating_mul(NANOSECONDS));
        let mut stat =
            Stat { path: path.to_owned(), mode: mode(metadata), modified: time.min(latest), ..Stat::default() };
        if kind.is_symlink() {
            let target = fs::read_link(on_disk()).map_err(|source| ListingError::Read { path: on_disk(), source })?;
            let target = target.into_os_string().into_string();
            stat.link = target.map_err(|_| ListingError::Name { path: on_disk() })?;
            stat.size = i64::try_from(stat.link.len()).unwrap_or(i64::MAX);
        } else if kind.is_file() {
            let number = (metadata.dev(), metadata.ino());
            match self.first.get(&number) {
                Some(first) if metadata.nlink() > 1 => stat.link.clone_from(first),
                _ => stat.size = i64::try_from(metadata.len()).unwrap_or(i64::MAX),
            }
            if metadata.nlink() > 1 && stat.link.is_empty() {
                self.first.insert(number, path.to_owned());
            }
        } else if kind.is_block_device() || kind.is_char_device() {
            stat.device_major = rustix::fs::major(metadata.rdev()).into();
            stat.device_minor = rustix::fs::minor(metadata.rdev()).into();
        }
        Ok(Some(stat))
    }
}

/// Returns a mode with the bits of Go's `io/fs.FileMode`.
fn mode(metadata: &Metadata) -> u32 {
    let kind = metadata.file_type();
    let kinds = [
        (kind.is_dir(), FOLDER),
        (kind.is_symlink(), LINK),
        (kind.is_fifo(), PIPE),
        (kind.is_block_device() || kind.is_char_device(), DEVICE),
        (kind.is_char_device(), CHARACTER_DEVICE),
        (metadata.mode() & 0o4000 != 0, SET_USER),
        (metadata.mode() & 0o2000 != 0, SET_GROUP),
        (metadata.mode() & 0o1000 != 0, STICKY),
    ];
    kinds.into_iter().filter(|(is, _)| *is).fold(metadata.mode() & 0o777, |mode, (_, bit)| mode | bit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn list(tree: &Tree, headers: &[(&'static str, &'static str)]) -> Vec<Stat> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let root = if let Tree::Folder { path, .. } = tree { Some(path.as_path()) } else { None };
        tree.list(&Filter::of(&map).unwrap().1.resolved(root).unwrap(), &|| false).unwrap()
    }

    #[test]
    fn folders() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("a/deep")).unwrap();
        for path in ["a/deep/x", "a/y", "a.b", "z"] {
            fs::write(at(path), "1234").unwrap();
        }
        fs::hard_link(at("a/y"), at("b")).unwrap();
        symlink("a/deep", at("link")).unwrap();
        fs::set_permissions(at("z"), fs::Permissions::from_mode(0o4711)).unwrap();
        let tree = Tree::open(root.path(), Some(5)).unwrap();
        let all = list(&tree, &[]);
        let paths = |found: &[Stat]| found.iter().map(|stat| stat.path.clone()).collect::<Vec<_>>();
        assert_eq!(paths(&all), ["a", "a/deep", "a/deep/x", "a/y", "a.b", "b", "link", "z"]);
        let of = |path: &str| all.iter().find(|stat| stat.path == path).unwrap().clone();
        assert_eq!(of("a").mode, FOLDER | 0o755);
        assert_eq!(of("z").mode, SET_USER | 0o711);
        assert_eq!((of("b").link.as_str(), of("b").size, of("a/y").link.as_str()), ("a/y", 0, ""));
        assert_eq!((of("link").link.as_str(), of("link").mode & LINK), ("a/deep", LINK));
        assert_eq!((of("z").modified, of("z").size, of("z").user), (5_000_000_000, 4, 0));

        let excluded = list(&tree, &[("exclude-patterns", "a"), ("exclude-patterns", "!a/deep/x")]);
        assert_eq!(paths(&excluded), ["a", "a/deep", "a/deep/x", "a.b", "b", "link", "z"]);
        assert_eq!(excluded[4].size, 4, "the first name that is sent has the content");
        assert_eq!(paths(&list(&tree, &[("followpaths", "link")])), ["a", "a/deep", "a/deep/x", "link"]);
        assert_eq!(paths(&list(&tree, &[("include-patterns", "**/y")])), ["a", "a/y"]);
        assert_eq!(paths(&list(&tree, &[("include-patterns", "absent")])), [""; 0]);
    }

    #[test]
    fn memory() {
        let tree = Tree::Memory([("Dockerfile".to_owned(), b"FROM".to_vec()), ("x".to_owned(), Vec::new())].into());
        let found = list(&tree, &[("followpaths", "Dockerfile")]);
        assert_eq!(found, [Stat { path: "Dockerfile".to_owned(), mode: 0o644, size: 4, ..Stat::default() }]);
    }

    #[test]
    fn names_must_be_text() {
        use std::os::unix::ffi::OsStrExt;
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(std::ffi::OsStr::from_bytes(b"\xff")), "").unwrap();
        let tree = Tree::open(root.path(), None).unwrap();
        assert!(matches!(tree.list(&Filter::default(), &|| false), Err(ListingError::Name { .. })));
        fs::remove_file(root.path().join(std::ffi::OsStr::from_bytes(b"\xff"))).unwrap();
        fs::write(root.path().join("a"), "").unwrap();
        assert!(matches!(tree.list(&Filter::default(), &|| true), Err(ListingError::Unwanted)));
    }
}
