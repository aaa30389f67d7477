use crate::component::Component;
use crate::ecosystem::Ecosystem;
use crate::family::Family;
use crate::feed::{is_of_records, repository};
use crate::listed::Listed;
use crate::{Database, DatabaseError};
use consign_receipt::Coverage;
use std::collections::{BTreeMap, BTreeSet};

/// The repositories of Alpine, each of which has a security database of its own.
const REPOSITORIES: [&str; 2] = ["main", "community"];

/// How much of what comes from one place a database speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// All of it.
    Whole,
    /// What it names: of the rest, nobody knows whether it is of this repository, which is missing.
    Without(&'static str),
    /// Nothing.
    Nothing,
}

/// Why nobody knows whether a database speaks of a package that it does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lack {
    /// The package may be of this repository, which the database lacks.
    Repository(&'static str),
    /// The package may be of a source package of another name, which nobody says.
    Source,
}

/// Some packages of an image that were treated alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part {
    ecosystem: Ecosystem,
    /// Where the package comes from that brought them, and judges them.
    owner: Option<Ecosystem>,
    /// What is missing to know whether the database speaks of them.
    without: Option<Lack>,
    covered: bool,
}

impl Database {
    /// Returns how much is known of packages from there.
    pub(crate) fn known_of(&self, ecosystem: &Ecosystem) -> Known {
        let is_alpine = matches!(ecosystem, Ecosystem::Distribution(Family::Alpine, _));
        let feeds: BTreeSet<&str> = self.feeds_about(ecosystem).collect();
        let has = |wanted: &str| feeds.iter().any(|feed| repository(feed) == Some(wanted));
        match REPOSITORIES.into_iter().find(|wanted| !has(wanted)) {
            _ if feeds.is_empty() => Known::Nothing,
            Some(missing) if is_alpine && !feeds.iter().any(|feed| is_of_records(feed)) => Known::Without(missing),
            _ => Known::Whole,
        }
    }

    /// Returns what a package is part of, by where it comes from and who speaks for it.
    pub(crate) fn part(&self, listed: &Listed, number: usize, component: &Component) -> Result<Part, DatabaseError> {
        let ecosystem = component.ecosystem.clone();
        if let Some(owner) = self.spokesman(listed, number)? {
            let covered = self.known_of(&owner) != Known::Nothing;
            return Ok(Part { ecosystem, owner: Some(owner), without: None, covered });
        }
        let lack = match self.known_of(&ecosystem) {
            Known::Nothing => return Ok(Part { ecosystem, owner: None, without: None, covered: false }),
            Known::Without(missing) => Some(Lack::Repository(missing)),
            Known::Whole => component.is_without_source.then_some(Lack::Source),
        };
        // What is named is compared by that name, whatever else there may be.
        let without = match lack {
            Some(lack) if !self.knows(component)? => Some(lack),
            _ => None,
        };
        let covered = without.is_none();
        Ok(Part { ecosystem, owner: None, without, covered })
    }

    /// Returns the distribution that judges a package, since packages of its own brought it and its advisories name these. Where none names them,
    /// nobody has looked, or they are somebody else's: a finding too many is seen, one too few is not.
    fn spokesman(&self, listed: &Listed, number: usize) -> Result<Option<Ecosystem>, DatabaseError> {
        let mut spokesman = None;
        for owner in listed.owners(number) {
            if !matches!(owner.ecosystem, Ecosystem::Distribution(..)) || !self.knows(owner)? {
                return Ok(None);
            }
            spokesman = Some(owner.ecosystem.clone());
        }
        Ok(spokesman)
    }
}

impl Part {
    /// Returns whether its packages are judged by the package that brought them.
    pub(crate) fn is_owned(&self) -> bool {
        self.owner.is_some()
    }

    /// Returns the places whose advisories are asked.
    pub(crate) fn asked(parts: &BTreeMap<Self, usize>) -> impl Iterator<Item = &Ecosystem> {
        parts.keys().filter(|part| part.owner.is_none()).map(|part| &part.ecosystem)
    }

    /// Says how many packages it has, and whether they were compared.
    pub(crate) fn coverage(&self, packages: usize) -> Coverage {
        let Self { ecosystem, owner, without, covered } = self;
        let ecosystem = match (owner, without) {
            (Some(owner), _) => format!("{ecosystem} in packages of {owner}"),
            (None, Some(Lack::Repository(missing))) => {
                format!("{ecosystem} that the database does not name, for it lacks {missing}")
            }
            (None, Some(Lack::Source)) => format!("{ecosystem} whose source packages are not named"),
            (None, None) => ecosystem.to_string(),
        };
        let foreign = !covered && matches!(self.ecosystem, Ecosystem::Other(_) | Ecosystem::Groupless);
        Coverage { ecosystem, packages, covered: *covered, foreign }
    }
}
