use super::catalogue::Candidate;
use crate::deb::{Clause, Relation, Version};
use resolvo::{DenseIndex, NameId, Requirement, SolvableId, VersionSetId, VersionSetUnionId};
use std::ops::Range;
use std::rc::Rc;

/// What the solver knows by number: of each name it picks at most one thing, and of each need at least one.
#[derive(Default)]
pub(super) struct Numbers {
    names: Vec<Name>,
    things: Vec<Thing>,
    sets: Vec<Set>,
    needs: Vec<Need>,
}

/// Something of which there can be only one.
pub(super) struct Name {
    pub(super) text: String,
    /// Its things, the best first.
    things: Range<usize>,
}

/// Something that can be picked.
pub(super) struct Thing {
    pub(super) name: NameId,
    pub(super) kind: Kind,
    /// Whether something would take it before all else.
    pub(super) foremost: bool,
}

#[derive(Clone)]
pub(super) enum Kind {
    /// A package, for the target of this position.
    Package(usize, Rc<Candidate>),
    /// The version of the source package from which all targets have a package.
    Source(Version),
    /// What is picked instead of a recommendation that cannot be followed.
    Nothing,
    /// A need that the solver is told of when all that was needed before has been picked.
    Later(Rc<Later>),
}

/// A need for later.
pub(super) struct Later {
    pub(super) target: usize,
    pub(super) clause: Clause,
    /// What could meet it, the best first.
    pub(super) things: Vec<SolvableId>,
    /// The package that needs it.
    pub(super) owner: SolvableId,
}

/// Some of the things of a name.
struct Set {
    name: NameId,
    /// Sorted.
    listed: Vec<SolvableId>,
    /// Whether all are meant that are not listed.
    inverted: bool,
}

/// Something that is needed.
pub(super) struct Need {
    /// For the target of this position.
    pub(super) target: usize,
    /// In words; none where it is the version of a source package, or for later.
    pub(super) clause: Clause,
    sets: Range<u32>,
}

impl Numbers {
    /// Adds a name with its things, the best first.
    pub(super) fn add_name(&mut self, text: String, kinds: impl IntoIterator<Item = Kind>) -> NameId {
        let name = NameId::from_index(self.names.len());
        let start = self.things.len();
        self.things.extend(kinds.into_iter().map(|kind| Thing { name, kind, foremost: false }));
        self.names.push(Name { text, things: start..self.things.len() });
        name
    }

    /// Adds a need for later. What is returned is the need of being told of it.
    pub(super) fn add_later(&mut self, later: Later) -> Requirement {
        let target = later.target;
        let name = self.add_name(String::new(), [Kind::Later(Rc::new(later))]);
        let things: Vec<SolvableId> = self.things(name).collect();
        self.add_sets(target, Clause::new(), &things)
    }

    /// Adds a need that one of some things meets, the best first. They may be of several names.
    pub(super) fn add_need(&mut self, target: usize, clause: Clause, things: &[SolvableId]) -> Requirement {
        if let Some(first) = things.first() {
            self.things[first.to_index()].foremost = true;
        }
        self.add_sets(target, clause, things)
    }

    fn add_sets(&mut self, target: usize, clause: Clause, things: &[SolvableId]) -> Requirement {
        let start = self.sets.len();
        // The solver keeps the order of sets, and within each that of the name.
        for thing in things {
            let name = self.thing(*thing).name;
            match self.sets.get_mut(start..).and_then(<[Set]>::last_mut) {
                Some(set) if set.name == name && set.listed.last() < Some(thing) => set.listed.push(*thing),
                _ => self.sets.push(Set { name, listed: vec![*thing], inverted: false }),
            }
        }
        self.needs.push(Need { target, clause, sets: number(start)..number(self.sets.len()) });
        VersionSetUnionId(number(self.needs.len() - 1)).into()
    }

    /// Adds the set of all things of a name but some.
    pub(super) fn add_exclusion(&mut self, name: NameId, mut excluded: Vec<SolvableId>) -> VersionSetId {
        excluded.sort();
        self.sets.push(Set { name, listed: excluded, inverted: true });
        VersionSetId(number(self.sets.len() - 1))
    }

    pub(super) fn name(&self, name: NameId) -> &Name {
        &self.names[name.to_index()]
    }

    pub(super) fn thing(&self, thing: SolvableId) -> &Thing {
        &self.things[thing.to_index()]
    }

    /// Returns the things of a name, the best first.
    pub(super) fn things(&self, name: NameId) -> impl Iterator<Item = SolvableId> + use<> {
        self.name(name).things.clone().map(SolvableId::from_index)
    }

    pub(super) fn need(&self, requirement: Requirement) -> Option<&Need> {
        match requirement {
            Requirement::Union(need) => self.needs.get(need.to_index()),
            Requirement::Single(_) => None,
        }
    }

    /// Returns what could meet a need, the best first.
    pub(super) fn things_of(&self, requirement: Requirement) -> Vec<SolvableId> {
        let sets =
            self.need(requirement).and_then(|need| self.sets.get(need.sets.start as usize..need.sets.end as usize));
        sets.into_iter().flatten().flat_map(|set| set.listed.iter().copied()).collect()
    }

    /// Returns whether what meets a clause best only provides what it names, as others do too.
    pub(super) fn is_open(&self, clause: &[Relation], things: &[SolvableId]) -> bool {
        let Some((first, others)) = things.split_first() else { return false };
        let first = self.thing(*first);
        let preferred = matches!(&first.kind, Kind::Package(_, candidate) if candidate.preferred);
        let bears = clause.iter().any(|relation| relation.name == self.name(first.name).text);
        !preferred && !bears && others.iter().any(|other| self.thing(*other).name != first.name)
    }

    /// Returns the sets of a need.
    pub(super) fn sets(&self, need: VersionSetUnionId) -> impl Iterator<Item = VersionSetId> + use<> {
        self.needs[need.to_index()].sets.clone().map(VersionSetId)
    }

    pub(super) fn name_of_set(&self, set: VersionSetId) -> NameId {
        self.sets[set.to_index()].name
    }

    /// Returns whether a set has a thing of its name.
    pub(super) fn has(&self, set: VersionSetId, thing: SolvableId) -> bool {
        let set = &self.sets[set.to_index()];
        set.listed.binary_search(&thing).is_ok() != set.inverted
    }
}

/// The solver counts in 32 bits; the work that is allowed ends long before.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
