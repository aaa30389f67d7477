use super::catalogue::{Candidate, Catalogue};
use super::exclusions::Exclusions;
use super::numbers::{Kind, Later, Numbers};
use super::{Request, ResolveError};
use crate::deb::{Clause, IndexError, Relation, parse_clauses};
use resolvo::{ConditionalRequirement, KnownDependencies, NameId, SolvableId};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// Most choices and conflicts, beside one for each package that is looked at. Each costs more than the one before, as there
/// is more that was learnt.
const STEP_LIMIT: usize = 10_000;

/// The targets that need a package, by its name.
pub(super) type Needing = BTreeMap<String, BTreeSet<usize>>;

/// Tells the solver what there is and what it needs.
pub(super) struct Provider<'a> {
    pub(super) catalogue: &'a Catalogue<'a>,
    request: &'a Request<'a>,
    needing: &'a Needing,
    state: RefCell<State>,
    /// How often the solver asked whether to go on: for each choice, conflict and question.
    steps: Cell<usize>,
    /// What it asked.
    questions: Cell<usize>,
    /// What it asked of things.
    looked_at: Cell<usize>,
}

#[derive(Default)]
struct State {
    numbers: Numbers,
    packages: HashMap<(usize, String), NameId>,
    sources: HashMap<String, NameId>,
    exclusions: Exclusions,
    /// Why the solver is to stop.
    damage: Option<IndexError>,
}

impl<'a> Provider<'a> {
    pub(super) fn new(catalogue: &'a Catalogue<'a>, request: &'a Request<'a>, needing: &'a Needing) -> Self {
        Self {
            catalogue,
            request,
            needing,
            state: RefCell::default(),
            steps: Cell::new(0),
            questions: Cell::new(0),
            looked_at: Cell::new(0),
        }
    }

    /// Returns what is asked for.
    pub(super) fn wanted(&self) -> Result<Vec<ConditionalRequirement>, IndexError> {
        let mut wanted = Vec::new();
        for target in 0..self.catalogue.targets().len() {
            for relation in self.request.wanted {
                wanted.extend(self.need(target, std::slice::from_ref(relation), None)?);
            }
        }
        Ok(wanted)
    }

    /// Returns the package that a thing is, and its target.
    pub(super) fn package(&self, thing: SolvableId) -> Option<(usize, Rc<Candidate>)> {
        match &self.state.borrow().numbers.thing(thing).kind {
            Kind::Package(target, candidate) => Some((*target, candidate.clone())),
            Kind::Source(_) | Kind::Nothing | Kind::Later(_) => None,
        }
    }

    /// Uses what is known by number.
    pub(super) fn with_numbers<T>(&self, use_them: impl FnOnce(&Numbers) -> T) -> T {
        use_them(&self.state.borrow().numbers)
    }

    /// Returns why the solver was not to finish. What it was told after that is not all, so its answer is none.
    pub(super) fn failure(&self) -> Option<ResolveError> {
        match self.state.borrow_mut().damage.take() {
            Some(damage) => Some(damage.into()),
            None if self.is_asked_to_stop() => Some(ResolveError::Stopped),
            None => self.catalogue.is_exhausted().then(|| self.gave_up()),
        }
    }

    /// Returns the error that it took too long.
    pub(super) fn gave_up(&self) -> ResolveError {
        ResolveError::GaveUp { steps: self.steps.get() }
    }

    /// Counts a question of the solver; `of_thing`, what a thing needs.
    pub(super) fn count(&self, of_thing: bool) {
        self.questions.set(self.questions.get() + 1);
        self.looked_at.set(self.looked_at.get() + usize::from(of_thing));
    }

    /// Returns whether the solver is to stop, which it asks at every choice, conflict and question.
    pub(super) fn is_to_stop(&self) -> bool {
        self.steps.set(self.steps.get() + 1);
        let state = self.state.borrow();
        let too_long = self.steps.get() > STEP_LIMIT + self.questions.get() + self.looked_at.get();
        state.damage.is_some() || self.catalogue.is_exhausted() || too_long || self.is_asked_to_stop()
    }

