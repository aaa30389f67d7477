use super::error::RunError;
use crate::deb::glob;
use crate::specification::Place;
use consign_oci::{Digest, Hasher};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Most files that are inputs.
const COUNT_LIMIT: usize = 200_000;
/// Deepest nesting of folders.
const DEPTH_LIMIT: usize = 200;

/// What a command reads: digests by path relative to the image file's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inputs {
    files: BTreeMap<String, Digest>,
}

impl Inputs {
    /// Returns the digest of all paths, modes and contents.
    pub(super) fn digest(&self) -> Digest {
        let mut hasher = Hasher::default();
        for (path, digest) in &self.files {
            hasher.update(path.as_bytes());
            hasher.update(b"\0");
            hasher.update(digest.to_string().as_bytes());
            hasher.update(b"\n");
        }
        hasher.finish()
    }

    /// Returns the first path that is not the same in both.
    pub(super) fn difference<'a>(&'a self, other: &'a Self) -> Option<&'a str> {
        let changed = self.files.iter().find(|(path, digest)| other.files.get(*path) != Some(digest));
        let added = || other.files.keys().find(|path| !self.files.contains_key(*path));
        changed.map(|(path, _)| path).or_else(added).map(String::as_str)
    }
}

/// Where inputs are looked for.
pub(super) struct Reading<'a> {
    /// The image file's folder.
    pub(super) folder: &'a Path,
    /// What git keeps or would keep in it; `None` where there is no git.
    pub(super) listing: Option<&'a [String]>,
    /// What the image takes from the folder, as [`plain`] writes it: the command makes it, and so it is no input.
    pub(super) made: &'a BTreeSet<String>,
}

/// Returns a path below the image file's folder in the one form in which paths are compared.
pub(super) fn plain(path: &str) -> String {
    Written::new(path).rest
}

/// Returns whether a path is that of `folder`, or of something below it.
fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// An input as written: how many folders up, then where.
struct Written<'a> {
    up: String,
    rest: String,
    text: &'a str,
}

impl<'a> Written<'a> {
    fn new(text: &'a str) -> Self {
        let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let ups = parts.iter().take_while(|part| **part == "..").count();
        Self { up: "../".repeat(ups), rest: parts[ups..].join("/"), text }
    }

    fn is_pattern(&self) -> bool {
        self.rest.contains(['*', '?'])
    }

    fn takes(&self, path: &str) -> bool {
        match self.is_pattern() {
            true => glob::matches(&self.rest, path),
            false => is_within(path, &self.rest),
        }
    }

    /// Returns the folder, or the file, below which everything lies that it takes.
    fn start(&self) -> String {
        let fixed = self.rest.split('/').take_while(|part| !part.contains(['*', '?']));
        fixed.collect::<Vec<_>>().join("/")
    }
}

impl Reading<'_> {
    /// Reads what git keeps, or would keep, in the folder.
    pub(super) fn listed(&self) -> Result<Option<Inputs>, RunError> {
        let Some(listing) = self.listing else { return Ok(None) };
        let mut inputs = Inputs::default();
        for path in listing {
            self.visit(path, None, 0, &mut inputs)?;
        }
        Ok(Some(inputs))
    }

    /// Reads these. Of a folder, and for a pattern, what git ignores is left out, unless there is nothing else.
    pub(super) fn named(&self, inputs: &[(String, &Place)]) -> Result<Inputs, RunError> {
        let mut found = Inputs::default();
        for (text, place) in inputs {
            let written = Written::new(text);
            let missing = || RunError::Input { place: (*place).clone(), path: written.text.to_owned() };
            let start = format!("{}{}", written.up, written.start());
            let full = self.folder.join(&start);
            match fs::metadata(&full) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing()),
                Err(source) => return Err(RunError::Read { path: full, source }),
            }
            // Git knows nothing of what lies elsewhere, and of a link only that it is one.
            let listing = self.listing.filter(|_| written.up.is_empty() && !full.is_symlink());
            let listed: Vec<&String> = listing.unwrap_or_default().iter().filter(|path| written.takes(path)).collect();
            for path in &listed {
                self.visit(path, Some(&start), 0, &mut found)?;
            }
            if listed.is_empty() {
                let mut below = Inputs::default();
                self.visit(&start, Some(&start), 0, &mut below)?;
                below.files.retain(|path, _| written.takes(&path[written.up.len()..]));
                if written.is_pattern() && below.files.is_empty() {
                    return Err(missing());
                }
                found.files.append(&mut below.files);
            }
        }
        Ok(found)
    }

    /// Adds what is at a path: a file, a link, or all that is in a folder. `named` is the path that the image file names; if that is a link,
    /// then what it leads to is what is read. Links below it are not followed, so that there is an end.
    fn visit(&self, path: &str, named: Option<&str>, depth: usize, inputs: &mut Inputs) -> Result<(), RunError> {
        if self.is_made(path, named) {
            return Ok(());
        }
        let full = self.folder.join(path);
        let failed = |source| RunError::Read { path: full.clone(), source };
        let metadata = if named == Some(path) { fs::metadata(&full) } else { fs::symlink_metadata(&full) };
        let metadata = match metadata {
            Ok(metadata) => metadata,
            // Git still lists what was removed.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        if metadata.is_dir() {
            if depth > DEPTH_LIMIT {
                return Err(failed(io::Error::other("too deep")));
            }
            for entry in fs::read_dir(&full).map_err(failed)? {
                let name = entry.map_err(failed)?.file_name();
                if name != ".git" {
                    let separator = if path.is_empty() || path.ends_with('/') { "" } else { "/" };
                    let path = format!("{path}{separator}{}", name.to_string_lossy());
                    self.visit(&path, named, depth + 1, inputs)?;
                }
            }
            return Ok(());
        }
        let digest = if metadata.is_symlink() {
            let target = fs::read_link(&full).map_err(failed)?;
            Digest::of(format!("link {}", target.display()).as_bytes())
        } else if metadata.is_file() {
            file(&full, &metadata)?
        } else {
            // No build reads a socket's or a device's contents.
            return Ok(());
        };
        inputs.files.insert(path.to_owned(), digest);
        if inputs.files.len() > COUNT_LIMIT {
            return Err(RunError::TooMany { limit: COUNT_LIMIT });
        }
        Ok(())
    }

    /// Returns whether the command makes what is at a path. What the image file itself names as an input is one, wherever it lies.
    fn is_made(&self, path: &str, named: Option<&str>) -> bool {
        let names = |made: &str| named.is_some_and(|named| is_within(named, made));
        self.made.iter().any(|made| is_within(path, made) && !names(made))
    }
}

/// Returns the digest of a file's contents, and of whether it can be executed.
fn file(path: &Path, metadata: &fs::Metadata) -> Result<Digest, RunError> {
    let failed = |source| RunError::Read { path: path.to_owned(), source };
    let mut hasher = Hasher::default();
    hasher.update(if metadata.permissions().mode() & 0o111 == 0 { b"file " } else { b"exec " });
    let mut file = fs::File::open(path).map_err(failed)?;
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(&buffer[..length]),
        }
    }
}
