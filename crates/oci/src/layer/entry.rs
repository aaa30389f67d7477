use super::{Contents, Device};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Longest path inside an image, in bytes (Linux `PATH_MAX`).
const PATH_LIMIT: usize = 4096;

/// A path inside an image: relative to its root, normalized, never leaving it. The root itself is the empty path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EntryPath(String);

impl EntryPath {
    /// Returns the path without a leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the folder that holds this path; the root has none.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self(self.0.rsplit_once('/').map(|(parent, _)| parent.to_owned()).unwrap_or_default()))
    }

    /// Returns the last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Returns whether this path is `folder` or lies in it.
    pub fn is_within(&self, folder: &Self) -> bool {
        folder.is_root() || self == folder || self.0.strip_prefix(&folder.0).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Returns this path followed by `rest`, which is normalized like any path.
    pub fn join(&self, rest: &str) -> Result<Self, EntryPathError> {
        if self.is_root() { rest.parse() } else { format!("{}/{rest}", self.0).parse() }
    }
}

impl FromStr for EntryPath {
    type Err = EntryPathError;

    /// Parses `./usr/bin`, `/usr/bin` or `usr/bin/`. `..`, NUL bytes and line breaks are refused, as is a path of more than 4096 bytes.
    fn from_str(text: &str) -> Result<Self, EntryPathError> {
        let error = |reason| EntryPathError { path: text.chars().take(200).collect(), reason };
        if text.len() > PATH_LIMIT {
            return Err(error("longer than 4096 bytes"));
        }
        if text.bytes().any(|byte| byte == 0 || byte == b'\n') {
            return Err(error("contains a NUL byte or a line break"));
        }
        let parts = text.split('/');
        if parts.clone().any(|part| part == "..") {
            return Err(error("leads out of its folder (`..`)"));
        }
        let is_name = |part: &&str| !part.is_empty() && *part != ".";
        if parts.clone().all(|part| is_name(&part)) {
            return Ok(Self(text.to_owned()));
        }
        let names: Vec<&str> = parts.filter(is_name).collect();
        Ok(Self(names.join("/")))
    }
}

impl fmt::Display for EntryPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "/{}", self.0)
    }
}

impl fmt::Debug for EntryPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A path that may not stand in an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is not a path inside an image: {reason}")]
pub struct EntryPathError {
    /// What was read.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file with these contents.
    File(Contents),
    /// A folder.
    Directory,
    /// A symbolic link with this target, as written.
    Symlink(String),
    /// Another name of the file at this path, which comes earlier in the same layer.
    HardLink(EntryPath),
    /// A named pipe.
    Fifo,
    /// A device.
    Device(Device),
}

/// What stands at one path of a layer, and all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub path: EntryPath,
    /// What it is.
    pub kind: Kind,
    /// Permission bits, at most `0o7777`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Time of last change, in seconds since 1970.
    pub mtime: u64,
    /// Extended attributes, such as `security.capability`, by their whole names (xattr(7)).
    pub attributes: BTreeMap<String, Vec<u8>>,
}

impl Entry {
    /// Makes an entry of root's, as old as 1970, with the usual mode: 0755 for folders, 0777 for symbolic links, else 0644.
    pub fn new(path: EntryPath, kind: Kind) -> Self {
        let mode = match kind {
            Kind::Directory => 0o755,
            Kind::Symlink(_) => 0o777,
            _ => 0o644,
        };
        Self { path, kind, mode, uid: 0, gid: 0, mtime: 0, attributes: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizes_paths() {
        for (text, expected) in [("./usr//bin/", "usr/bin"), ("/", ""), (".", ""), ("/a/./b", "a/b"), ("a..b", "a..b")]
        {
            assert_eq!(text.parse::<EntryPath>().unwrap().as_str(), expected);
        }
        for text in ["../a", "a/../b", "a/..", "a\0b", "a\nb", &"x".repeat(5000)] {
            assert!(text.parse::<EntryPath>().is_err());
        }
    }

    #[test]
    fn knows_folders() {
        let path: EntryPath = "usr/lib/x".parse().unwrap();
        assert_eq!(path.parent().unwrap().as_str(), "usr/lib");
        assert!(path.is_within(&"usr/lib".parse().unwrap()));
        assert!(path.is_within(&EntryPath::default()));
        assert!(!path.is_within(&"usr/li".parse().unwrap()));
        assert_eq!(EntryPath::default().parent(), None);
    }
}
