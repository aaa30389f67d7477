//! What the solver asks, answered by number.

use super::provider::Provider;
use resolvo::{
    Candidates, Condition, ConditionId, Dependencies, DependencyProvider, Interner, NameId, SolvableId, SolverCache,
    StringId, VersionSetId, VersionSetUnionId,
};
use std::any::Any;

impl Interner for Provider<'_> {
    type NameId = NameId;
    type SolvableId = SolvableId;

    fn display_solvable(&self, solvable: SolvableId) -> impl std::fmt::Display + '_ {
        self.display_name(self.solvable_name(solvable))
    }

    fn display_name(&self, name: NameId) -> impl std::fmt::Display + '_ {
        self.with_numbers(|numbers| numbers.name(name).text.clone())
    }

    fn display_version_set(&self, _: VersionSetId) -> impl std::fmt::Display + '_ {
        ""
    }

    fn display_string(&self, _: StringId) -> impl std::fmt::Display + '_ {
        ""
    }

    fn version_set_name(&self, version_set: VersionSetId) -> NameId {
        self.with_numbers(|numbers| numbers.name_of_set(version_set))
    }

    fn solvable_name(&self, solvable: SolvableId) -> NameId {
        self.with_numbers(|numbers| numbers.thing(solvable).name)
    }

    fn version_sets_in_union(&self, union: VersionSetUnionId) -> impl Iterator<Item = VersionSetId> {
        self.with_numbers(|numbers| numbers.sets(union))
    }

    fn resolve_condition(&self, _: ConditionId) -> Condition {
        // No need is conditional.
        Condition::Requirement(VersionSetId::default())
    }
}

impl DependencyProvider for Provider<'_> {
    async fn filter_candidates(
        &self,
        candidates: &[SolvableId],
        version_set: VersionSetId,
        inverse: bool,
    ) -> Vec<SolvableId> {
        self.with_numbers(|numbers| {
            candidates.iter().copied().filter(|thing| numbers.has(version_set, *thing) != inverse).collect()
        })
    }

    async fn get_candidates(&self, name: NameId) -> Option<Candidates> {
        self.count(false);
        let candidates = self.with_numbers(|numbers| numbers.things(name)).collect();
        Some(Candidates { candidates, ..Candidates::default() })
    }

    async fn sort_candidates(&self, solver: &SolverCache<Self>, solvables: &mut [SolvableId]) {
        // They are numbered in order.
        solvables.sort();
        for thing in solvables.iter() {
            if self.with_numbers(|numbers| numbers.thing(*thing).foremost) {
                // Known early, the solver sees what follows from a choice before it makes the next one. It is told by
                // the next question whether to stop.
                let _ = solver.get_or_cache_dependencies(*thing).await;
            }
        }
    }

    async fn get_dependencies(&self, solvable: SolvableId) -> Dependencies {
        self.count(true);
        Dependencies::Known(self.dependencies(solvable))
    }

    fn should_cancel_with_value(&self) -> Option<Box<dyn Any>> {
        self.is_to_stop().then(|| Box::new(()) as Box<dyn Any>)
    }
}
