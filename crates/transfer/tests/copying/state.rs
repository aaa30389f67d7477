//! What is known from earlier runs: it saves questions, and what it has wrong does no harm.

use crate::world::{World, bare, client, push_image, push_index};
use axum::http::{HeaderName, Response};
use consign_image::Place;
use consign_oci::{Descriptor, Document, Repository, Target};
use consign_registry::Memory;
use consign_testkit::registry::{Fault, TestRegistry};
use consign_transfer::{Copied, Copier, Options, State};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const N: u8 = 10;

/// Copies with a client that knows what an earlier run left, and returns how often both registries were asked.
async fn copy_knowing(world: &mut World, from: &str, to: &str, memory: &Memory, options: &Options) -> (Copied, usize) {
    world.client = client();
    world.from.forget();
    world.to.forget();
    world.client.recall(&repository(to), memory.clone());
    let (source, sink) = (world.source(from), world.sink(to));
    let copied = Copier::new(&source, &sink, options).copy().await.unwrap();
    (copied, world.from.requests() + world.to.requests())
}

fn repository(name: &str) -> Repository {
    name.parse::<consign_oci::Reference>().unwrap().repository
}

fn left(world: &World, to: &str) -> Memory {
    let memory = world.client.memory(&repository(to));
    // As a file has it.
    serde_json::from_slice(&serde_json::to_vec(&memory).unwrap()).unwrap()
}

/// Makes a registry answer as others than Docker's do.
fn no_docker(registry: &TestRegistry) {
    registry.hook(|_| Some(Fault::Without(HeaderName::from_static("docker-distribution-api-version"))));
}

async fn remove(to: &str, image: &Document) {
    let by_digest = Target::Digest(image.digest().clone());
    assert!(client().delete_manifest(&repository(to), &by_digest).await.unwrap());
}

/// Reads everything that a name leads to.
async fn read_whole(place: &Place, descriptor: &Descriptor) {
    for part in place.document(descriptor).await.unwrap().children() {
        match consign_oci::media_type::is_document(&part.media_type) {
            true => Box::pin(read_whole(place, part)).await,
            false => drop(place.bytes(part, 1 << 20).await.unwrap()),
        }
    }
}

#[tokio::test]
async fn a_manifest_whose_parts_are_there_is_all_that_is_written() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let image = push_image(&from, 1, N).await;
    world.copy(&from, &to, &bare()).await;
    for _ in 0..2 {
        let memory = left(&world, &to);
        remove(&to, &image).await;
        let (copied, requests) = copy_knowing(&mut world, &from, &to, &memory, &bare()).await;
        assert_eq!(copied.state, State::Copied);
        assert_eq!(requests, 3, "{}", world.asked());
    }
    read_whole(&world.source(&to), &image.descriptor()).await;
}

#[tokio::test]
async fn who_does_not_answer_as_docker_does_is_asked_once_whether_it_looks_for_parts() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    no_docker(&world.to);
    let image = push_image(&from, 1, N).await;
    world.copy(&from, &to, &bare()).await;
    for bound in [4, 3, 3] {
        let memory = left(&world, &to);
        remove(&to, &image).await;
        let (copied, requests) = copy_knowing(&mut world, &from, &to, &memory, &bare()).await;
        assert_eq!(copied.state, State::Copied);
        assert_eq!(requests, bound, "{}", world.asked());
    }
    read_whole(&world.source(&to), &image.descriptor()).await;
}

