use super::provider::Provider;
use resolvo::conflict::{ConflictEdge, ConflictGraph, ConflictNode};
use resolvo::{Requirement, SolvableId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What has a part in a conflict: who needs what, and who excludes whom.
pub(super) struct Story {
    /// By who needs it; none where it was asked for.
    needs: BTreeMap<Option<SolvableId>, Vec<Needed>>,
    excluded: BTreeMap<SolvableId, BTreeSet<SolvableId>>,
}

/// Something that is needed.
struct Needed {
    requirement: Requirement,
    /// What could meet it, the best first.
    things: Vec<SolvableId>,
}

/// How something was come to: who needs what, from what was asked for.
pub(super) type Way = Vec<(Option<SolvableId>, Requirement)>;

/// What is to be looked at next, with the visit from which it is.
enum Task<'a> {
    Need(Option<SolvableId>, &'a Needed, Option<usize>),
    Thing(SolvableId, usize),
}

impl Story {
    pub(super) fn read(provider: &Provider<'_>, graph: &ConflictGraph) -> Self {
        let nodes = graph.graph.raw_nodes();
        let thing = |position: usize| match nodes.get(position).map(|node| node.weight) {
            Some(ConflictNode::Solvable(thing)) => Some(thing),
            _ => None,
        };
        let mut needs: BTreeMap<_, BTreeMap<Requirement, BTreeSet<SolvableId>>> = BTreeMap::new();
        let mut excluded: BTreeMap<_, BTreeSet<SolvableId>> = BTreeMap::new();
        for edge in graph.graph.raw_edges() {
            let (from, to) = (thing(edge.source().index()), thing(edge.target().index()));
            match (edge.weight, from, to) {
                (ConflictEdge::Requires(requirement), _, _) => {
                    needs.entry(from).or_default().entry(requirement).or_default().extend(to);
                }
                (ConflictEdge::Conflict(_), Some(from), Some(to)) => {
                    excluded.entry(from).or_default().insert(to);
                    excluded.entry(to).or_default().insert(from);
                }
                (ConflictEdge::Conflict(_), _, _) => {}
            }
        }
        let ordered = |(requirement, things): (Requirement, BTreeSet<SolvableId>)| {
            let order = provider.with_numbers(|numbers| numbers.things_of(requirement));
            Needed { requirement, things: order.into_iter().filter(|thing| things.contains(thing)).collect() }
        };
        let needs = needs.into_iter().map(|(owner, needs)| (owner, needs.into_iter().map(ordered).collect()));
        Self { needs: needs.collect(), excluded }
    }

    /// Returns the way to the first need that nothing could meet, going by what would have been taken first.
    pub(super) fn first_absence(&self) -> Option<Way> {
        self.walk(1, |_| None::<()>).map(|(way, _)| way)
    }

    /// Returns the way to the first need that nothing could meet, or to the first thing of which something can be told.
    pub(super) fn first<T>(&self, tell: impl FnMut(SolvableId) -> Option<T>) -> Option<(Way, Option<T>)> {
        self.walk(usize::MAX, tell)
    }

    /// Goes through the first few things that could meet each need, depth first.
    fn walk<T>(&self, alternatives: usize, mut tell: impl FnMut(SolvableId) -> Option<T>) -> Option<(Way, Option<T>)> {
        let mut visits: Vec<(Option<SolvableId>, Requirement, Option<usize>)> = Vec::new();
        let way = |visits: &[(Option<SolvableId>, Requirement, Option<usize>)], last: usize| {
            let mut way: Way = std::iter::successors(visits.get(last), |visit| visits.get(visit.2?))
                .map(|(owner, requirement, _)| (*owner, *requirement))
                .collect();
            way.reverse();
            way
        };
        let mut seen = BTreeSet::new();
        let mut tasks = self.tasks(None, None);
        while let Some(task) = tasks.pop() {
            match task {
                Task::Need(owner, needed, from) => {
                    let visit = visits.len();
                    visits.push((owner, needed.requirement, from));
                    if needed.things.is_empty() {
                        return Some((way(&visits, visit), None));
                    }
                    let things = needed.things.iter().take(alternatives).rev();
                    tasks.extend(things.map(|thing| Task::Thing(*thing, visit)));
                }
                Task::Thing(thing, from) if seen.insert(thing) => {
                    if let Some(told) = tell(thing) {
                        return Some((way(&visits, from), Some(told)));
                    }
                    tasks.extend(self.tasks(Some(thing), Some(from)));
                }
                Task::Thing(..) => {}
            }
        }
        None
    }

    /// Returns what someone needs, the last first.
    fn tasks(&self, owner: Option<SolvableId>, from: Option<usize>) -> Vec<Task<'_>> {
        let needs = self.needs.get(&owner).into_iter().flatten().rev();
        needs.map(|needed| Task::Need(owner, needed, from)).collect()
    }

    /// Returns the shortest way to a thing, by a need that another thing would not meet.
    pub(super) fn way_to(&self, thing: SolvableId, other: SolvableId) -> Way {
        let mut came: BTreeMap<SolvableId, (Option<SolvableId>, Requirement)> = BTreeMap::new();
        let mut queue = VecDeque::from([None]);
        let mut last = None;
        while let Some(owner) = queue.pop_front() {
            for needed in self.needs.get(&owner).into_iter().flatten() {
                if needed.things.contains(&thing) && !needed.things.contains(&other) {
                    last = Some((owner, needed.requirement));
                    queue.clear();
                    break;
                }
                for next in &needed.things {
                    came.entry(*next).or_insert_with(|| {
                        queue.push_back(Some(*next));
                        (owner, needed.requirement)
                    });
                }
            }
        }
        let mut way: Way = std::iter::successors(last, |(owner, _)| came.get(owner.as_ref()?).copied()).collect();
        way.reverse();
        way
    }

    /// Returns what a thing excludes or is excluded by.
    pub(super) fn excluded(&self, thing: SolvableId) -> impl Iterator<Item = SolvableId> + '_ {
        self.excluded.get(&thing).into_iter().flatten().copied()
    }

    /// Returns everything that could meet a need.
    pub(super) fn things(&self) -> BTreeSet<SolvableId> {
        self.needs.values().flatten().flat_map(|needed| &needed.things).copied().collect()
    }
}
