//! Any packages: an answer is found if there is one, and is one; and the same again.

use super::world::{Ask, index_for, names};
use consign_package::deb::{Obstacle, PackageRecord, PackagesIndex, Relation, ResolveError, Searched, Target};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

fn relation() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "c", "d", "m", "n"]);
    let constraint = prop::sample::select(vec!["", "", "", " (= 1)", " (= 2)", " (>= 2)", " (<< 2)"]);
    (name, constraint).prop_map(|(name, constraint)| format!("{name}{constraint}"))
}

fn joined(separator: &'static str, most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(relation(), 0..=most).prop_map(move |all| all.join(separator))
}

/// The fields of one package.
fn fields() -> impl Strategy<Value = String> {
    let clause = prop::collection::vec(relation(), 1..=2).prop_map(|all| all.join(" | "));
    let depends = prop::collection::vec(clause, 0..=2).prop_map(|all| all.join(", "));
    let provided = prop::sample::subsequence(vec!["m", "n (= 1)", "n (= 2)"], 0..=1).prop_map(|all| all.join(", "));
    (depends, joined(", ", 1), provided).prop_map(|(depends, conflicts, provides)| {
        format!("Depends: {depends}; Conflicts: {conflicts}; Provides: {provides}")
    })
}

/// The lines of an index.
fn packages() -> impl Strategy<Value = String> {
    let key = (prop::sample::select(NAMES.to_vec()), 1..=2);
    prop::collection::btree_map(key, fields(), 1..=8).prop_map(|all| {
        let lines = all.into_iter().map(|((name, version), fields)| format!("{name} {version} {fields}"));
        lines.collect::<Vec<_>>().join("\n")
    })
}

/// Returns whether packages for one architecture are what is wanted and what they need, and can stand beside each other.
fn is_answer(chosen: &[&PackageRecord], wanted: &[Relation]) -> bool {
    let is_met =
        |clause: &[Relation]| clause.iter().any(|relation| chosen.iter().any(|record| record.satisfies(relation)));
    wanted.iter().all(|relation| is_met(std::slice::from_ref(relation)))
        && chosen.iter().all(|record| record.depends.iter().all(|clause| is_met(clause)))
        && chosen.iter().all(|record| chosen.iter().all(|other| record.excludes(other).is_none()))
}

/// Returns whether the architectures have the same versions.
fn agree(left: &[&PackageRecord], right: &[&PackageRecord]) -> bool {
    left.iter()
        .all(|one| right.iter().all(|other| one.name != other.name || one.source_version == other.source_version))
}

/// Returns whether something needs every package that was chosen.
fn is_needed(chosen: &[&PackageRecord], wanted: &[Relation]) -> bool {
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    let mut clauses: Vec<Vec<Relation>> = wanted.iter().map(|relation| vec![relation.clone()]).collect();
    while let Some(clause) = clauses.pop() {
        for record in chosen.iter().filter(|record| clause.iter().any(|relation| record.satisfies(relation))) {
            if needed.insert(&record.name) {
                clauses.extend(record.depends.iter().cloned());
            }
        }
    }
    needed.len() == chosen.len()
}

/// Returns all sets of packages that are an answer for one architecture.
fn answers<'a>(records: &'a [PackageRecord], wanted: &[Relation]) -> Vec<Vec<&'a PackageRecord>> {
    let mut sets: Vec<Vec<&PackageRecord>> = vec![Vec::new()];
    for name in NAMES {
        let versions: Vec<&PackageRecord> = records.iter().filter(|record| record.name == name).collect();
        let with = |set: &Vec<&'a PackageRecord>, one: &'a PackageRecord| [set.as_slice(), &[one]].concat();
        let more: Vec<_> = sets.iter().flat_map(|set| versions.iter().map(move |one| with(set, one))).collect();
        sets.extend(more);
    }
    sets.retain(|set| is_answer(set, wanted));
    sets
}

fn records(index: &PackagesIndex) -> Vec<PackageRecord> {
    NAMES.iter().flat_map(|name| index.named(name).unwrap()).collect()
}

/// Chooses, compares with all there is, and returns whether there is an answer.
fn check(lines: &[String], wanted: &str, recommends: bool) -> bool {
    let indexes: Vec<PackagesIndex> =
        lines.iter().zip(ARCHITECTURES).map(|(lines, name)| index_for(name, name, lines)).collect();
    let searched: Vec<_> = indexes.iter().map(|index| [Searched { index, last_resort: false }]).collect();
    let targets: Vec<Target<'_>> =
        ARCHITECTURES.iter().zip(&searched).map(|(architecture, indexes)| Target { architecture, indexes }).collect();
    let asked = Ask { recommends, ..Ask::of(wanted) };
    let all: Vec<Vec<PackageRecord>> = indexes.iter().map(records).collect();
    let answers: Vec<_> = all.iter().map(|records| answers(records, &asked.wanted)).collect();
    let possible = match &answers[..] {
        [one] => !one.is_empty(),
        [left, right] => left.iter().any(|left| right.iter().any(|right| agree(left, right))),
        _ => unreachable!("one or two"),
    };
    let (first, again) = (asked.among(&targets), asked.among(&targets));
    match (first, again) {
        (Ok(chosen), Ok(again)) => {
            assert_eq!(chosen, again);
            let chosen: Vec<Vec<&PackageRecord>> =
                chosen.iter().map(|one| one.iter().map(|selection| &selection.record).collect()).collect();
            for chosen in &chosen {
                assert!(is_answer(chosen, &asked.wanted), "{chosen:?}");
                assert!(is_needed(chosen, &asked.wanted), "{chosen:?}");
            }
            if let [left, right] = &chosen[..] {
                assert!(agree(left, right), "{left:?} {right:?}");
            }
        }
        (Err(error), Err(again)) => {
            assert_eq!(error.to_string(), again.to_string());
            assert!(!possible, "{error}");
            let ResolveError::Unsatisfiable { chain, obstacle } = &error else { panic!("{error}") };
            assert!(!chain.is_empty() && **obstacle != Obstacle::Contradiction, "{error}");
        }
        (first, again) => panic!("{first:?} {again:?}"),
    }
    possible
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn finds_an_answer_if_there_is_one(lines in packages(), wanted in joined(",", 3)) {
        check(&[lines], &wanted, false);
    }

    #[test]
    fn finds_an_answer_for_two(left in packages(), right in packages(), wanted in joined(",", 2)) {
        check(&[left, right], &wanted, false);
    }
}

#[test]
fn tells_nothing_by_chance() {
    // Of many like things the order must not change from one run to the next.
    let names_of = |count: usize| (0..count).map(|number| format!("n{number}")).collect::<Vec<_>>();
    let mut lines = String::new();
    for name in names_of(40) {
        lines += &format!("{name} 1 Depends: m, k\n{name} 2 Provides: m; Conflicts: k\n");
    }
    lines += "k 1 Depends: n1 | n2 | n3, m\n";
    let index = index_for("test", "amd64", &lines);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..20 {
        let told = match Ask::of("n5,n7,k,m").of_one(&index) {
            Ok(chosen) => names(&chosen),
            Err(error) => error.to_string(),
        };
        *seen.entry(told).or_default() += 1;
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
}