    fn is_asked_to_stop(&self) -> bool {
        self.request.stop.load(Ordering::Relaxed)
    }

    /// Returns what a thing needs and excludes. Where an index is damaged, the solver is to stop.
    pub(super) fn dependencies(&self, thing: SolvableId) -> KnownDependencies {
        self.read_dependencies(thing).unwrap_or_else(|damage| {
            self.state.borrow_mut().damage.get_or_insert(damage);
            KnownDependencies::default()
        })
    }

    /// Makes a need of a clause, as far as it counts on the target and is not met by the package itself.
    fn need(
        &self,
        target: usize,
        clause: &[Relation],
        own: Option<SolvableId>,
    ) -> Result<Option<ConditionalRequirement>, IndexError> {
        let clause = self.counting(target, clause);
        let things = self.suitable(target, &clause)?;
        if clause.is_empty() || own.is_some_and(|own| things.contains(&own)) {
            return Ok(None);
        }
        let numbers = &mut self.state.borrow_mut().numbers;
        Ok(Some(match own {
            // Most often, one of those that provide a name is needed by its own name too.
            Some(owner) if numbers.is_open(&clause, &things) => {
                numbers.add_later(Later { target, clause, things, owner }).into()
            }
            _ => numbers.add_need(target, clause, &things).into(),
        }))
    }

    /// Returns what of a clause counts on the target.
    fn counting(&self, target: usize, clause: &[Relation]) -> Clause {
        let architecture = self.catalogue.architecture(target);
        clause.iter().filter(|relation| relation.applies_to(architecture)).cloned().collect()
    }

    /// Returns the packages that meet a clause, the best first.
    fn suitable(&self, target: usize, clause: &[Relation]) -> Result<Vec<SolvableId>, IndexError> {
        let mut found: Vec<(SolvableId, Rc<Candidate>)> = Vec::new();
        for relation in clause.iter().filter(|relation| self.catalogue.is_here(target, relation)) {
            if self.catalogue.is_exhausted() {
                break;
            }
            let mut named = self.named(target, &relation.name)?;
            let mut providers = Vec::new();
            for name in self.catalogue.providers(target, &relation.name)?.iter() {
                if *name != relation.name {
                    providers.extend(self.named(target, name)?);
                }
            }
            // A stable sort, so that names stay in order, and under each the versions.
            providers.sort_by_key(|(_, candidate)| candidate.reluctance());
            named.extend(providers);
            let is_suitable = |(_, candidate): &(SolvableId, Rc<Candidate>)| {
                self.catalogue.allows(candidate.record.names()) && candidate.record.satisfies(relation)
            };
            found.extend(named.into_iter().filter(is_suitable));
        }
        found.sort_by_key(|(_, candidate)| !candidate.preferred);
        let mut seen = BTreeSet::new();
        Ok(found.into_iter().map(|(thing, _)| thing).filter(|thing| seen.insert(*thing)).collect())
    }

    /// Returns the packages of a name, the best first.
    fn named(&self, target: usize, name: &str) -> Result<Vec<(SolvableId, Rc<Candidate>)>, IndexError> {
        let number = self.number(target, name)?;
        let numbers = &self.state.borrow().numbers;
        let packages = numbers.things(number).filter_map(|thing| match &numbers.thing(thing).kind {
            Kind::Package(_, candidate) => Some((thing, candidate.clone())),
            Kind::Source(_) | Kind::Nothing | Kind::Later(_) => None,
        });
        Ok(packages.collect())
    }

    /// Returns the number of a package's name.
    fn number(&self, target: usize, name: &str) -> Result<NameId, IndexError> {
        let key = (target, name.to_owned());
        if let Some(number) = self.state.borrow().packages.get(&key) {
            return Ok(*number);
        }
        let mut candidates = self.catalogue.named(target, name)?.to_vec();
        if self.catalogue.targets().len() > 1 {
            self.prefer_common(name, &mut candidates)?;
        }
        let mut state = self.state.borrow_mut();
        let kinds = candidates.into_iter().map(|candidate| Kind::Package(target, candidate));
        let number = state.numbers.add_name(name.to_owned(), kinds);
        state.packages.insert(key, number);
        Ok(number)
    }

