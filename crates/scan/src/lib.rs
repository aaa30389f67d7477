//! What advisories say about the packages of an image.
//!
//! A [`Database`] is made of OSV records that lie in folders and archives. [`scan`] compares with it the packages that an SBOM lists, and
//! states all that it finds as a receipt; what of that is tolerated is for the gate to say.

mod archive;
mod component;
mod database;
mod ecosystem;
mod error;
mod folder;
mod grouping;
mod names;
mod range;
mod rating;
mod reading;
mod record;
mod scan;
mod stream;

pub use database::Database;
pub use error::{DatabaseError, ScanError};
pub use scan::{Subject, scan};
