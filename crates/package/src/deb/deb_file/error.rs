use crate::DecompressError;
use crate::deb::ParagraphError;
use consign_oci::layer::{EntryPath, EntryPathError};
use std::io;

/// A file that is not a package, or holds what cannot stand in an image.
#[derive(Debug, thiserror::Error)]
pub enum DebError {
    /// The outer archive is damaged.
    #[error("not a package file: at byte {offset}, {reason}")]
    Container {
        /// Where, counted from 0.
        offset: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// A part is missing or stands in the wrong place.
    #[error("not a package file: no `{member}` where it should be")]
    Member {
        /// The part.
        member: &'static str,
    },
    /// The form of the package is newer than what consign reads.
    #[error("the package has format {version}; consign reads 2.x")]
    Format {
        /// What it says.
        version: String,
    },
    /// A part cannot be decompressed.
    #[error("the package cannot be decompressed")]
    Decompress {
        /// What is wrong.
        source: DecompressError,
    },
    /// There is no control data.
    #[error("the package has no control data")]
    NoControl,
    /// The control data is wrong.
    #[error("the package's control data is wrong")]
    Control {
        /// What is wrong.
        source: ParagraphError,
    },
    /// A script or list is not text.
    #[error("the package's `{name}` is not UTF-8 text")]
    NotText {
        /// The file in the control archive.
        name: String,
    },
    /// An inner archive is damaged.
    #[error("the package's archive is damaged")]
    Archive {
        /// What is wrong.
        source: io::Error,
    },
    /// A path cannot stand in an image.
    #[error("the package has a path that cannot stand in an image")]
    Path {
        /// What is wrong.
        source: EntryPathError,
    },
    /// A path or link is not UTF-8.
    #[error("the package has a path that is not UTF-8: `{path}`")]
    PathEncoding {
        /// The path, as far as it can be shown.
        path: String,
    },
    /// Something is neither file, folder nor link.
    #[error("the package has {kind} at {path}, which cannot stand in an image")]
    Kind {
        /// Where.
        path: EntryPath,
        /// What.
        kind: &'static str,
    },
    /// A number in a header is out of range.
    #[error("the package's {path} has a {field} that is out of range")]
    Number {
        /// Where.
        path: EntryPath,
        /// Which.
        field: &'static str,
    },
    /// A link has no target.
    #[error("the package's link {path} has no target")]
    NoTarget {
        /// The link.
        path: EntryPath,
    },
    /// A hard link names something that is not an earlier file of the package.
    #[error("the package's hard link {path} names {target}, which is not an earlier file of it")]
    HardLink {
        /// The link.
        path: EntryPath,
        /// What it names.
        target: EntryPath,
    },
    /// Two entries stand at one path.
    #[error("the package has two entries at {path}")]
    Duplicate {
        /// The path.
        path: EntryPath,
    },
    /// A path leads through something that is not a folder.
    #[error("the package's {path} lies in {parent}, which is not a folder")]
    Through {
        /// The path.
        path: EntryPath,
        /// What it lies in.
        parent: EntryPath,
    },
    /// There are too many entries.
    #[error("the package has more than {limit} entries")]
    TooMany {
        /// The most that are accepted.
        limit: usize,
    },
}
