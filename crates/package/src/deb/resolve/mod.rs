//! Chooses packages for all architectures together, by a solver that learns from every conflict what cannot be.
//!
//! A package is a thing that can be picked, a name something of which at most one thing is, a dependency a need that one of
//! several things meets. That all architectures have the same version is one more name: a package needs the version of its
//! source package, and there is one for all of them.

mod answers;
mod catalogue;
mod error;
mod exclusions;
mod explain;
mod numbers;
mod provider;
mod similar;
mod story;

pub use error::{Obstacle, ResolveError, Step};

use super::{PackageRecord, PackagesIndex, Relation, Version};
use catalogue::{Candidate, Catalogue};
use provider::{Needing, Provider};
use resolvo::{Problem, Solver, UnsolvableOrCancelled};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

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
    /// Set where nobody waits any longer.
    pub stop: &'a AtomicBool,
}

/// Most times that a choice is made again because not all targets need what was thought.
const ROUND_LIMIT: usize = 3;
/// Size of the stack on which the solver runs, in bytes: how deep it goes to tell a conflict grows with what it has learnt.
const STACK_SIZE: usize = 64 << 20;

/// Chooses, for every target, the packages that `wanted` and all their Pre-Depends and Depends need, sorted by name.
///
/// A package that several targets need has the same version of its source package on all of them: the newest that they all
/// have.
///
/// What is preferred is taken before all else. Then the newest version among the indexes is taken that a dependency allows,
/// though one of a last resort only if there is no other; of equal ones, that of the first index. Of
/// alternatives, one that is chosen already, else the first that works. Of packages that provide a name: the one that
/// bears it, else one that is chosen already, else by priority (`required`, `important`, `standard`, `optional`, `extra`), else
/// by name. Nothing is essential of itself.
pub fn resolve(targets: &[Target<'_>], request: &Request<'_>) -> Result<Vec<Vec<Selection>>, ResolveError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_SIZE);
        let solver = thread.spawn_scoped(scope, || choose(targets, request)).map_err(ResolveError::Thread)?;
        solver.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn choose(targets: &[Target<'_>], request: &Request<'_>) -> Result<Vec<Vec<Selection>>, ResolveError> {
    let catalogue = Catalogue::new(targets, request.preferred);
    let mut needing = Needing::new();
    let mut chosen = attempt(&catalogue, request, &needing)?;
    for _ in 0..ROUND_LIMIT {
        let before = needing.len();
        narrow(&catalogue, &chosen, &mut needing)?;
        if needing.len() == before {
            break;
        }
        chosen = match attempt(&catalogue, request, &needing) {
            // What was chosen before is right too.
            Err(ResolveError::GaveUp { .. }) => break,
            again => again?,
        };
    }
    let selection = |candidate: Rc<Candidate>| Selection { record: candidate.record.clone(), index: candidate.index };
    Ok(chosen
        .into_iter()
        .map(|mut chosen| {
            chosen.sort_by(|left, right| left.record.name.cmp(&right.record.name));
            chosen.into_iter().map(selection).collect()
        })
        .collect())
}

/// Chooses, given which targets need what; what is not given there, all are thought to need.
fn attempt(
    catalogue: &Catalogue<'_>,
    request: &Request<'_>,
    needing: &Needing,
) -> Result<Vec<Vec<Rc<Candidate>>>, ResolveError> {
    let provider = Provider::new(catalogue, request, needing);
    let problem = Problem::new().requirements(provider.wanted()?);
    let mut solver = Solver::new(provider);
    let solved = solver.solve(problem);
    if let Some(failure) = solver.provider().failure() {
        return Err(failure);
    }
    match solved {
        Ok(things) => {
            let mut chosen = vec![Vec::new(); catalogue.targets().len()];
            for (target, candidate) in things.into_iter().filter_map(|thing| solver.provider().package(thing)) {
                chosen[target].push(candidate);
            }
            Ok(chosen)
        }
        Err(UnsolvableOrCancelled::Unsolvable(conflict)) => {
            Err(explain::explain(solver.provider(), &conflict.graph(&solver))?)
        }
        Err(UnsolvableOrCancelled::Cancelled(_)) => Err(solver.provider().gave_up()),
    }
}

/// Notes which targets need a package, where fewer do than have it, and these have a newer version in common.
fn narrow(catalogue: &Catalogue<'_>, chosen: &[Vec<Rc<Candidate>>], needing: &mut Needing) -> Result<(), ResolveError> {
    let mut chosen_by: BTreeMap<&str, (BTreeSet<usize>, &Version)> = BTreeMap::new();
    for (target, candidate) in
        chosen.iter().enumerate().flat_map(|(target, all)| all.iter().map(move |one| (target, one)))
    {
        let record = &candidate.record;
        chosen_by.entry(&record.name).or_insert((BTreeSet::new(), &record.source_version)).0.insert(target);
    }
    for (name, (targets, version)) in chosen_by {
        if targets.len() == catalogue.targets().len() {
            continue;
        }
        let mut common: Option<BTreeSet<Version>> = None;
        for target in &targets {
            let here = catalogue.source_versions(*target, name)?;
            common = Some(common.map_or(here.clone(), |common| &common & &here));
        }
        if common.is_some_and(|common| common.last() > Some(version)) {
            needing.entry(name.to_owned()).or_insert(targets);
        }
    }
    Ok(())
}
