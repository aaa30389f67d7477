//! Chooses packages: a depth-first search over the alternatives of each dependency, which goes back to the latest choice that
//! had a part in a failure.

mod error;
mod search;
mod universe;

pub use error::{Obstacle, ResolveError, Step};

use super::{Clause, PackageRecord, PackagesIndex, Relation, Version};
use search::Search;
use std::collections::BTreeMap;
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

/// One architecture to choose for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Debian's name of the architecture.
    pub architecture: &'a str,
    /// The indexes to choose from.
    pub indexes: &'a [Searched<'a>],
}

/// Versions to try first, by architecture and name.
pub type Preferred = BTreeMap<(String, String), Version>;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The packages, of which every target gets all that its architecture has a use for.
    pub wanted: &'a [Relation],
    /// Whether Recommends are followed where they can be had.
    pub recommends: bool,
    /// The versions to try first. Those that are not to be had, or do not fit, are passed over.
    pub preferred: &'a Preferred,
}

/// Chooses, for every target, the packages that `wanted` and all their Pre-Depends and Depends need, sorted by name.
///
/// The newest version among the indexes is taken that a dependency allows, though one of a last resort only if there is no
/// other; of equal ones, that of the first index. Of
/// alternatives, one that is chosen already, else the first that works. Of packages that provide a name: the one that
/// bears it, else one that is chosen already, else by priority (`required`, `important`), else by name. Nothing is essential
/// of itself.
pub fn resolve(targets: &[Target<'_>], request: &Request<'_>) -> Result<Vec<Vec<Selection>>, ResolveError> {
    let clauses: Vec<Clause> = request.wanted.iter().map(|relation| vec![relation.clone()]).collect();
    let mut all = Vec::new();
    for target in targets {
        let chosen = Search::new(Universe::new(target.indexes, target.architecture)).run(&clauses)?;
        let mut selections: Vec<Selection> = chosen
            .into_iter()
            .map(|candidate| Selection { record: candidate.record.clone(), index: candidate.index })
            .collect();
        selections.sort_by(|left, right| left.record.name.cmp(&right.record.name));
        all.push(selections);
    }
    Ok(all)
}
