//! What archives of Java say of what they are made of: themselves, what was copied into them, and the archives within them, however deep.
//!
//! Only the directory of an archive is read, and the entries that answer. What is bounded, or damaged, is listed as a problem: it is not catalogued, and
//! never left out in silence.

mod budget;
mod catalogue;
mod directory;
mod end;
mod entry;
mod file_name;
mod identity;
mod manifest;
mod problem;
mod properties;

pub use problem::{Problem, Reason};

use crate::Found;

/// Ends of the names of archives. What other programs call `.rar` is told apart by its first bytes.
const ENDS: [&str; 11] = ["jar", "war", "ear", "par", "sar", "nar", "kar", "jpi", "hpi", "rar", "lpkg"];

/// What an archive says of what is in it, and what could not be catalogued.
#[derive(Clone, Debug, Default)]
pub struct Catalogued {
    /// The packages.
    pub found: Vec<Found>,
    /// What was not catalogued, and why.
    pub problems: Vec<Problem>,
}

/// Returns whether a file is an archive of Java's, by its name.
pub fn is_wanted(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.rsplit_once('.')
        .is_some_and(|(stem, end)| !stem.is_empty() && ENDS.iter().any(|known| end.eq_ignore_ascii_case(known)))
}

/// Catalogues an archive of Java's. Its name says what it is where nothing in it does.
pub fn read(path: &str, contents: &[u8]) -> Catalogued {
    catalogue::Catalogue::of(path, contents)
}