#[tokio::test]
async fn nothing_is_tried_out_where_nothing_may_be_written() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let refuses = Arc::new(AtomicBool::new(false));
    let is_refused = Arc::clone(&refuses);
    world.to.hook(move |head| (head.method == "PUT" && is_refused.load(Ordering::Relaxed)).then(|| Fault::status(403)));
    no_docker(&world.to);
    let image = push_image(&from, 1, N).await;
    world.copy(&from, &to, &bare()).await;
    let memory = left(&world, &to);
    remove(&to, &image).await;
    let dry = Options { dry_run: true, ..bare() };
    let (copied, _) = copy_knowing(&mut world, &from, &to, &memory, &dry).await;
    assert_eq!((copied.state, world.to.writes()), (State::Copied, 0), "{}", world.asked());
    // Who may not write does not learn that the registry takes anything.
    refuses.store(true, Ordering::Relaxed);
    world.client = client();
    world.client.recall(&repository(&to), memory);
    let (source, sink) = (world.source(&from), world.sink(&to));
    assert!(Copier::new(&source, &sink, &bare()).copy().await.is_err());
    let kept = serde_json::to_value(left(&world, &to)).unwrap();
    assert_eq!(kept["features"]["validates"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_tag_that_was_deleted_is_not_believed_in() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let image = push_image(&from, 1, 1).await;
    let believing = Options { believed_for: Some(Duration::from_secs(60)), ..bare() };
    for target in [Target::Tag("1".parse().unwrap()), Target::Digest(image.digest().clone())] {
        world.copy(&from, &to, &bare()).await;
        let before = left(&world, &to);
        assert!(world.client.delete_manifest(&repository(&to), &target).await.unwrap());
        // Another run that ended meanwhile had seen it.
        world.client.recall(&repository(&to), before);
        let memory = left(&world, &to);
        let (copied, _) = copy_knowing(&mut world, &from, &to, &memory, &believing).await;
        assert_eq!(copied.state, State::Copied);
    }
}

#[tokio::test]
async fn what_is_not_there_any_more_is_brought_again() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let index = push_index(&from, 3).await;
    world.copy(&from, &to, &bare()).await;
    let memory = left(&world, &to);
    remove(&to, &index).await;
    copy_knowing(&mut world, &from, &to, &memory, &bare()).await;
    let memory = left(&world, &to);
    // Another registry has taken its place, and it is empty.
    world.to = TestRegistry::start().await.unwrap();
    let to = World::at(&world.to, "mirror/app:1");
    copy_knowing(&mut world, &from, &to, &memory, &bare()).await;
    read_whole(&world.source(&to), &index.descriptor()).await;
}

#[tokio::test]
async fn a_registry_that_takes_anything_is_asked_for_every_part() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let image = push_image(&from, 1, N).await;
    world.copy(&from, &to, &bare()).await;
    let memory = left(&world, &to);
    world.to = TestRegistry::start().await.unwrap();
    let to = World::at(&world.to, "mirror/app:1");
    world.to.fail(
        1,
        |method, path| method == "PUT" && path.contains("/manifests/"),
        || Fault::Answer(Response::builder().status(201).body(axum::body::Body::empty()).unwrap()),
    );
    no_docker(&world.to);
    copy_knowing(&mut world, &from, &to, &memory, &bare()).await;
    read_whole(&world.source(&to), &image.descriptor()).await;
    // What was learned is not asked again, and blobs still are.
    let memory = left(&world, &to);
    remove(&to, &image).await;
    let (_, requests) = copy_knowing(&mut world, &from, &to, &memory, &bare()).await;
    // The config is so small that it is read and sent at once.
    assert_eq!(requests, 2 + usize::from(N) + 2 + 1, "{}", world.asked());
}

#[tokio::test]
async fn a_tag_that_was_seen_lately_is_not_asked_for() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    push_image(&from, 1, 1).await;
    world.copy(&from, &to, &bare()).await;
    let memory = left(&world, &to);
    let believing = Options { believed_for: Some(Duration::from_secs(60)), ..bare() };
    let (copied, requests) = copy_knowing(&mut world, &from, &to, &memory, &believing).await;
    assert_eq!((copied.state, requests), (State::Unchanged, 1), "{}", world.asked());
    // Whoever does not ask for it is not told what others did.
    let other = push_image(&to, 2, 1).await;
    assert_eq!(copy_knowing(&mut world, &from, &to, &memory, &believing).await.0.state, State::Unchanged);
    // But nothing is overwritten unseen.
    let third = push_image(&from, 3, 1).await;
    let (copied, _) = copy_knowing(&mut world, &from, &to, &memory, &believing).await;
    assert_eq!(
        (&copied.root.digest, copied.before.as_ref().map(|it| &it.digest)),
        (third.digest(), Some(other.digest()))
    );
}

#[tokio::test]
async fn blobs_are_taken_from_wherever_the_registry_has_them() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    push_image(&from, 1, N).await;
    world.copy(&from, &to, &bare()).await;
    let memory = left(&world, &to);
    let other = World::at(&world.to, "elsewhere/app:1");
    world.client = client();
    world.client.recall(&repository(&other), memory);
    let (source, sink) = (world.source(&from), world.sink(&other));
    let options = bare();
    let copier = Copier::new(&source, &sink, &options);
    copier.copy().await.unwrap();
    // The config is so small that to ask and to send is one request.
    assert_eq!((copier.count().mounted, copier.count().sent), (usize::from(N), 1));
}
