//! What a name names, for somebody who knows what it was.

use crate::world::{World, always, answer, client, image, manifest_type, named};
use consign_oci::{Digest, Document, Repository, Target};
use consign_registry::{Client, ErrorKind, Found, HostOptions, Options, RegistryError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

fn something_else() -> Digest {
    Digest::of(b"something else")
}

/// Asks for the tag `1`.
async fn found(world: &World, known: &Digest) -> Result<Found, RegistryError> {
    world.client.manifest_unless(&world.repository, &named("1"), known).await
}

/// Answers every request for a manifest with this one, whatever the condition is.
fn ignore_conditions(world: &World, document: &Document, headers: &'static [(&str, &str)]) {
    let bytes = document.bytes().to_vec();
    let headers = [&[manifest_type()], headers].concat();
    always(&world.registry, |_, path| path.contains("/manifests/"), move || answer(200, &headers, bytes.clone()));
}

#[tokio::test]
async fn what_is_known_is_not_sent() {
    let world = World::new().await;
    let document = world.push_image(Some("1"), "x").await;
    let conditions = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&conditions);
    world.registry.hook(move |head| {
        seen.lock().unwrap().extend(head.headers.get("if-none-match").cloned());
        None
    });
    for target in [named("1"), document.digest().clone().into()] {
        world.asked();
        let found = world.client.manifest_unless(&world.repository, &target, document.digest()).await.unwrap();
        assert_eq!(found, Found::Same);
        assert_eq!(world.asked(), [format!("GET manifests/{target} 304")]);
    }
    assert_eq!(*conditions.lock().unwrap(), [format!("\"{}\"", document.digest()).as_str(); 2]);
}

#[tokio::test]
async fn a_registry_that_knows_no_conditions_says_the_same() {
    let world = World::new().await;
    let document = image("x", |_| {});
    ignore_conditions(&world, &document, &[]);
    assert_eq!(found(&world, document.digest()).await.unwrap(), Found::Same);
    assert_eq!(found(&world, &something_else()).await.unwrap(), Found::of(document));
    assert_eq!(world.asked(), ["GET manifests/1 200"; 2]);
}

#[tokio::test]
async fn a_tag_that_was_moved_is_read_with_the_same_request() {
    let world = World::new().await;
    let before = world.push_image(Some("1"), "x").await;
    let after = world.push_image(Some("1"), "y").await;
    world.asked();
    assert_eq!(found(&world, before.digest()).await.unwrap(), Found::of(after.clone()));
    assert_eq!(found(&world, after.digest()).await.unwrap(), Found::Same);
    assert_eq!(world.asked(), ["GET manifests/1 200", "GET manifests/1 304"]);
}

#[tokio::test]
async fn a_name_that_names_nothing() {
    let world = World::new().await;
    assert_eq!(found(&world, &something_else()).await.unwrap(), Found::Nothing);
    let document = world.push_image(Some("1"), "x").await;
    let absent = world.client.manifest_unless(&world.repository, &named("2"), document.digest()).await.unwrap();
    assert_eq!((absent.clone(), absent.document()), (Found::Nothing, None));
}

#[tokio::test]
async fn a_digest_that_is_not_that_of_the_bytes_is_refused() {
    const OTHER: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let document = image("x", |_| {});
    for known in [document.digest().clone(), something_else(), OTHER.parse().unwrap()] {
        let world = World::new().await;
        ignore_conditions(&world, &document, &[("docker-content-digest", OTHER)]);
        let error = found(&world, &known).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{error:?}");
    }
    // What is no digest says nothing.
    let world = World::new().await;
    ignore_conditions(&world, &document, &[("docker-content-digest", "md5:abc")]);
    assert_eq!(found(&world, document.digest()).await.unwrap(), Found::Same);
    // Whoever asks for a digest gets nothing else, known or not.
    let target = Target::Digest(something_else());
    let error = world.client.manifest_unless(&world.repository, &target, document.digest()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error:?}");
}

#[tokio::test]
async fn failures_are_not_taken_for_what_is_known() {
    for (status, kind) in [(401, ErrorKind::Unauthorized), (403, ErrorKind::Denied), (412, ErrorKind::Other)] {
        let world = World::new().await;
        always(&world.registry, |_, _| true, move || answer(status, &[], ""));
        let error = found(&world, &something_else()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
    }
    // Nobody asked for this one under a condition.
    let world = World::new().await;
    always(&world.registry, |_, _| true, || answer(304, &[], ""));
    let error = world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
    assert!(matches!(error, RegistryError::Answer { status: 304, .. }), "{error:?}");
}

/// Returns a client that reads what `registry` has from a mirror.
fn reading_from(mirror: &World, registry: &str) -> Client {
    let host = HostOptions { mirrors: vec![mirror.registry.host()], ..HostOptions::default() };
    client(Options { hosts: BTreeMap::from([(registry.to_owned(), host)]), ..Options::default() }).with_mirrors()
}

#[tokio::test]
async fn mirrors_are_asked_under_the_same_condition() {
    let (world, mirror) = (World::new().await, World::new().await);
    let own = world.push_image(Some("1"), "own").await;
    let client = reading_from(&mirror, &world.registry.host());
    let world = World { client, ..world };
    let asked = || (mirror.asked(), world.asked());
    let lines = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
    asked();
    // A mirror that has nothing says nothing.
    assert_eq!(found(&world, own.digest()).await.unwrap(), Found::Same);
    assert_eq!(asked(), (lines(&["GET manifests/1 404"]), lines(&["GET manifests/1 304"])));
    let other = mirror.push_image(Some("1"), "other").await;
    asked();
    assert_eq!(found(&world, other.digest()).await.unwrap(), Found::Same);
    assert_eq!(found(&world, own.digest()).await.unwrap(), Found::of(other));
    assert_eq!(asked(), (lines(&["GET manifests/1 304", "GET manifests/1 200"]), lines(&[])));
    // One that does not answer as mirrors do is asked no more.
    always(&mirror.registry, |_, _| true, || answer(200, &[], "lies"));
    for _ in 0..2 {
        assert_eq!(found(&world, own.digest()).await.unwrap(), Found::Same);
    }
    assert_eq!(asked(), (lines(&["GET manifests/1 200"]), lines(&["GET manifests/1 304"; 2])));
}

#[tokio::test]
async fn docker_hub_is_asked_for_the_digest_first() {
    // No test speaks to Docker Hub: a mirror of it is asked as it would be.
    let mirror = World::new().await;
    let document = mirror.push_image(Some("1"), "x").await;
    let client = reading_from(&mirror, "docker.io");
    let repository: Repository = "docker.io/team/app".parse().unwrap();
    mirror.asked();
    let same = client.manifest_unless(&repository, &named("1"), document.digest()).await.unwrap();
    assert_eq!((same, mirror.asked()), (Found::Same, vec!["HEAD manifests/1 200".to_owned()]));
    let moved = client.manifest_unless(&repository, &named("1"), &something_else()).await.unwrap();
    assert_eq!(moved, Found::of(document.clone()));
    assert_eq!(mirror.asked(), ["HEAD manifests/1 200", &format!("GET manifests/{} 200", document.digest())]);
}
