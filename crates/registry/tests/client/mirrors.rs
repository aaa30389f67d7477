//! What is read from registries that have what another has.

use crate::downloads::breaking;
use crate::world::{World, always, answer, client, image, named, push};
use consign_oci::{Descriptor, Target};
use consign_registry::{Client, Credentials, HostOptions, Options};
use consign_testkit::registry::Fault;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::AsyncReadExt;

/// A registry, a mirror of it, and a client that reads from it.
struct Mirrored {
    world: World,
    mirror: World,
    client: Client,
}

impl Mirrored {
    async fn new() -> Self {
        let (world, mut mirror) = (World::new().await, World::new().await);
        mirror.repository = mirror.registry.repository("hub/team/app").unwrap();
        let mirrors = vec![format!("{}/hub", mirror.registry.host())];
        let host = HostOptions { mirrors, credentials: Credentials::named("me", "secret"), ..HostOptions::default() };
        let hosts = BTreeMap::from([(world.registry.host(), host)]);
        let client = client(Options { hosts, ..Options::default() }).with_mirrors();
        Self { world, mirror, client }
    }

    async fn blob(&self, text: &'static str) -> std::io::Result<Vec<u8>> {
        let descriptor = Descriptor::of("text/plain", text.as_bytes());
        let mut bytes = Vec::new();
        let mut reader = self.client.blob(&self.world.repository, &descriptor).await.unwrap();
        reader.read_to_end(&mut bytes).await.map(|_| bytes)
    }
}

#[tokio::test]
async fn mirrors_are_asked_first() {
    let Mirrored { world, mirror, client } = Mirrored::new().await;
    let document = mirror.push_image(Some("1"), "x").await;
    let own = world.push_image(Some("1"), "y").await;
    let shown = Arc::new(Mutex::new(Vec::new()));
    let seen = shown.clone();
    mirror.registry.hook(move |head| {
        seen.lock().unwrap().extend(head.headers.get("authorization").cloned());
        None
    });
    world.registry.forget();
    let descriptor = client.manifest_descriptor(&world.repository, &named("1")).await.unwrap();
    assert_eq!(descriptor.unwrap().digest, *document.digest());
    assert_eq!(client.manifest(&world.repository, &named("1")).await.unwrap(), Some(document.clone()));
    let mirrored = Mirrored { world, mirror, client };
    assert_eq!(mirrored.blob("x").await.unwrap(), b"x");
    assert_eq!(mirrored.world.registry.requests(), 0);
    // It is another registry, and is logged in to as such.
    assert!(shown.lock().unwrap().is_empty());
    // Who does not ask for mirrors reads what the registry has.
    let found = mirrored.world.client.manifest(&mirrored.world.repository, &named("1")).await.unwrap();
    assert_eq!(found, Some(own));
}

#[tokio::test]
async fn what_mirrors_lack_comes_from_the_registry() {
    let mirrored = Mirrored::new().await;
    let document = mirrored.world.push_image(Some("1"), "x").await;
    let (client, repository) = (&mirrored.client, &mirrored.world.repository);
    assert_eq!(client.manifest(repository, &named("1")).await.unwrap(), Some(document.clone()));
    let descriptor = client.manifest_descriptor(repository, &named("1")).await.unwrap().unwrap();
    assert_eq!(descriptor.digest, *document.digest());
    assert_eq!(mirrored.blob("x").await.unwrap(), b"x");
    assert_eq!(mirrored.mirror.registry.requests(), 3);
    assert_eq!(client.manifest(repository, &named("2")).await.unwrap(), None);
}

#[tokio::test]
async fn mirrors_that_lie_are_asked_no_more() {
    let mirrored = Mirrored::new().await;
    let document = mirrored.world.push_image(Some("1"), "x").await;
    let lie = image("other", |_| {}).bytes().to_vec();
    always(&mirrored.mirror.registry, |_, path| path.contains("manifests"), move || answer(200, &[], lie.clone()));
    let by_digest = Target::Digest(document.digest().clone());
    let found = mirrored.client.manifest(&mirrored.world.repository, &by_digest).await.unwrap();
    assert_eq!(found, Some(document));
    assert_eq!(mirrored.blob("x").await.unwrap(), b"x");
    assert_eq!(mirrored.mirror.registry.requests(), 1);
}

#[tokio::test]
async fn blobs_that_are_wrong_are_refused_and_then_come_from_the_registry() {
    let mirrored = Mirrored::new().await;
    mirrored.world.push(b"true").await;
    always(&mirrored.mirror.registry, |_, path| path.contains("blobs"), || answer(200, &[], "lies"));
    let repository = &mirrored.world.repository;
    assert_eq!(mirrored.client.mirrors_of(repository).len(), 1);
    let error = mirrored.blob("true").await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    assert!(mirrored.client.mirrors_of(repository).is_empty());
    assert_eq!(mirrored.blob("true").await.unwrap(), b"true");
}

#[tokio::test(start_paused = true)]
async fn a_mirror_whose_blob_breaks_off_goes_on_with_it() {
    let mirrored = Mirrored::new().await;
    mirrored.mirror.push(b"hello").await;
    mirrored.mirror.registry.fail(1, |method, _| method == "GET", || Fault::Answer(breaking(200, &[], b"he")));
    assert_eq!(mirrored.blob("hello").await.unwrap(), b"hello");
    assert_eq!(mirrored.mirror.registry.lines().last().unwrap().split(' ').next_back(), Some("206"));
    assert_eq!(mirrored.client.mirrors_of(&mirrored.world.repository).len(), 1);
    assert_eq!(mirrored.world.registry.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_mirror_whose_blobs_break_off_for_good_is_asked_no_more() {
    for rest in [|| breaking(200, &[], b"he"), || answer(416, &[], "")] {
        let mirrored = Mirrored::new().await;
        mirrored.world.push(b"hello").await;
        mirrored.mirror.registry.fail(1, |_, _| true, || Fault::Answer(breaking(200, &[], b"he")));
        always(&mirrored.mirror.registry, |_, _| true, rest);
        mirrored.blob("hello").await.unwrap_err();
        assert!(mirrored.client.mirrors_of(&mirrored.world.repository).is_empty());
        mirrored.mirror.registry.forget();
        assert_eq!(mirrored.blob("hello").await.unwrap(), b"hello");
        assert_eq!(mirrored.mirror.registry.requests(), 0);
    }
}

#[tokio::test]
async fn nothing_is_written_to_mirrors() {
    let mirrored = Mirrored::new().await;
    push(&mirrored.client, &mirrored.world.repository, b"{}", None).await.unwrap();
    push(&mirrored.client, &mirrored.world.repository, b"x", None).await.unwrap();
    let document = image("x", |_| {});
    mirrored.client.put_manifest(&mirrored.world.repository, &named("1"), &document).await.unwrap();
    assert_eq!(mirrored.mirror.registry.requests(), 0);
}
