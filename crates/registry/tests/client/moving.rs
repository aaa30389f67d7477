//! Blobs that are read from one repository and sent to another as they come.

use crate::budgets::{PATIENCE, blob, sends};
use crate::downloads::{HALF, WHOLE, breaking, ranges, serve};
use crate::world::{World, answer, basic, path, read};
use consign_oci::{Descriptor, Repository};
use consign_registry::{Client, Options, Pushed};
use consign_testkit::registry::Fault;
use futures::future::join_all;
use std::io::{self, Cursor};

/// Sends a blob on as it comes.
async fn sent_on(client: &Client, from: &Repository, blob: &Descriptor, into: &Repository) -> Pushed {
    let open = async || client.unchecked_blob(from, &blob.digest).await.map_err(io::Error::other);
    client.push_blob(into, blob, open, None).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_blob_that_is_sent_on_goes_on_too() {
    let world = World::new().await;
    let blob = world.push(&WHOLE).await;
    let asked = serve(&world.registry, |nth, _| (nth == 1).then(|| breaking(200, &[], &WHOLE[..HALF])));
    let into = World { client: world.client.clone(), ..World::new().await };
    assert_eq!(sent_on(&world.client, &world.repository, &blob, &into.repository).await, Pushed::Uploaded);
    assert_eq!(ranges(&asked), ["", &format!("bytes={HALF}-")]);
    assert_eq!(into.registry.writes(), 2);
    assert!(read(&into, &blob).await.unwrap() == *WHOLE);
}

/// Sends blobs of several sizes on from one repository of a registry to another, all at the same time.
async fn send_on(world: &World) {
    let from = world.registry.repository("team/from").unwrap();
    // Who knows that another repository has them would have the registry take them from there.
    let other = Client::new(Options::default()).unwrap();
    let descriptors = join_all((0..100).map(async |nth| {
        let (bytes, descriptor) = blob(nth, [1 << 10, 70_000, 1 << 20][nth % 3]);
        let open = async || Ok(Cursor::new(bytes.clone()));
        other.push_blob(&from, &descriptor, open, None).await.unwrap();
        descriptor
    }))
    .await;
    let pushed = join_all(descriptors.iter().map(|blob| sent_on(&world.client, &from, blob, &world.repository))).await;
    assert_eq!(pushed, [Pushed::Uploaded; 100]);
    for descriptor in &descriptors {
        read(world, descriptor).await.unwrap();
    }
}

#[tokio::test]
async fn blobs_that_are_sent_on_do_not_wait_for_themselves() {
    tokio::time::timeout(PATIENCE, send_on(&World::new().await)).await.unwrap();
}

#[tokio::test]
async fn blobs_that_are_sent_on_twice_do_not_wait_for_themselves() {
    let world = World::new().await;
    let world = World { client: world.client_as(basic("me", "secret")), ..world };
    // Each of the first is told to log in only when it is being sent.
    let login = "Basic realm=\"x\"";
    world.registry.hook(move |head| {
        let to_app = path(head).starts_with("/v2/team/app/");
        (to_app && sends(head) && !head.headers.contains_key("authorization"))
            .then(|| Fault::Answer(answer(401, &[("www-authenticate", login)], "")))
    });
    tokio::time::timeout(PATIENCE, send_on(&world)).await.unwrap();
    let refused = world.registry.lines().iter().filter(|line| line.ends_with(" 401")).count();
    assert!(refused > 1, "{refused}");
}
