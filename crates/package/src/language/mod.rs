//! What package managers of languages leave in an image: files that say which package lies where.
//!
//! Everything is a function of a path and bytes. [`reader`] is asked for every path of an image, so it looks at no more than names.

pub mod binary;
mod cargo;
pub mod composer;
pub mod dotnet;
pub mod egg;
mod error;
mod executable;
pub mod gem;
mod go;
pub mod java;
mod json;
pub mod npm;
pub mod python;
mod zip;

pub use cargo::AuditableError;
pub use error::LanguageError;
pub use go::GoError;

use crate::Found;

/// Largest file that is read, in bytes. The largest real ones are lists of Composer's and .NET's, of some megabytes.
pub const SIZE_LIMIT: usize = 16 << 20;
/// Most packages of one file.
pub const PACKAGE_LIMIT: usize = 100_000;
/// Longest name, version or other text of one line, in bytes. Longer ones are no such thing.
const TEXT_LIMIT: usize = 1000;

/// A function that says what a file says is there.
type Read = fn(&str, &[u8]) -> Result<Vec<Found>, LanguageError>;

/// What reads files of one form.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    is_wanted: fn(&str) -> bool,
    read: Read,
}

/// Every reader. The first that wants a path gets it; no path is wanted by two.
const READERS: [Reader; 5] = [
    Reader { is_wanted: python::is_wanted, read: python::read },
    Reader { is_wanted: npm::is_wanted, read: npm::read },
    Reader { is_wanted: gem::is_wanted, read: gem::read },
    Reader { is_wanted: composer::is_wanted, read: composer::read },
    Reader { is_wanted: dotnet::is_wanted, read: dotnet::read },
];

impl Reader {
    /// Returns the packages that a file says are there. A file that is well formed and about no package gives none.
    pub fn read(self, path: &str, contents: &[u8]) -> Result<Vec<Found>, LanguageError> {
        if contents.len() > SIZE_LIMIT {
            return Err(LanguageError::TooLarge { path: path.to_owned(), limit: SIZE_LIMIT });
        }
        (self.read)(path, contents)
    }
}

/// Returns what reads a file of this path, if anything does. Paths have `/` between their parts, with or without one at the start.
pub fn reader(path: &str) -> Option<Reader> {
    READERS.into_iter().find(|reader| (reader.is_wanted)(path))
}

/// Returns the last part of a path, and the one before.
fn ends(path: &str) -> (&str, &str) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    (folder.rsplit('/').next().unwrap_or_default(), name)
}

/// Returns a text of one line without the space around it; `None` where it is empty, of several lines, or longer than any such text.
fn line(text: &str) -> Option<String> {
    let text = text.trim();
    let is_line = !text.is_empty() && text.len() <= TEXT_LIMIT && !text.contains(char::is_control);
    is_line.then(|| text.to_owned())
}

/// Returns `Name <address>`, or whichever of the two there is.
fn person(name: Option<String>, address: Option<String>) -> Option<String> {
    match (name, address) {
        (Some(name), Some(address)) => Some(format!("{name} <{address}>")),
        (name, address) => name.or(address),
    }
}
