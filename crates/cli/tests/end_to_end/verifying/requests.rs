//! How much a registry is asked for, and how much of it at the same time.

use super::World;
use consign_receipt::predicate::{PROVENANCE, SBOM, TEST_RESULT, VEX};
use consign_testkit::registry::Fault;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

const ARCHITECTURES: [&str; 4] = ["amd64", "arm64", "riscv64", "s390x"];

/// Makes an image for four platforms, each with a signature and four statements.
fn world(referrers_api: bool) -> World {
    let world = World::of(&ARCHITECTURES, referrers_api);
    world.sign("bundle");
    for architecture in ARCHITECTURES {
        for kind in [PROVENANCE, SBOM, TEST_RESULT, VEX] {
            world.attest(kind, Some(&format!("linux/{architecture}")), &json!({ "of": architecture, "kind": kind }));
        }
    }
    world.registry.forget();
    world
}

#[test]
fn nothing_is_asked_for_twice() {
    for referrers_api in [true, false] {
        let world = world(referrers_api);
        world.verify(&[]).expect(0);
        let mut asked: BTreeMap<String, usize> = BTreeMap::new();
        world.registry.lines().into_iter().for_each(|line| *asked.entry(line).or_default() += 1);
        let twice: Vec<_> = asked.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "{twice:?}");
        let count = |part: &str| asked.keys().filter(|line| line.contains(part)).count();
        let (platforms, statements) = (ARCHITECTURES.len(), 1 + 5 * ARCHITECTURES.len());
        // The index, the images, what is about them, and without the API the lists of that.
        let lists = if referrers_api { 0 } else { 1 + platforms };
        assert_eq!(count("/manifests/"), 1 + platforms + statements + lists);
        // The configs of the images, the bundles, and the config that all artifacts have.
        assert_eq!(count("/blobs/"), platforms + statements + 1);
        // That there is no such API is learnt once.
        assert_eq!(count("/referrers/"), if referrers_api { 1 + platforms } else { 1 });
        assert_eq!(count("/tags/list"), 1);
        // 58 with the API, 59 without.
        assert_eq!(asked.len(), 57 + if referrers_api { 1 } else { 2 }, "{asked:#?}");
    }
}

/// Lets nobody have an answer who asks for one of these, until that many ask at the same time. Returns how many that were at most.
fn gather(world: &World, wanted: usize, is_one: impl Fn(&str) -> bool + Send + Sync + 'static) -> Arc<AtomicUsize> {
    // Where fewer ever ask, all are let through after a time, and the count tells.
    const PATIENCE: Duration = Duration::from_secs(20);
    let (waiting, opened, door) =
        (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    let (count, is_open, opening) = (Arc::clone(&waiting), Arc::clone(&opened), Arc::clone(&door));
    world.registry.hook(move |head| {
        if !is_one(head.uri.path()) || is_open.load(Ordering::SeqCst) {
            return None;
        }
        count.fetch_add(1, Ordering::SeqCst);
        Some(Fault::Wait(Arc::clone(&opening)))
    });
    let count = Arc::clone(&waiting);
    std::thread::spawn(move || {
        let started = Instant::now();
        while count.load(Ordering::SeqCst) < wanted && started.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
        opened.store(true, Ordering::SeqCst);
        // Whoever asked may not wait yet.
        while Arc::strong_count(&door) > 1 {
            door.notify_waiters();
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    waiting
}

#[test]
fn platforms_are_looked_at_side_by_side() {
    let world = world(true);
    let digests = world.digests();
    let platforms: Vec<String> = digests.iter().skip(1).map(ToString::to_string).collect();
    // Of each platform its manifest and the list of what is about it.
    let asked = gather(&world, 2 * platforms.len(), move |path| platforms.iter().any(|digest| path.ends_with(digest)));
    world.verify(&[]).expect(0);
    assert_eq!(asked.load(Ordering::SeqCst), 2 * ARCHITECTURES.len());
}

#[test]
fn statements_are_fetched_side_by_side() {
    let world = world(true);
    let platform = world.digests()[1].to_string();
    let begun = AtomicBool::new(false);
    // Once the index is known to be signed: as many blobs as are read from one registry at the same time.
    let asked = gather(&world, 6, move |path| {
        begun.fetch_or(path.ends_with(&platform), Ordering::SeqCst) && path.contains("/blobs/")
    });
    world.verify(&[]).expect(0);
    assert!(asked.load(Ordering::SeqCst) >= 6, "{asked:?}");
}
