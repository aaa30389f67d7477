//! Debian's `docker-registry`, which counts as the one in this process does.

use crate::world::{World, bare, push_image, push_index};
use consign_testkit::distribution::Distribution;
use consign_transfer::Options;

#[tokio::test]
async fn debians_docker_registry_is_asked_as_rarely() {
    let (Some(from), Some(to)) = (Distribution::start(), Distribution::start()) else { return };
    let (from, to) = (from.unwrap(), to.unwrap());
    let mut world = World::new().await;
    let [first, second] = ["team/app:1", "team/app:2"].map(|name| format!("{}/{name}", from.host()));
    push_image(&first, 1, 10).await;
    push_index(&format!("{}/team/index:1", from.host()), 10).await;
    let there = |name: &str| format!("{}/{name}", to.host());
    for (from_name, to_name, options, bound) in [
        (first.clone(), there("mirror/app:1"), bare(), 36),
        (first.clone(), there("mirror/app:1"), Options::default(), 2),
        (first.clone(), second, Options::default(), 3),
        (first, format!("{}/other/app:1", from.host()), bare(), 14),
        (format!("{}/team/index:1", from.host()), format!("{}/other/index:1", from.host()), bare(), 58),
    ] {
        let before = from.requests().unwrap() + to.requests().unwrap();
        world.copy(&from_name, &to_name, &options).await;
        let asked = from.requests().unwrap() + to.requests().unwrap() - before;
        assert!(asked > 0 && asked <= bound, "{from_name} to {to_name}: {asked} requests, at most {bound}");
    }
}
