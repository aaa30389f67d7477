use crate::folder::plain;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

/// A database of advisories that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file that is no archive, as its name shows.
    #[error(
        "{} is neither a database, a folder, an archive nor a feed: archives end in .zip, .tar, .tar.gz, .tar.xz or .tar.zst, feeds in .json, .yaml, .yml or .csv",
        path.display()
    )]
    Kind {
        /// The file.
        path: PathBuf,
    },
    /// An archive that is damaged.
    #[error("{} cannot be read as an archive", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A zip archive is not all that its file has.
    #[error("{} has more in it than one zip archive: before it, behind it or between its entries", path.display())]
    Beside {
        /// The archive.
        path: PathBuf,
    },
    /// An entry of an archive that is damaged.
    #[error("{place} cannot be read")]
    Entry {
        /// The archive and the entry.
        place: String,
        /// What is wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// An archive with two entries of the same name.
    #[error("{place} stands there twice, and nobody could say which of the two counts")]
    Twice {
        /// The archive and the entry.
        place: String,
    },
    /// An archive in an archive in an archive.
    #[error("{place} is an archive in an archive in an archive: unpack the outer one")]
    Nested {
        /// The archives.
        place: String,
    },
    /// A link that leads out of the folder that is read, or nowhere.
    #[error("{} is a link to nothing, or out of the folder that is read: name what it leads to beside the folder", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A file or archive that is larger than any database.
    #[error("{} has more than {limit} bytes", path.display())]
    Size {
        /// The archive.
        path: PathBuf,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// More entries, or more bytes of them, than are read.
    #[error("{place}: the databases have more than {limit} {what} together")]
    Total {
        /// The entry that was one too many.
        place: String,
        /// What there are too many of.
        what: &'static str,
        /// The most that is read.
        limit: u64,
    },
    /// Folders inside folders, too deep.
    #[error("{} lies more than {limit} folders deep", path.display())]
    Depth {
        /// The folder.
        path: PathBuf,
        /// The most.
        limit: usize,
    },
    /// A record that is larger than any.
    #[error("{place} has more than {limit} bytes")]
    RecordSize {
        /// The file, or the archive and the file in it.
        place: String,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// A record that is no OSV record.
    #[error("{place} is not an OSV record")]
    Record {
        /// The file, or the archive and the file in it.
        place: String,
        /// What is wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A feed that is not as its publisher writes it.
    #[error("{place} is taken for a {feed}, and cannot be read as one")]
    Feed {
        /// The file, or the archive and the file in it.
        place: String,
        /// What it was taken for.
        feed: &'static str,
        /// What is wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A file that cannot be read as whatever it should be: cut off, say.
    #[error("{place} cannot be read as a feed of advisories")]
    Unreadable {
        /// The file, or the archive and the file in it.
        place: String,
        /// What is wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A page that a server shows to people.
    #[error("{place} is a page for people (HTML), and no feed of advisories")]
    Page {
        /// The file, or the archive and the file in it.
        place: String,
    },
    /// A file that is no feed.
    #[error("{place} is neither an OSV record nor any other feed of advisories that is known")]
    Unrecognized {
        /// The file, or the archive and the file in it.
        place: String,
    },
    /// A database among what a database is made of.
    #[error("{} is a database already: name it alone, or build one of all that it was made of", path.display())]
    Mixed {
        /// The file.
        path: PathBuf,
    },
    /// A file that is no database.
    #[error("{} is no advisory database; `consign db build` makes one", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A database of another format than the one that is known here.
    #[error("{} is an advisory database of format {version}, and {known} is the one that is known here: {}", path.display(), version_advice(*version, *known))]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        version: u64,
        /// The one that is known.
        known: u32,
    },
    /// A database that is damaged.
    #[error("{} is damaged: {what}; fetch or build it anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// A database cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A database cannot be put together.
    #[error("the database cannot be compressed")]
    Compress {
        /// Why not.
        source: io::Error,
    },
    /// No record at all.
    #[error("there is no feed of advisories in {}", paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "))]
    Empty {
        /// Where they were looked for.
        paths: Vec<PathBuf>,
    },
}

impl DatabaseError {
    /// Says another name in place of the path at which something lies for a while, and of all in it.
    pub(crate) fn renamed(mut self, path: &Path, name: &str) -> Self {
        let path = path.display().to_string();
        let of_text = |text: &mut String| {
            let rest = text.strip_prefix(&path).or_else(|| text.strip_prefix(plain(&path)));
            if let Some(renamed) = rest.map(|rest| format!("{name}{rest}")) {
                *text = renamed;
            }
        };
        let of_path = |path: &mut PathBuf| {
            let mut text = path.display().to_string();
            of_text(&mut text);
            *path = text.into();
        };
        match &mut self {
            Self::Entry { place, .. }
            | Self::Twice { place }
            | Self::Nested { place }
            | Self::Total { place, .. }
            | Self::RecordSize { place, .. }
            | Self::Record { place, .. }
            | Self::Feed { place, .. }
            | Self::Unreadable { place, .. }
            | Self::Page { place }
            | Self::Unrecognized { place } => of_text(place),
            Self::Read { path, .. }
            | Self::Kind { path }
            | Self::Archive { path, .. }
            | Self::Beside { path }
            | Self::Link { path }
            | Self::Size { path, .. }
            | Self::Depth { path, .. }
            | Self::Mixed { path }
            | Self::Foreign { path }
            | Self::Version { path, .. }
            | Self::Damaged { path, .. }
            | Self::Write { path, .. } => of_path(path),
            Self::Empty { paths } => paths.iter_mut().for_each(of_path),
            Self::Compress { .. } => {}
        }
        self
    }
}

fn version_advice(version: u64, known: u32) -> &'static str {
    if version > known.into() { "update consign, or build it anew" } else { "build it anew of the same feeds" }
}

/// Nothing can be looked for.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// What begins like a package URL is none.
    #[error("`{text}` is no package URL; one is such as `pkg:deb/debian/openssl@3.0.1-1?distro=debian-12`")]
    PackageUrl {
        /// What was looked for.
        text: String,
    },
    /// The database cannot be read to the end.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// An image whose packages cannot be compared with anything.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A document is no SBOM that is read.
    #[error("it is no SBOM that is read")]
    Document {
        /// Why not.
        source: Box<consign_package::sbom::SbomError>,
    },
    /// What packages are built for is nothing that a platform has.
    #[error("what its packages are built for is no platform")]
    Platform {
        /// Why not.
        source: consign_oci::PlatformError,
    },
    /// It has no list of packages.
    #[error("the SBOM has no list `packages`")]
    Packages,
    /// The database cannot be read to the end.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Another scanner wrote something else than its reports are.
    #[error("{what} that {engine} wrote cannot be read")]
    Engine {
        /// The scanner.
        engine: consign_receipt::Engine,
        /// Which document.
        what: &'static str,
        /// Why not.
        source: serde_json::Error,
    },
    /// What was found could not be written as JSON.
    #[error("what was found cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}
