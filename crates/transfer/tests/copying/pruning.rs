//! Tags that the source has no longer.

use crate::sync::{every_tag, mirror, named, outcomes, pattern, sync, tag_also, tags};
use crate::world::{World, client, push_image, push_tagged};
use consign_oci::{Tag, Target};
use consign_testkit::registry::Fault;
use consign_transfer::{Backup, MinimumAge, Mirror, Mirrored, Options, Prune, Selection};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// Returns which tags were deleted, or why they were not.
fn pruned(mirrored: &Mirrored) -> Result<Vec<String>, String> {
    match &mirrored.pruned.error {
        None => Ok(mirrored.pruned.tags.iter().map(Tag::to_string).collect()),
        Some(error) => Err(error.to_string()),
    }
}

/// Mirrors five tags, deletes some at the source, and mirrors again.
async fn prune(world: &World, gone: usize, maximum_percent: u32) -> (Vec<Mirrored>, Vec<String>) {
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    for seed in 1..=5 {
        let image = push_image(&format!("{from}:{seed}"), seed, 1).await;
        let about = format!("{}.sig", Tag::of_referrers(image.digest()));
        push_tagged(&from.parse().unwrap(), &about, &format!("signature {seed}")).await;
    }
    let keeper = Prune { maximum_percent, keep: pattern("mine.*") };
    let mirrors = [Mirror { prune: Some(keeper), ..every_tag(world, &from, &to) }];
    assert!(pruned(&sync(world, &mirrors).await[0]).unwrap().is_empty());
    push_image(&format!("{to}:mine-1"), 7, 1).await;
    // Two tags of one image: its signature stays with the one that stays.
    let one = client().manifest(&from.parse().unwrap(), &Target::Tag("1".parse().unwrap())).await.unwrap().unwrap();
    tag_also(&format!("{to}:mine-too"), &one).await;
    for seed in 1..=gone {
        let target = Target::Tag(seed.to_string().parse().unwrap());
        client().delete_manifest(&from.parse().unwrap(), &target).await.unwrap();
    }
    let done = sync(world, &[mirrors[0].clone()]).await;
    (done, tags(&to).await)
}

#[tokio::test]
async fn tags_that_are_gone_are_deleted_with_their_signatures() {
    let world = World::new().await;
    let (done, left) = prune(&world, 2, 50).await;
    let deleted = pruned(&done[0]).unwrap();
    assert_eq!(deleted[..2], ["1", "2"]);
    assert_eq!(deleted.len(), 3, "{deleted:?}");
    assert_eq!(
        left.iter().filter(|tag| !tag.starts_with("sha256-")).collect::<Vec<_>>(),
        ["3", "4", "5", "mine-1", "mine-too"]
    );
    assert_eq!(left.iter().filter(|tag| tag.starts_with("sha256-")).count(), 4);
}

#[tokio::test]
async fn nothing_is_deleted_where_something_seems_wrong() {
    for (gone, maximum, problem) in [(2, 39, "2 of 5 tags would go"), (5, 100, "no tag that is mirrored")] {
        let world = World::new().await;
        let (done, left) = prune(&world, gone, maximum).await;
        let error = pruned(&done[0]).unwrap_err();
        assert!(error.contains(problem), "{error}");
        assert_eq!(left.len(), 12);
    }
}

#[tokio::test]
async fn what_one_mirror_brings_another_does_not_delete() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    for (seed, tag) in (1..).zip(["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "latest"]) {
        push_image(&format!("{from}:{tag}"), seed, 1).await;
    }
    let chosen = Selection { newest: Some(5), ..Selection::default() };
    let keeper = Prune { maximum_percent: 100, keep: Vec::new() };
    let mirrors = [
        Mirror { selection: Some(chosen), prune: Some(keeper), ..every_tag(&world, &from, &to) },
        mirror(&world, &format!("{from}:latest"), &format!("{to}:latest")),
    ];
    for _ in 0..2 {
        assert_eq!(pruned(&sync(&world, &mirrors).await[0]).unwrap().len(), 0);
        assert_eq!(tags(&to).await.len(), 6);
    }
    push_image(&format!("{from}:1.5.0"), 7, 1).await;
    // Where the other fails, nobody knows what it would have brought.
    world.from.hook(|head| head.uri.path().ends_with("/latest").then(|| Fault::status(403)));
    assert_eq!(pruned(&sync(&world, &mirrors).await[0]).unwrap().len(), 0);
    assert_eq!(pruned(&sync(&world, &mirrors[..1]).await[0]).unwrap(), ["1.0.0", "latest"]);
}

#[tokio::test]
async fn nothing_goes_while_its_successor_waits() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    push_image(&format!("{from}:1.0.0"), 1, 1).await;
    let newest = |age: Option<Duration>| {
        let options = Options { minimum_age: age.map(MinimumAge::Seen), ..Options::default() };
        let selection = Some(Selection { newest: Some(1), ..Selection::default() });
        let prune = Some(Prune { maximum_percent: 100, keep: Vec::new() });
        [Mirror { selection, prune, options, ..mirror(&world, &from, &to) }]
    };
    sync(&world, &newest(None)).await;
    push_image(&format!("{from}:1.1.0"), 2, 1).await;
    let done = sync(&world, &newest(Some(DAY))).await;
    assert_eq!((outcomes(&done)[0].1, pruned(&done[0]).unwrap()), ("waiting", Vec::new()));
    assert_eq!(tags(&to).await, ["1.0.0"]);
    assert_eq!(pruned(&sync(&world, &newest(None)).await[0]).unwrap(), ["1.0.0"]);
}

#[tokio::test]
async fn signatures_that_a_backup_needs_stay() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    let first = push_image(&format!("{from}:1.0.0"), 1, 1).await;
    tag_also(&format!("{from}:stable"), &first).await;
    let about = format!("{}.sig", Tag::of_referrers(first.digest()));
    push_tagged(&from.parse().unwrap(), &about, "signature").await;
    let backup = Backup { template: "{tag}-until-{date}".into(), date: "20261122".into(), time: String::new() };
    let options = Options { backup: Some(backup), ..Options::default() };
    let prune = Some(Prune { maximum_percent: 100, keep: Vec::new() });
    let mirrors = [Mirror { prune, options, ..every_tag(&world, &from, &to) }];
    sync(&world, &mirrors).await;
    let second = push_image(&format!("{from}:stable"), 2, 1).await;
    client().delete_manifest(&from.parse().unwrap(), &Target::Tag("1.0.0".parse().unwrap())).await.unwrap();
    assert_eq!(pruned(&sync(&world, &mirrors).await[0]).unwrap(), ["1.0.0"]);
    let mut left = tags(&to).await;
    left.sort();
    assert_eq!(left, [about.as_str(), "stable", "stable-until-20261122"]);
    assert_eq!(named(&format!("{to}:stable")).await.as_ref(), Some(second.digest()));
}

#[tokio::test]
async fn what_was_deleted_before_it_failed_is_told() {
    let world = World::new().await;
    world.to.hook(|head| (head.method == "DELETE" && head.uri.path().ends_with("/2")).then(|| Fault::status(403)));
    let (done, _) = prune(&world, 3, 100).await;
    assert_eq!(done[0].pruned.tags.iter().map(Tag::to_string).collect::<Vec<_>>(), ["1"]);
    assert!(pruned(&done[0]).is_err());
}
