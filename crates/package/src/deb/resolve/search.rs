use super::universe::{Candidate, Universe};
use super::{Obstacle, ResolveError, Step};
use crate::deb::{Clause, IndexError, Relation};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// Most choices that are tried.
const STEP_LIMIT: usize = 50_000;

/// The search. Every choice picks one package for one goal, and adds that package's dependencies to the goals.
pub(super) struct Search<'a> {
    universe: Universe<'a>,
    goals: Vec<Goal>,
    choices: Vec<Choice>,
    /// The position of the choice that picked a name.
    chosen: HashMap<String, usize>,
}

/// Something that is needed.
struct Goal {
    clause: Clause,
    /// The choice whose package needs it.
    from: Option<usize>,
}

struct Choice {
    goal: usize,
    /// How many goals there were before.
    goals: usize,
    candidates: Vec<Rc<Candidate>>,
    /// The candidate that is tried next.
    next: usize,
    /// The one that is tried now.
    now: Option<Rc<Candidate>>,
    /// Earlier choices that had a part in what failed: changing any other would fail the same way.
    blame: BTreeSet<usize>,
    failure: Option<Failure>,
}

/// The first thing that went wrong with a choice.
#[derive(Clone)]
struct Failure {
    chain: Vec<Step>,
    obstacle: Obstacle,
}

impl<'a> Search<'a> {
    pub(super) fn new(universe: Universe<'a>) -> Self {
        Self { universe, goals: Vec::new(), choices: Vec::new(), chosen: HashMap::new() }
    }

    pub(super) fn run(mut self, wanted: &[Clause]) -> Result<Vec<Rc<Candidate>>, ResolveError> {
        self.add_goals(wanted, None);
        let mut position = 0;
        let mut first_failure = None;
        for _ in 0..STEP_LIMIT {
            while position < self.goals.len() && self.is_met(&self.goals[position].clause) {
                position += 1;
            }
            if position == self.goals.len() {
                return Ok(self.choices.into_iter().filter_map(|choice| choice.now).collect());
            }
            let choice = self.open(position)?;
            self.choices.push(choice);
            // Goes back until a choice has something left to try.
            while !self.advance() {
                let failure = self.fall_back()?;
                first_failure.get_or_insert(failure);
            }
            position = self.choices.last().map_or(0, |choice| choice.goal + 1);
        }
        let Failure { chain, obstacle } = first_failure.unwrap_or_else(|| Failure {
            chain: Vec::new(),
            obstacle: Obstacle::Unknown { name: String::new(), architecture: self.universe.architecture().to_owned() },
        });
        Err(ResolveError::GaveUp { steps: STEP_LIMIT, chain, obstacle: Box::new(obstacle) })
    }

    fn add_goals(&mut self, clauses: &[Clause], from: Option<usize>) {
        for clause in clauses {
            let here: Clause =
                clause.iter().filter(|relation| relation.applies_to(self.universe.architecture())).cloned().collect();
            if !here.is_empty() {
                self.goals.push(Goal { clause: here, from });
            }
        }
    }

    fn is_met(&self, clause: &[Relation]) -> bool {
        let picked = || self.choices.iter().filter_map(|choice| choice.now.as_ref());
        clause.iter().filter(|relation| self.universe.is_here(relation)).any(|relation| {
            let by_name =
                self.chosen.get(&relation.name).and_then(|position| self.choices.get(*position)?.now.as_ref());
            by_name.is_some_and(|candidate| candidate.record.satisfies(relation))
                || picked()
                    .any(|candidate| !candidate.record.provides.is_empty() && candidate.record.satisfies(relation))
        })
    }

    /// Starts a choice: what could meet the goal, the best first.
    fn open(&mut self, goal: usize) -> Result<Choice, IndexError> {
        let clause = self.goals[goal].clause.clone();
        let mut candidates: Vec<Rc<Candidate>> = Vec::new();
        for relation in &clause {
            if !self.universe.is_here(relation) {
                continue;
            }
            let (named, providers) = (self.universe.named(&relation.name)?, self.universe.providers(&relation.name)?);
            for candidate in
                named.iter().chain(providers.iter()).filter(|candidate| candidate.record.satisfies(relation))
            {
                if !candidates.iter().any(|known| Rc::ptr_eq(known, candidate)) {
                    candidates.push(candidate.clone());
                }
            }
        }
        let failure = match candidates.is_empty() {
            true => Some(Failure { chain: self.chain(goal), obstacle: self.absence(&clause)? }),
            false => None,
        };
        let blame = self.goals[goal].from.into_iter().collect();
        Ok(Choice { goal, goals: self.goals.len(), candidates, next: 0, now: None, blame, failure })
    }