    /// Sorts to the front what all targets have that need it.
    fn prefer_common(&self, name: &str, candidates: &mut [Rc<Candidate>]) -> Result<(), IndexError> {
        let mut versions = Vec::new();
        for target in 0..self.catalogue.targets().len() {
            let here = self.catalogue.source_versions(target, name)?;
            if !here.is_empty() && self.needing.get(name).is_none_or(|needing| needing.contains(&target)) {
                versions.push(here);
            }
        }
        candidates.sort_by_cached_key(|candidate| {
            let common = versions.iter().all(|here| here.contains(&candidate.record.source_version));
            (!candidate.preferred, candidate.last_resort, !common)
        });
        Ok(())
    }

    /// Makes a need of the version of the source package that a package is from.
    fn need_source(&self, target: usize, candidate: &Candidate) -> Result<ConditionalRequirement, IndexError> {
        let (name, version) = (&candidate.record.name, &candidate.record.source_version);
        let known = self.state.borrow().sources.get(name).copied();
        let number = match known {
            Some(number) => number,
            None => {
                let mut versions = BTreeSet::new();
                for target in 0..self.catalogue.targets().len() {
                    versions.extend(self.catalogue.source_versions(target, name)?);
                }
                let mut state = self.state.borrow_mut();
                let number = state.numbers.add_name(name.clone(), versions.into_iter().map(Kind::Source));
                state.sources.insert(name.clone(), number);
                number
            }
        };
        let numbers = &mut self.state.borrow_mut().numbers;
        let is_own = |thing: &SolvableId| matches!(&numbers.thing(*thing).kind, Kind::Source(own) if own == version);
        let own: Vec<SolvableId> = numbers.things(number).filter(is_own).collect();
        Ok(numbers.add_need(target, Clause::new(), &own).into())
    }

    /// Makes a need of a recommendation, which nothing meets as well.
    fn wish(
        &self,
        target: usize,
        clause: &[Relation],
        owner: SolvableId,
    ) -> Result<Option<ConditionalRequirement>, IndexError> {
        let clause = self.counting(target, clause);
        let mut things = self.suitable(target, &clause)?;
        if things.is_empty() {
            return Ok(None);
        }
        let numbers = &mut self.state.borrow_mut().numbers;
        let nothing = numbers.add_name(String::new(), [Kind::Nothing]);
        things.extend(numbers.things(nothing));
        Ok(Some(numbers.add_later(Later { target, clause, things, owner }).into()))
    }

    fn read_dependencies(&self, thing: SolvableId) -> Result<KnownDependencies, IndexError> {
        let mut known = KnownDependencies::default();
        let mut state = self.state.borrow_mut();
        let (target, candidate) = match state.numbers.thing(thing).kind.clone() {
            Kind::Package(target, candidate) => (target, candidate),
            Kind::Later(later) => {
                known
                    .requirements
                    .push(state.numbers.add_need(later.target, later.clause.clone(), &later.things).into());
                return Ok(known);
            }
            Kind::Source(_) | Kind::Nothing => return Ok(known),
        };
        drop(state);
        for clause in &candidate.record.depends {
            known.requirements.extend(self.need(target, clause, Some(thing))?);
        }
        if self.catalogue.targets().len() > 1 {
            known.requirements.push(self.need_source(target, &candidate)?);
        }
        if self.request.recommends {
            // One that cannot be read cannot be followed.
            let recommends = candidate.record.paragraph.get("Recommends").map(parse_clauses);
            for clause in recommends.and_then(Result::ok).unwrap_or_default() {
                known.requirements.extend(self.wish(target, &clause, thing)?);
            }
        }
        let state = &mut *self.state.borrow_mut();
        for (name, things) in state.exclusions.add(&state.numbers, thing, target, &candidate, self.catalogue) {
            known.constrains.push(state.numbers.add_exclusion(name, things));
        }
        Ok(known)
    }
}
