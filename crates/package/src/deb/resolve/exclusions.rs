use super::catalogue::{Candidate, Catalogue};
use super::numbers::{Kind, Numbers};
use resolvo::{NameId, SolvableId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What the packages looked at so far are, and what they cannot stand beside.
///
/// Of two packages, the one that is looked at later finds what either says against the other, so that nothing is read just to
/// be excluded.
#[derive(Default)]
pub(super) struct Exclusions {
    /// By the names that they have or provide.
    bearers: HashMap<(usize, String), Vec<SolvableId>>,
    /// By the names that they conflict with or break.
    opponents: HashMap<(usize, String), Vec<SolvableId>>,
}

impl Exclusions {
    /// Adds a package. Returns, by name, those that it cannot stand beside, as far as the work is allowed.
    pub(super) fn add(
        &mut self,
        numbers: &Numbers,
        thing: SolvableId,
        target: usize,
        candidate: &Candidate,
        catalogue: &Catalogue<'_>,
    ) -> BTreeMap<NameId, Vec<SolvableId>> {
        let record = &candidate.record;
        let own: BTreeSet<&str> = std::iter::once(record.name.as_str())
            .chain(record.provides.iter().map(|provided| provided.name.as_str()))
            .collect();
        let opposed: BTreeSet<&str> =
            record.conflicts.iter().chain(&record.breaks).map(|relation| relation.name.as_str()).collect();
        let at = |names: &HashMap<_, Vec<_>>, name: &str| {
            let found = names.get(&(target, name.to_owned()))?;
            catalogue.allows(found.len()).then(|| found.clone())
        };
        let suspects: BTreeSet<SolvableId> = opposed
            .iter()
            .filter_map(|name| at(&self.bearers, name))
            .chain(own.iter().filter_map(|name| at(&self.opponents, name)))
            .flatten()
            .collect();
        let mut excluded: BTreeMap<NameId, Vec<SolvableId>> = BTreeMap::new();
        for suspect in &suspects {
            let other = numbers.thing(*suspect);
            let Kind::Package(_, known) = &other.kind else { continue };
            let known = &known.record;
            if !catalogue.allows(record.opposed() * known.names() + known.opposed() * record.names()) {
                break;
            }
            if record.excludes(known).or_else(|| known.excludes(record)).is_some() {
                excluded.entry(other.name).or_default().push(*suspect);
            }
        }
        for (names, keys) in [(&mut self.bearers, own), (&mut self.opponents, opposed)] {
            for name in keys {
                names.entry((target, name.to_owned())).or_default().push(thing);
            }
        }
        excluded
    }
}
