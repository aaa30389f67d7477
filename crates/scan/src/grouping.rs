use crate::comparison::Comparison;
use crate::entry::Stored;
use crate::matching::Hit;
use crate::range::higher;
use crate::rating::Rating;
use consign_receipt::FixStatus;
use std::collections::hash_map::{Entry as Slot, HashMap};
use std::collections::{BTreeMap, BTreeSet};

/// An advisory that matches a package, of one record or several that name each other.
#[derive(Clone, Debug)]
pub(crate) struct Match {
    /// The name to call it by: its CVE number, where it has one.
    pub(crate) name: String,
    /// The other names, sorted.
    pub(crate) aliases: Vec<String>,
    pub(crate) rating: Rating,
    /// The version that is free of all of it.
    pub(crate) fixed: Option<String>,
    /// Whether nobody knows if the package is affected.
    pub(crate) undetermined: bool,
    pub(crate) status: Option<FixStatus>,
    /// The numbers of the vulnerabilities that it is about.
    pub(crate) numbers: BTreeSet<String>,
    /// The feeds that say so.
    pub(crate) feeds: BTreeSet<usize>,
}

/// Joins hits that share a name. Those about different CVE numbers stay apart: who ignores one of them has said nothing of the other.
pub(crate) fn grouped(hits: &[Hit], order: Option<Comparison>) -> Vec<Match> {
    let mut groups: Vec<Vec<&Hit>> = Vec::new();
    for component in components(hits.iter().collect()) {
        let mut numbered: BTreeMap<&BTreeSet<String>, Vec<&Hit>> = BTreeMap::new();
        for hit in &component {
            numbered.entry(&hit.entry.record.names.numbers).or_default().push(hit);
        }
        if numbered.keys().filter(|numbers| !numbers.is_empty()).count() <= 1 {
            groups.push(component);
        } else {
            groups.extend(numbered.into_values().flat_map(components));
        }
    }
    groups.iter().map(|hits| joined(hits, order)).collect()
}

/// Returns the hits in groups, each of those that share a name, directly or through others.
fn components(hits: Vec<&Hit>) -> Vec<Vec<&Hit>> {
    // The names of a record that matches many times are looked at once.
    let mut records: HashMap<u64, usize> = HashMap::new();
    let mut names: HashMap<&str, usize> = HashMap::new();
    let mut leaders: Vec<usize> = (0..hits.len()).collect();
    for (index, Hit { entry, .. }) in hits.iter().enumerate() {
        match records.entry(entry.number) {
            Slot::Occupied(first) => join(&mut leaders, *first.get(), index),
            Slot::Vacant(slot) => {
                slot.insert(index);
                for name in &entry.record.names.all {
                    let first = *names.entry(name).or_insert(index);
                    join(&mut leaders, first, index);
                }
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<&Hit>> = BTreeMap::new();
    for (index, hit) in hits.into_iter().enumerate() {
        groups.entry(leader(&mut leaders, index)).or_default().push(hit);
    }
    groups.into_values().collect()
}

fn join(leaders: &mut [usize], one: usize, other: usize) {
    let (one, other) = (leader(leaders, one), leader(leaders, other));
    leaders[one.max(other)] = one.min(other);
}

fn leader(leaders: &mut [usize], mut index: usize) -> usize {
    while leaders[index] != index {
        leaders[index] = leaders[leaders[index]];
        index = leaders[index];
    }
    index
}

fn joined(hits: &[&Hit], order: Option<Comparison>) -> Match {
    let records: BTreeMap<u64, &Stored> = hits.iter().map(|hit| (hit.entry.number, &*hit.entry.record)).collect();
    let mut names: BTreeSet<&String> = records.values().flat_map(|record| &record.names.all).collect();
    let name = names.iter().find(|name| name.starts_with("CVE-")).or(names.first()).copied().cloned();
    let name = name.unwrap_or_default();
    names.remove(&name);
    let mut rating = Rating::default();
    let ratings = records.values().map(|record| &record.rating);
    ratings.chain(hits.iter().map(|hit| &hit.entry.rating)).for_each(|stated| rating.join(stated));
    // Free of it is what all say is; what one knows, the other need not.
    let fixed = hits.iter().filter(|hit| !hit.undetermined).map(|hit| hit.fixed.clone());
    let latest = |one, other| order.map(|order| higher(order, one, other));
    let fixed = fixed.reduce(|one, other| latest(one?, other?)).flatten();
    let undetermined = hits.iter().all(|hit| hit.undetermined);
    let unfixed = hits.iter().filter(|hit| !hit.undetermined && hit.fixed.is_none());
    let status = match &fixed {
        _ if undetermined => None,
        Some(_) => Some(FixStatus::Fixed),
        None => unfixed.filter_map(|hit| hit.entry.status).min().or(Some(FixStatus::Affected)),
    };
    let feeds = records.values().flat_map(|record| record.feeds.iter().copied()).collect();
    let numbers = records.values().flat_map(|record| record.names.numbers.iter().cloned()).collect();
    Match { name, aliases: names.into_iter().cloned().collect(), rating, fixed, undetermined, status, numbers, feeds }
}
