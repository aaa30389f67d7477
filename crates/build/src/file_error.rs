use crate::specification::Place;
use crate::template::KNOWN;
use crate::tree::TreeError;
use consign_oci::Platform;
use consign_oci::layer::{EntryPath, EntryPathError};
use consign_package::elf::Machine;
use std::io;
use std::path::PathBuf;

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
    /// The image's users and groups cannot be read.
    #[error("cannot read the users and groups of the image")]
    Accounts {
        /// Why not.
        source: TreeError,
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
    /// Its name would remove what lies below it in the image.
    #[error("`{path}` would remove what it is named after: names that begin with `.wh.` are whiteouts")]
    Whiteout {
        /// The path in the image.
        path: EntryPath,
    },
    /// It is not there, and its name has a word in braces that stands for nothing.
    #[error("`{word}` stands for nothing: {KNOWN} are filled in")]
    Template {
        /// The word, in braces.
        word: String,
    },
    /// Any of the others, with what named the file.
    #[error("{place}: this cannot go into the image")]
    At {
        /// Where the image file names it.
        place: Place,
        /// What is wrong.
        source: Box<FileError>,
    },
}

impl FileError {
    /// Adds what named the file.
    pub(crate) fn at(self, place: &Place) -> Self {
        match self {
            Self::At { .. } => self,
            error => Self::At { place: place.clone(), source: Box::new(error) },
        }
    }
}
