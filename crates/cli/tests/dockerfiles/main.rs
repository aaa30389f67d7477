//! Images that consign builds from Dockerfiles, beside what their judges say: `buildah` of this Debian release or of the next, or a tree and a
//! config written by hand. One folder for each case in `cases/`; `case.rs` says what stands in it.
//!
//! `CONSIGN_CASES=WORD` runs the cases whose names contain the word, `CONSIGN_CASES_PLATFORM=PLATFORM` builds for one alone. `CONSIGN_CASES_BUILDKIT=ADDRESS` lets the BuildKit there build in consign's
//! place, which checks what was written by hand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

mod base;
mod builders;
mod buildkit;
mod caching;
mod case;
mod class;
mod context;
mod corpus;
mod difference;
mod expected;
mod fixture;
mod image;
mod judge;
mod listing;
mod ours;
mod pool;
mod services;
mod trial;
mod users;
mod whole;

use case::{Case, JudgeName};
use class::Class;
use consign_testkit::tools;
use std::collections::BTreeSet;
use trial::try_all;

#[test]
fn without_run() {
    try_all("Dockerfiles without RUN", |case| !case.settings.run && !case.settings.soak);
}

#[test]
fn with_run() {
    try_all("Dockerfiles with RUN", |case| case.settings.run && !case.settings.soak);
}

#[test]
fn soak() {
    if tools::soaks() {
        try_all("Dockerfiles of whole services", |case| case.settings.soak);
    }
}

/// What the corpus promises: how many cases there are, and for what.
#[test]
fn the_corpus_is_large_enough() {
    let cases = corpus::read();
    let count = |is: &dyn Fn(&Case) -> bool| cases.iter().filter(|case| is(case)).count();
    let by_hand = count(&|case| case.settings.judge == JudgeName::Expected);
    assert!(cases.len() >= 160, "{} cases", cases.len());
    assert!(by_hand >= 60, "{by_hand} with an expected tree");
    assert!(cases.len() - by_hand >= 100, "{} that a program judges", cases.len() - by_hand);
    let runs = count(&|case| case.settings.run && !case.settings.soak);
    assert!(runs >= 40, "{runs} with RUN");
    assert!(count(&|case| case.settings.network && !case.settings.soak) >= 1, "none uses the network");
}

#[test]
fn differences_fall_into_few_classes() {
    let used: BTreeSet<Class> = corpus::read().into_iter().flat_map(|case| case.settings.differs).collect();
    assert!(Class::ALL.len() <= 15);
    assert_eq!(used, BTreeSet::from(Class::ALL), "each class is needed by a case");
}
