use consign_fetch::FetchError;
use consign_image::ImageError;
use consign_oci::Digest;
use consign_scan::DatabaseError;
use std::io;
use std::path::PathBuf;

/// A database that could not be brought up to date, or published. What was there before is there still.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseUpdateError {
    /// A feed could not be fetched.
    #[error("cannot fetch the feed `{feed}`")]
    Fetch {
        /// Its name, or its address.
        feed: String,
        /// Why not.
        source: FetchError,
    },
    /// What was fetched makes no database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Much less is there than before: half a feed looks like that.
    #[error(
        "the feed `{feed}` has {now} records, and {before} in the database that is there; if that is right, delete the database and update again"
    )]
    Shrunk {
        /// Its name in the database.
        feed: String,
        /// How many records it had.
        before: u64,
        /// How many it has.
        now: u64,
    },
    /// A database that was published is whole: nothing is added to it.
    #[error("`{reference}` is a database, to which no feeds are added; name it alone, or its feeds without it")]
    Mixed {
        /// The database.
        reference: String,
    },
    /// Nothing is there.
    #[error("there is nothing at {reference}")]
    Absent {
        /// The reference.
        reference: String,
    },
    /// Something else is there.
    #[error("{reference} is no database that `consign db publish` made: {what}")]
    Other {
        /// The reference.
        reference: String,
        /// What it is.
        what: String,
    },
    /// What came is not what is wanted.
    #[error("{reference} is the database {found}, and {wanted} is wanted")]
    Digest {
        /// Where it came from.
        reference: String,
        /// What it is.
        found: Digest,
        /// What it should be.
        wanted: Digest,
    },
    /// What is to be replaced is no database.
    #[error("{path} is there, and is no database; it is left alone")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A place of images refused.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A manifest cannot be written as JSON.
    #[error("cannot write the manifest of the database as JSON")]
    Json(#[from] serde_json::Error),
}
