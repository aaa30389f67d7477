//! Registries that say it is too much: they are asked less at once, by everything in the process, and left alone for as long as they want.

use crate::budgets::{Held, ask, begin, ended};
use crate::world::{World, always, answer, named};
use consign_registry::{ErrorKind, RegistryError};
use consign_testkit::registry::{Fault, TestRegistry};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test]
async fn a_registry_that_refuses_is_asked_half_as_much_at_once() {
    for (status, refusals) in [(429, 1), (503, 2), (429, 3), (503, 4)] {
        let World { registry, client, repository } = World::new().await;
        for nth in 0..refusals {
            registry.fail(1, |_, _| true, move || Fault::busy(status));
            ask(client.clone(), repository.clone(), nth).await;
        }
        // Each round that goes well lets one more through.
        let first = 32 >> refusals;
        let mut held = Held::by(&registry, |_| true);
        let tasks = begin((0..5 * first + 10).map(|nth| ask(client.clone(), repository.clone(), nth)));
        for more in 0..5 {
            held.wait(first + more).await;
            held.go.notify_waiters();
        }
        ended(tasks).await;
    }
}

#[tokio::test]
async fn other_troubles_do_not_slow_down() {
    let World { registry, client, repository } = World::new().await;
    for (nth, status) in [408, 500, 502, 504].into_iter().enumerate() {
        registry.fail(1, |_, _| true, move || Fault::busy(status));
        ask(client.clone(), repository.clone(), nth).await;
    }
    let mut held = Held::by(&registry, |_| true);
    let tasks = begin((0..64).map(|nth| ask(client.clone(), repository.clone(), nth)));
    held.release(64, 32).await;
    ended(tasks).await;
}

/// Notes when requests come.
fn times(registry: &TestRegistry) -> Arc<Mutex<Vec<Instant>>> {
    let times = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&times);
    registry.hook(move |_| {
        seen.lock().unwrap().push(Instant::now());
        None
    });
    times
}

#[tokio::test(start_paused = true)]
async fn everything_waits_while_a_registry_wants_to_be_left_alone() {
    for (asked, expected) in [("7", 7), ("3600", 30)] {
        let (world, other) = (World::new().await, World::new().await);
        let times = times(&world.registry);
        let too_much = move || answer(429, &[("retry-after", asked)], "");
        always(&world.registry, |_, path| path.contains("/manifests/"), too_much);
        world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
        let refused = Instant::now();
        assert_eq!(times.lock().unwrap().len(), 4);
        // Elsewhere nobody waits.
        ask(world.client.clone(), other.repository.clone(), 1).await;
        assert!(refused.elapsed() < Duration::from_secs(1));
        let repository = world.registry.repository("other").unwrap();
        ended(begin((0..3).map(|nth| ask(world.client.with_mirrors(), repository.clone(), nth)))).await;
        let all = times.lock().unwrap().clone();
        let gaps: Vec<u64> = all.windows(2).map(|two| (two[1] - two[0]).as_millis() as u64 / 100).collect();
        // Timers are exact to a millisecond, and may be late.
        let tenths = expected * 10;
        assert!(gaps[..4].iter().all(|gap| (tenths - 1..tenths + 5).contains(gap)), "{asked}: {gaps:?}");
        assert_eq!(gaps[4..], [0, 0], "{asked}");
    }
}

#[tokio::test]
async fn how_much_is_left_is_said() {
    let world = World::new().await;
    let headers = [("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "0;w=21600"), ("retry-after", "0")];
    always(&world.registry, |_, _| true, move || answer(429, &headers, ""));
    let error = world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert!(error.to_string().ends_with(": 429; 0 of 100 pulls remain, within 6 hours"), "{error}");
    assert!(matches!(error, RegistryError::Answer { quota: Some(quota), .. } if quota.limit == 100));
    // Of other refusals it says nothing.
    let world = World::new().await;
    always(&world.registry, |_, _| true, move || answer(403, &headers, ""));
    let error = world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
    assert!(error.to_string().ends_with(": 403"), "{error}");
}
