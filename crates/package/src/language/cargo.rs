//! What `cargo auditable` writes into programs: a list of crates, as compressed JSON (cargo-auditable, PARSING.md).

use super::executable::Executable;
use super::line;
use crate::{Found, Kind};
use flate2::read::ZlibDecoder;
use serde::Deserialize;
use serde::de::Error as _;
use std::io::{self, Read as _};

/// Largest list, in bytes, and most crates in it.
const SIZE_LIMIT: u64 = 8 << 20;
const CRATES_LIMIT: usize = 100_000;
/// The registry that advisories about crates are about.
const REGISTRY: &str = "crates.io";

/// A list of crates that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum AuditableError {
    /// It is not compressed as it should be.
    #[error("its list of crates is damaged; which crates are in it is not known")]
    Damaged(#[source] io::Error),
    /// It is no such list.
    #[error("its list of crates is not as `cargo auditable` writes it; which crates are in it is not known")]
    Format(#[source] serde_json::Error),
    /// It is larger than any program's.
    #[error("its list of crates is longer than {limit} {unit}, and is not read")]
    TooLong {
        /// The bound.
        limit: u64,
        /// Of what.
        unit: &'static str,
    },
}

#[derive(Deserialize)]
struct List {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: String,
    #[serde(default)]
    kind: Option<String>,
}

/// Returns the crates that a program says it is made of. Crates that only built it are not in it.
pub(super) fn read(executable: &Executable<'_>) -> Result<Vec<Found>, AuditableError> {
    let Some(section) = executable.crates else { return Ok(Vec::new()) };
    let mut text = Vec::new();
    ZlibDecoder::new(section).take(SIZE_LIMIT + 1).read_to_end(&mut text).map_err(AuditableError::Damaged)?;
    if text.len() as u64 > SIZE_LIMIT {
        return Err(AuditableError::TooLong { limit: SIZE_LIMIT, unit: "bytes" });
    }
    let list: List = serde_json::from_slice(&text).map_err(AuditableError::Format)?;
    if list.packages.len() > CRATES_LIMIT {
        return Err(AuditableError::TooLong { limit: CRATES_LIMIT as u64, unit: "crates" });
    }
    let is_line = |text: &str| line(text).is_some_and(|line| line == text);
    if !list.packages.iter().all(|package| is_line(&package.name) && is_line(&package.version)) {
        return Err(AuditableError::Format(serde_json::Error::custom("a crate has no name or no version")));
    }
    let in_it = list.packages.into_iter().filter(|package| package.kind.as_deref() != Some("build"));
    Ok(in_it.map(found).collect())
}

fn found(package: Package) -> Found {
    let mut found = Found::new(Kind::Cargo, package.name, Some(&package.version));
    found.origin = (package.source != REGISTRY).then_some(package.source);
    found
}
