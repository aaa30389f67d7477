//! What advisories say about the packages of an image.
//!
//! A [`Database`] is one immutable file, [`Built`] of the feeds of those who publish advisories; [`Database::read`] makes one in memory of
//! feeds that lie in folders and archives. [`scan`] compares with it the packages that an SBOM lists, and states all that it finds as a
//! receipt; what of that is tolerated is for the gate to say.

mod advisory;
mod archive;
mod built;
mod comparison;
mod component;
mod coverage;
mod database;
mod difference;
mod ecosystem;
mod engine;
mod entry;
mod error;
mod family;
mod feed;
mod folder;
mod foreign;
mod format;
mod grouping;
mod lifetime;
mod listed;
mod matching;
mod module;
mod names;
mod publisher;
mod range;
mod rating;
mod reach;
mod reading;
mod record;
mod scan;
mod search;
mod staged;
mod stranger;
mod stream;
mod summary;
mod vulnerability;
mod writing;

pub use built::{Built, FeedSource};
pub use database::Database;
pub use difference::{ChangedAdvisory, Difference};
pub use engine::{EngineReport, engine_receipt};
pub use error::{DatabaseError, ScanError, SearchError};
pub use foreign::{DOCUMENT_LIMIT, ListedContents, listed_contents};
pub use lifetime::LIFETIMES_AS_OF;
pub use publisher::PublishedFeed;
pub use scan::{Subject, scan};
pub use search::{FoundAdvisory, FoundPackage};
pub use staged::Staged;
pub use summary::{FeedSummary, Origin, Times};
