//! What advisories say about the packages of an image.
//!
//! A [`Database`] is one immutable file, [`Built`] of the feeds of those who publish advisories; [`Database::read`] makes one in memory of
//! feeds that lie in folders and archives. [`scan`] compares with it the packages that an SBOM lists, and states all that it finds as a
//! receipt; what of that is tolerated is for the gate to say.

mod advisory;
mod archive;
mod built;
mod component;
mod database;
mod difference;
mod ecosystem;
mod entry;
mod error;
mod family;
mod feed;
mod folder;
mod format;
mod grouping;
mod lifetime;
mod module;
mod names;
mod range;
mod rating;
mod reading;
mod record;
mod scan;
mod search;
mod stream;
mod summary;
mod vulnerability;
mod writing;

pub use built::Built;
pub use database::Database;
pub use difference::{ChangedAdvisory, Difference};
pub use error::{DatabaseError, ScanError};
pub use lifetime::LIFETIMES_AS_OF;
pub use scan::{Subject, scan};
pub use search::{FoundAdvisory, FoundPackage};
pub use summary::{FeedSummary, Origin, Times};