    /// Picks the next candidate of the latest choice that can stand beside all others. Returns false where there is none.
    fn advance(&mut self) -> bool {
        let position = self.choices.len().saturating_sub(1);
        loop {
            let Some(choice) = self.choices.get_mut(position) else { return false };
            let Some(candidate) = choice.candidates.get(choice.next).cloned() else { return false };
            choice.next += 1;
            match self.obstacle(&candidate) {
                None => {
                    self.chosen.insert(candidate.record.name.clone(), position);
                    self.add_goals(&candidate.record.depends, Some(position));
                    self.choices[position].now = Some(candidate);
                    return true;
                }
                Some((other, obstacle)) => {
                    let failure = Failure { chain: self.chain(self.choices[position].goal), obstacle };
                    let choice = &mut self.choices[position];
                    choice.blame.insert(other);
                    choice.failure.get_or_insert(failure);
                }
            }
        }
    }

    /// Gives the latest choice up, and every one before it up to one that had a part in the failure.
    fn fall_back(&mut self) -> Result<Failure, ResolveError> {
        let Some(failed) = self.choices.pop() else { return Ok(self.nothing()) };
        let failure = failed.failure.clone().unwrap_or_else(|| self.nothing());
        let Some(culprit) = failed.blame.last().copied() else {
            return Err(ResolveError::Unsatisfiable { chain: failure.chain, obstacle: Box::new(failure.obstacle) });
        };
        for dropped in self.choices.drain(culprit + 1..) {
            if let Some(candidate) = dropped.now {
                self.chosen.remove(&candidate.record.name);
            }
        }
        let choice = &mut self.choices[culprit];
        if let Some(candidate) = choice.now.take() {
            self.chosen.remove(&candidate.record.name);
        }
        choice.blame.extend(failed.blame.iter().filter(|position| **position != culprit));
        choice.failure.get_or_insert(failure.clone());
        self.goals.truncate(choice.goals);
        Ok(failure)
    }

    fn nothing(&self) -> Failure {
        let obstacle = Obstacle::Unknown { name: String::new(), architecture: self.universe.architecture().to_owned() };
        Failure { chain: Vec::new(), obstacle }
    }

    /// Returns the choice beside which the candidate cannot stand, and why.
    fn obstacle(&self, candidate: &Candidate) -> Option<(usize, Obstacle)> {
        let record = &candidate.record;
        if let Some(position) = self.chosen.get(&record.name) {
            let chosen = self.choices.get(*position)?.now.as_ref()?;
            let version = chosen.record.version.clone();
            return Some((*position, Obstacle::Chosen { name: record.name.clone(), version }));
        }
        self.choices.iter().enumerate().find_map(|(position, choice)| {
            let other = &choice.now.as_ref()?.record;
            let (by, of, relation) = match (record.excludes(other), other.excludes(record)) {
                (Some(relation), _) => (record, other, relation),
                (None, Some(relation)) => (other, record, relation),
                (None, None) => return None,
            };
            let (package, excluded) = (by.name.clone(), of.name.clone());
            Some((position, Obstacle::Conflict { package, relation: relation.clone(), excluded }))
        })
    }

    /// Tells why nothing could meet a clause: by its first alternative, which is the one that is meant most.
    fn absence(&mut self, clause: &[Relation]) -> Result<Obstacle, IndexError> {
        let architecture = self.universe.architecture().to_owned();
        let Some(relation) = clause.first() else { return Ok(Obstacle::Unknown { name: String::new(), architecture }) };
        let name = relation.name.clone();
        if !self.universe.is_here(relation) {
            let architecture = relation.arch_qualifier.clone().unwrap_or(architecture);
            return Ok(Obstacle::Unknown { name, architecture });
        }
        if let Some(newest) = self.universe.named(&name)?.first() {
            return Ok(Obstacle::OtherVersions { name, newest: newest.record.version.clone() });
        }
        match self.universe.providers(&name)?.is_empty() {
            true => Ok(Obstacle::Unknown { name, architecture }),
            false => Ok(Obstacle::OtherProvided { name }),
        }
    }

    /// Returns who needs what, from what was asked for to this goal.
    fn chain(&self, goal: usize) -> Vec<Step> {
        let mut chain = Vec::new();
        let mut next = Some(goal);
        while let Some(goal) = next.and_then(|goal| self.goals.get(goal)) {
            let needing = goal.from.and_then(|position| self.choices.get(position));
            let package = needing.and_then(|choice| choice.now.as_ref()).map(|candidate| candidate.record.name.clone());
            chain.push(Step { package, clause: goal.clause.clone() });
            next = needing.map(|choice| choice.goal);
        }
        chain.reverse();
        chain
    }
}
