//! Tells in words why there is no answer, by the conflict that the solver ended with.

use super::numbers::Kind;
use super::provider::Provider;
use super::similar::similar;
use super::story::{Story, Way};
use super::{Obstacle, ResolveError, Step};
use crate::deb::{IndexError, Version};
use resolvo::SolvableId;
use resolvo::conflict::ConflictGraph;
use std::collections::{BTreeMap, BTreeSet};

/// Most versions that are listed for an architecture.
const VERSIONS_SHOWN: usize = 5;

/// Makes the error of a conflict.
pub(super) fn explain(provider: &Provider<'_>, graph: &ConflictGraph) -> Result<ResolveError, IndexError> {
    let story = Story::read(provider, graph);
    let teller = Teller { provider, story: &story };
    let found = match story.first_absence() {
        Some(way) => Some((way, None)),
        None => story.first(|thing| teller.clash(thing).transpose()),
    };
    let (way, obstacle) = match found {
        None => (Way::new(), Obstacle::Contradiction),
        Some((way, None)) => {
            let obstacle = teller.absence(&way)?;
            (way, obstacle)
        }
        Some((way, Some(obstacle))) => (way, obstacle?),
    };
    Ok(ResolveError::Unsatisfiable { chain: teller.steps(&way), obstacle: Box::new(obstacle) })
}

struct Teller<'a> {
    provider: &'a Provider<'a>,
    story: &'a Story,
}

