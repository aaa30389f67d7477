//! What programs and libraries say of what they are made of: modules of Go, and crates where they were built by `cargo auditable`.
//!
//! Headers are read, and the sections that answer; the rest of a file is not looked at.

use super::executable::{self, Executable};
use super::{AuditableError, GoError, cargo, go};
use crate::Found;
use std::collections::BTreeSet;

/// A program or library that cannot be read, or that is said to hold something that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// Its headers are damaged.
    #[error("a damaged {format} file; what it is made of is not known")]
    Damaged {
        /// What it is by its first bytes.
        format: &'static str,
        /// What is wrong.
        source: object::Error,
    },
    /// What it says of its modules of Go.
    #[error(transparent)]
    Go(#[from] GoError),
    /// What it says of its crates.
    #[error(transparent)]
    Auditable(#[from] AuditableError),
}

/// Returns whether a file is worth [`read`]ing, by its first 8 bytes: ELF, PE or Mach-O.
pub fn is_binary(first_bytes: &[u8]) -> bool {
    executable::Format::of(first_bytes).is_some()
}

/// Returns what the whole bytes of a program or library say of what it is made of: nothing for most.
pub fn read(contents: &[u8]) -> Result<Vec<Found>, BinaryError> {
    let mut found = Vec::new();
    for executable in Executable::all(contents)? {
        found.extend(go::read(&executable)?);
        found.extend(cargo::read(&executable)?);
    }
    // A file for several machines says the same for each, and a crate may be in a program twice.
    let mut seen = BTreeSet::new();
    found.retain(|package| seen.insert(package.clone()));
    Ok(found)
}
