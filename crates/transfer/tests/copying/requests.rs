//! How often registries are asked. The bounds are those that the documentation states.

use crate::world::{Outcome, World, bare, push_image, push_index};
use consign_oci::{Tag, Target};
use consign_transfer::{Copier, Options, State};

/// Layers of an image.
const N: u8 = 10;

#[tokio::test]
async fn nothing_to_do() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    for name in [&from, &to] {
        push_image(name, 1, 1).await;
    }
    for options in [bare(), Options::default()] {
        let Outcome { copied, requests, .. } = world.copy(&from, &to, &options).await;
        assert_eq!((copied.state, requests, world.to.writes()), (State::Unchanged, 2, 0), "{}", world.asked());
    }
}

#[tokio::test]
async fn to_another_registry() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let image = push_image(&from, 1, N).await;
    let Outcome { copied, count, requests, .. } = world.copy(&from, &to, &bare()).await;
    assert_eq!((copied.root.digest, count.sent), (image.digest().clone(), usize::from(N) + 1));
    assert!(requests <= 36, "{requests}\n{}", world.asked());
    assert_eq!(world.source(&to).root().await.unwrap().unwrap().digest, *image.digest());
}

#[tokio::test]
async fn to_another_repository_of_the_same_registry() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.to, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    push_image(&from, 1, N).await;
    let Outcome { count, requests, .. } = world.copy(&from, &to, &bare()).await;
    assert_eq!((count.mounted, count.bytes), (usize::from(N) + 1, 0));
    assert!(requests <= usize::from(N) + 4, "{requests}\n{}", world.asked());
}

#[tokio::test]
async fn to_another_tag_of_the_same_repository() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.to, "team/app:1"), World::at(&world.to, "team/app:2"));
    push_image(&from, 1, N).await;
    let Outcome { copied, count, requests, .. } = world.copy(&from, &to, &Options::default()).await;
    assert_eq!((copied.state, count.bytes), (State::Copied, 0));
    assert!(requests <= 3, "{requests}\n{}", world.asked());
}

#[tokio::test]
async fn an_index_of_four_platforms_by_mounts() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.to, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    push_index(&from, N).await;
    let Outcome { count, requests, .. } = world.copy(&from, &to, &bare()).await;
    assert_eq!((count.manifests, count.bytes), (4, 0));
    assert!(requests <= 58, "{requests}\n{}", world.asked());
}

#[tokio::test]
async fn what_an_older_index_lists_is_not_asked_for_again() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    push_index(&from, 2).await;
    world.copy(&from, &to, &bare()).await;
    // One platform goes.
    let options = Options { platforms: vec!["linux/arm64".parse().unwrap()], ..bare() };
    let Outcome { copied, count, requests, .. } = world.copy(&from, &to, &options).await;
    assert_eq!((copied.state, count.manifests, count.sent), (State::Copied, 0, 0));
    assert!(requests <= 4, "{requests}\n{}", world.asked());
}

#[tokio::test]
async fn a_hundred_tags_with_nothing_to_do() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    let image = push_image(&format!("{from}:0"), 1, 1).await;
    let repository = from.parse().unwrap();
    let tags: Vec<Tag> = (0..100).map(|number| number.to_string().parse().unwrap()).collect();
    for tag in &tags {
        world.client.put_manifest(&repository, &Target::Tag(tag.clone()), &image).await.unwrap();
    }
    // All of them name one image: it is copied, and what is about it asked for, once.
    for (requests, writes) in [(1 + 100 + 100 + 1 + 2 + 3 + 100, 3 + 100), (1 + 100 + 100, 0)] {
        world.from.forget();
        world.to.forget();
        let (source, sink, options) = (world.source(&from), world.sink(&to), Options::default());
        let results = Copier::new(&source, &sink, &options).copy_tags().await.unwrap();
        assert_eq!(results.len(), 100);
        assert!(results.iter().all(|(_, result)| result.is_ok()));
        assert_eq!(world.to.writes(), writes, "{}", world.asked());
        assert_eq!(world.from.requests() + world.to.requests(), requests, "{}", world.asked());
    }
}