impl Teller<'_> {
    fn steps(&self, way: &Way) -> Vec<Step> {
        let step = |(owner, requirement): &(Option<SolvableId>, _)| {
            let clause =
                self.provider.with_numbers(|numbers| numbers.need(*requirement).map(|need| need.clause.clone()));
            let owner = owner.map(|owner| match self.kind(owner) {
                Kind::Later(later) => later.owner,
                _ => owner,
            });
            let package = owner.and_then(|owner| self.provider.package(owner));
            let package = package.map(|(_, candidate)| candidate.record.name.clone());
            clause.filter(|clause| !clause.is_empty()).map(|clause| Step { package, clause })
        };
        way.iter().filter_map(step).collect()
    }

    fn kind(&self, thing: SolvableId) -> Kind {
        self.provider.with_numbers(|numbers| numbers.thing(thing).kind.clone())
    }

    /// Returns a target's architecture, where there are several.
    fn shown(&self, target: usize) -> Option<String> {
        let several = self.provider.catalogue.targets().len() > 1;
        several.then(|| self.provider.catalogue.architecture(target).to_owned())
    }

    /// Tells why nothing could meet the last need of a way: by its first alternative, which is the one that is meant most.
    fn absence(&self, way: &Way) -> Result<Obstacle, IndexError> {
        let catalogue = self.provider.catalogue;
        let last = way.last().and_then(|(owner, requirement)| {
            let need = self.provider.with_numbers(|numbers| {
                let need = numbers.need(*requirement)?;
                Some((need.target, need.clause.first()?.clone()))
            })?;
            Some((owner, need))
        });
        let Some((owner, (target, relation))) = last else { return Ok(Obstacle::Contradiction) };
        let name = relation.name.clone();
        if !catalogue.is_here(target, &relation) {
            let architecture = relation.arch_qualifier.unwrap_or_default();
            return Ok(Obstacle::Foreign { name, architecture, target: catalogue.architecture(target).to_owned() });
        }
        if let Some(newest) = catalogue.newest(target, &name)? {
            let mut elsewhere = Vec::new();
            for other in 0..catalogue.targets().len() {
                let named = catalogue.named(other, &name)?;
                let fitting =
                    named.iter().map(|candidate| &candidate.record).filter(|record| record.satisfies(&relation));
                if let Some(version) = fitting.map(|record| &record.version).max() {
                    elsewhere.push((catalogue.architecture(other).to_owned(), version.clone()));
                }
            }
            return Ok(Obstacle::OtherVersions { name, newest, architecture: self.shown(target), elsewhere });
        }
        if !catalogue.providers(target, &name)?.is_empty() {
            return Ok(Obstacle::OtherProvided { name, architecture: self.shown(target) });
        }
        let mut architectures = Vec::new();
        for other in 0..catalogue.targets().len() {
            let architecture = catalogue.architecture(other);
            let lacking = catalogue.named(other, &name)?.is_empty() && catalogue.providers(other, &name)?.is_empty();
            if lacking && relation.applies_to(architecture) {
                architectures.push(architecture.to_owned());
            }
        }
        let similar = match owner {
            None => similar(&name, catalogue.targets()),
            Some(_) => None,
        };
        Ok(Obstacle::Unknown { name, architectures, similar })
    }

    /// Tells what a thing cannot be picked beside, if that has a part in the conflict.
    fn clash(&self, thing: SolvableId) -> Result<Option<Obstacle>, IndexError> {
        let (name, kind) = self.provider.with_numbers(|numbers| {
            let thing = numbers.thing(thing);
            (thing.name, thing.kind.clone())
        });
        let named_so = |other: SolvableId| self.provider.with_numbers(|numbers| numbers.thing(other).name) == name;
        match kind {
            Kind::Nothing | Kind::Later(_) => Ok(None),
            Kind::Source(_) => {
                match self.story.things().into_iter().find(|other| *other != thing && named_so(*other)) {
                    Some(other) => self.no_common_version(thing, other),
                    None => Ok(None),
                }
            }
            Kind::Package(target, candidate) => {
                for other in self.story.excluded(thing) {
                    let Some((_, excluded)) = self.provider.package(other) else { continue };
                    let (own, others) = (&candidate.record, &excluded.record);
                    let said = own.excludes(others).map(|relation| (own, relation, others));
                    if let Some((by, relation, of)) =
                        said.or_else(|| others.excludes(own).map(|relation| (others, relation, own)))
                    {
                        return Ok(Some(Obstacle::Conflict {
                            package: by.name.clone(),
                            relation: relation.clone(),
                            excluded: of.name.clone(),
                            architecture: self.shown(target),
                            chain: self.steps(&self.story.way_to(other, thing)),
                        }));
                    }
                }
                let rivals = self.story.things().into_iter().filter(|other| *other != thing && named_so(*other));
                Ok(rivals
                    .map(|other| (other, self.story.way_to(other, thing)))
                    .find(|(_, way)| !way.is_empty())
                    .and_then(|(other, way)| self.other(other, &way, None)))
            }
        }
    }

    fn other(&self, other: SolvableId, way: &Way, architecture: Option<String>) -> Option<Obstacle> {
        let (_, candidate) = self.provider.package(other)?;
        let (name, version) = (candidate.record.name.clone(), candidate.record.version.clone());
        Some(Obstacle::Other { name, version, architecture, chain: self.steps(way) })
    }

    /// Tells why two versions of a source package are needed.
    fn no_common_version(&self, thing: SolvableId, other: SolvableId) -> Result<Option<Obstacle>, IndexError> {
        let catalogue = self.provider.catalogue;
        let name = self.provider.with_numbers(|numbers| numbers.name(numbers.thing(thing).name).text.clone());
        let mut versions: BTreeMap<usize, BTreeSet<Version>> = BTreeMap::new();
        for thing in self.story.things() {
            if let Some((target, candidate)) = self.provider.package(thing)
                && candidate.record.name == name
            {
                versions.insert(target, catalogue.source_versions(target, &name)?);
            }
        }
        let newest = versions.values().filter_map(BTreeSet::last).max().cloned();
        let mut common = versions.values().cloned().reduce(|left, right| &left & &right).unwrap_or_default();
        let (Some(newest), None) = (newest, common.pop_last()) else {
            let way = self.story.way_to(other, thing);
            let Some((Some(owner), _)) = way.last() else { return Ok(None) };
            let target = self.provider.package(*owner).map(|(target, _)| target);
            return Ok(self.other(*owner, &way, target.and_then(|target| self.shown(target))));
        };
        let architecture = |target: usize| catalogue.architecture(target).to_owned();
        let lacking = versions.iter().filter(|(_, versions)| !versions.contains(&newest));
        let lacking = lacking.map(|(target, _)| architecture(*target)).collect();
        let mut versions = Vec::new();
        for target in 0..catalogue.targets().len() {
            let here = catalogue.source_versions(target, &name)?.into_iter().rev().take(VERSIONS_SHOWN).collect();
            versions.push((architecture(target), here));
        }
        versions.retain(|(_, here): &(_, Vec<Version>)| !here.is_empty());
        Ok(Some(Obstacle::NothingInCommon { name, newest, lacking, versions }))
    }
}
