//! Zip archives (APPNOTE.TXT): their directory, and the entries of it that are wanted, within bounds.

mod budget;
mod directory;
mod end;
mod entry;
mod problem;

pub use budget::HELD;
pub use problem::{Problem, Reason};

pub(in crate::language) use budget::Budget;
pub(in crate::language) use directory::Directory;
pub(in crate::language) use entry::Entry;

use crate::Found;

/// What an archive says of what is in it, and what could not be catalogued.
#[derive(Clone, Debug, Default)]
pub struct Catalogued {
    /// The packages.
    pub found: Vec<Found>,
    /// What was not catalogued, and why.
    pub problems: Vec<Problem>,
}
