//! Chooses packages: a depth-first search over the alternatives of each dependency, which goes back to the latest choice that
//! had a part in a failure.

mod error;
mod search;
mod universe;

pub use error::{Obstacle, ResolveError, Step};

use super::{Clause, PackageRecord, PackagesIndex, Relation};
use search::Search;
use universe::Universe;

/// A package that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The package.
    pub record: PackageRecord,
    /// The position, among the indexes given, of the one that it stands in.
    pub index: usize,
}

/// An index to choose from.
#[derive(Clone, Copy, Debug)]
pub struct Searched<'a> {
    /// The index.
    pub index: &'a PackagesIndex,
    /// Whether its packages are chosen only where no other index has what is needed, as suites such as backports ask for
    /// ([`super::Release::not_automatic`]).
    pub last_resort: bool,
}

/// Chooses the packages that `wanted` and all their Pre-Depends and Depends need on a Debian architecture, sorted by name.
///
/// The newest version among the indexes is taken that a dependency allows, though one of a last resort only if there is no
/// other; of equal ones, that of the first index. Of
/// alternatives, one that is chosen already, else the first that works. Of packages that provide a name: the one that
/// bears it, else one that is chosen already, else by priority (`required`, `important`), else by name. Recommends are not
/// followed, and nothing is essential of itself.
pub fn resolve(
    indexes: &[Searched<'_>],
    architecture: &str,
    wanted: &[Relation],
) -> Result<Vec<Selection>, ResolveError> {
    let clauses: Vec<Clause> = wanted.iter().map(|relation| vec![relation.clone()]).collect();
    let chosen = Search::new(Universe::new(indexes, architecture)).run(&clauses)?;
    let mut selections: Vec<Selection> = chosen
        .into_iter()
        .map(|candidate| Selection { record: candidate.record.clone(), index: candidate.index })
        .collect();
    selections.sort_by(|left, right| left.record.name.cmp(&right.record.name));
    Ok(selections)
}
