//! Large blobs go on where they broke off, also in another run.

use crate::world::{World, always, answer, basic, client, path, read, shown};
use axum::http::request::Parts;
use consign_oci::Descriptor;
use consign_registry::{Client, HostOptions, Options, Pushed, RegistryError};
use consign_testkit::registry::{Call, Fault};
use futures::{StreamExt, stream};
use std::io::{self, Cursor};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::io::StreamReader;

/// The smallest that goes on, and a byte.
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bytes: Vec<u8> = (0..=255).cycle().take((64 << 20) + 1).collect();
    bytes[7] = 0;
    bytes
});

fn blob() -> Descriptor {
    Descriptor::of("x/y", &BYTES)
}

fn client_in(folder: &Path) -> Client {
    client(Options { uploads: Some(folder.to_owned()), ..Options::default() })
}

async fn push(client: &Client, world: &World) -> Result<Pushed, RegistryError> {
    client.push_blob(&world.repository, &blob(), async || Ok(Cursor::new(&BYTES[..])), None).await
}

/// Writes down with which `Content-Range` pieces are sent.
fn ranges(world: &World) -> Arc<Mutex<Vec<String>>> {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&seen);
    world.registry.hook(move |head: &Parts| {
        if head.method == "PATCH" {
            let range = head.headers.get("content-range").map_or("", |range| range.to_str().unwrap());
            noted.lock().unwrap().push(range.to_owned());
        }
        None
    });
    seen
}

/// Returns the methods that the registry was asked with.
fn methods(world: &World) -> Vec<String> {
    world.asked().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

/// Returns the first byte of a range.
fn first(range: &str) -> usize {
    range.split('-').next().unwrap().parse().unwrap()
}

/// Begins to push, and ends without a word when half of it has arrived.
async fn killed(folder: &Path, world: &World) {
    let midway = Arc::new(Notify::new());
    let notify = Arc::clone(&midway);
    let call = Call::new(move || notify.notify_one());
    world.registry.fail(1, |method, _| method == "PATCH", move || Fault::CallMidway(call.clone()));
    let client = client_in(folder);
    tokio::select! {
        biased;
        () = midway.notified() => {}
        pushed = push(&client, world) => panic!("{pushed:?}"),
    }
    drop(client);
    world.registry.quiet().await.unwrap();
}

fn sessions(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[tokio::test]
async fn what_arrived_is_not_sent_again() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    let ranges = ranges(&world);
    world.registry.fail(1, |method, _| method == "PATCH", || Fault::CallMidway(Call::new(|| {})));
    assert_eq!(push(&client_in(folder.path()), &world).await.unwrap(), Pushed::Uploaded);
    assert_eq!(methods(&world), ["HEAD", "POST", "PATCH", "GET", "PATCH", "PUT"]);
    let ranges = ranges.lock().unwrap().clone();
    assert_eq!(ranges[0], "");
    assert!(first(&ranges[1]) >= BYTES.len() / 2 - 1, "{ranges:?}");
    assert!(read(&world, &blob()).await.unwrap() == *BYTES);
    assert_eq!(sessions(folder.path()), 0);
}

#[tokio::test]
async fn another_run_goes_on() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    killed(folder.path(), &world).await;
    assert_eq!(sessions(folder.path()), 1);
    methods(&world);
    let ranges = ranges(&world);
    assert_eq!(push(&client_in(folder.path()), &world).await.unwrap(), Pushed::Uploaded);
    assert_eq!(methods(&world), ["GET", "PATCH", "PUT"]);
    assert!(first(&ranges.lock().unwrap()[0]) >= BYTES.len() / 2 - 1);
    assert!(read(&world, &blob()).await.unwrap() == *BYTES);
    assert_eq!(sessions(folder.path()), 0);
}

#[tokio::test(start_paused = true)]
async fn what_arrived_may_take_its_time_to_be_read_again() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    killed(folder.path(), &world).await;
    methods(&world);
    // That takes more than ten minutes, in which nothing is sent.
    let open = async || {
        let slow = async |(part, bytes): (u64, &'static [u8])| {
            tokio::time::sleep(Duration::from_secs(if part < 7 { 100 } else { 0 })).await;
            Ok::<_, io::Error>(bytes)
        };
        Ok(StreamReader::new(Box::pin(stream::iter((0..).zip(BYTES.chunks(4 << 20))).then(slow))))
    };
    let client = client_in(folder.path());
    assert_eq!(client.push_blob(&world.repository, &blob(), open, None).await.unwrap(), Pushed::Uploaded);
    assert_eq!(methods(&world), ["GET", "PATCH", "PUT"]);
}

#[tokio::test]
async fn what_cannot_be_gone_on_with_begins_anew() {
    // The registry has forgotten it; the file holds nothing; it leads nowhere; other bytes have arrived.
    for (status, note) in [(404, None), (0, Some("")), (0, Some(r#"{"location":"ftp://x/y"}"#)), (500, None)] {
        let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
        killed(folder.path(), &world).await;
        if let Some(note) = note {
            let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
            std::fs::write(file, note).unwrap();
        } else {
            world.registry.hook(move |head| {
                let asks = head.method == "GET" && path(head).contains("/uploads/");
                asks.then(|| Fault::Answer(answer(status, &[("retry-after", "0")], "")))
            });
        }
        assert_eq!(push(&client_in(folder.path()), &world).await.unwrap(), Pushed::Uploaded, "{status} {note:?}");
        assert!(read(&world, &blob()).await.unwrap() == *BYTES);
    }
}

#[tokio::test]
async fn other_bytes_that_arrived_do_no_harm() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    // The first source breaks off in the middle, after a byte that is wrong.
    let mut wrong = BYTES[..BYTES.len() / 2].to_vec();
    wrong[9] ^= 1;
    let open = async || Ok(Cursor::new(wrong.clone()));
    let error = client_in(folder.path()).push_blob(&world.repository, &blob(), open, None).await.unwrap_err();
    assert!(matches!(error, RegistryError::Source { .. }), "{error:?}");
    assert_eq!(sessions(folder.path()), 0);
    assert_eq!(push(&client_in(folder.path()), &world).await.unwrap(), Pushed::Uploaded);
    assert!(read(&world, &blob()).await.unwrap() == *BYTES);
}

#[tokio::test]
async fn a_registry_that_takes_no_pieces_gets_the_whole() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    world.registry.hook(|head| (head.method == "PATCH").then(|| Fault::status(405)));
    let client = client_in(folder.path());
    assert_eq!(push(&client, &world).await.unwrap(), Pushed::Uploaded);
    assert_eq!(methods(&world), ["HEAD", "POST", "PATCH", "POST", "PUT"]);
    let other = world.registry.repository("team/other").unwrap();
    let mut bytes = BYTES.clone();
    bytes[0] ^= 1;
    let blob = Descriptor::of("x/y", &bytes);
    client.push_blob(&other, &blob, async || Ok(Cursor::new(bytes.clone())), None).await.unwrap();
    assert!(!methods(&world).contains(&"PATCH".to_owned()));
}

#[tokio::test]
async fn two_at_once_do_not_go_on_with_one_upload() {
    let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
    killed(folder.path(), &world).await;
    let (one, other) = (client_in(folder.path()), client_in(folder.path()));
    let (one, other) = tokio::join!(push(&one, &world), push(&other, &world));
    assert_eq!((one.unwrap(), other.unwrap()), (Pushed::Uploaded, Pushed::Uploaded));
    assert!(read(&world, &blob()).await.unwrap() == *BYTES);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_lies_about_what_arrived_ends_it() {
    for (range, location) in [
        (Some("0-18446744073709551615"), None),
        (Some("0-18446744073709551614"), None),
        (Some("0-67108865"), None),
        (Some("0-99999999999999999999"), None),
        (Some("0--1"), None),
        (Some("-1-5"), None),
        (Some("bytes=0-9"), None),
        (Some("7-9"), None),
        (None, None),
        (Some("0-9"), Some("ftp://x/y")),
        (Some("0-9"), Some("http://[")),
    ] {
        let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
        // It breaks off once; the registry says something else of it than what arrived.
        world.registry.fail(1, |method, _| method == "PATCH", || Fault::Drop);
        world.registry.hook(move |head| {
            let headers =
                [("range", range), ("location", location)].map(|(name, value)| value.map(|value| (name, value)));
            let headers: Vec<(&str, &str)> = headers.into_iter().flatten().collect();
            let asks = head.method == "GET" && path(head).contains("/uploads/");
            asks.then(|| Fault::Answer(answer(204, &headers, "")))
        });
        let pushed = push(&client_in(folder.path()), &world).await;
        assert!(world.registry.requests() < 20, "{range:?}: {:?}", world.registry.lines());
        match location {
            // It said that it had lost it, or nothing that makes sense: it is begun anew.
            None => assert_eq!(pushed.unwrap(), Pushed::Uploaded, "{range:?}"),
            Some(_) => assert!(matches!(pushed.unwrap_err(), RegistryError::Protocol { .. }), "{location:?}"),
        }
        let there = world.client.blob_exists(&world.repository, &blob().digest).await.unwrap();
        assert_eq!(there, location.is_none(), "{range:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_takes_no_piece_is_given_up() {
    // It says the same each time, or each time that one more byte has arrived.
    for grows in [false, true] {
        let (world, folder) = (World::new().await, tempfile::tempdir().unwrap());
        world.registry.hook(|head| (head.method == "PATCH").then(|| Fault::Answer(answer(416, &[], ""))));
        let last = AtomicUsize::new(9);
        world.registry.hook(move |head| {
            let asks = head.method == "GET" && path(head).contains("/uploads/");
            let range = format!("0-{}", last.fetch_add(usize::from(grows && asks), Ordering::Relaxed));
            asks.then(|| Fault::Answer(answer(204, &[("range", &range)], "")))
        });
        let error = push(&client_in(folder.path()), &world).await.unwrap_err();
        assert!(matches!(error, RegistryError::Answer { status: 416, .. }), "{error:?}");
        assert!(world.registry.requests() < 20, "{grows}: {}", world.registry.requests());
    }
}

#[tokio::test]
async fn credentials_do_not_go_where_an_upload_is_said_to_go_on() {
    let (world, other, folder) = (World::new().await, World::new().await, tempfile::tempdir().unwrap());
    killed(folder.path(), &world).await;
    let location = format!("http://{}/upload", other.registry.host());
    world.registry.hook(move |head| {
        let asks = head.method == "GET" && path(head).contains("/uploads/");
        let headers = [("range", "0-9"), ("location", location.as_str())];
        asks.then(|| Fault::Answer(answer(204, &headers, "")))
    });
    let there = shown(&other.registry);
    always(&other.registry, |_, _| true, || answer(401, &[("www-authenticate", "Basic realm=\"x\"")], ""));
    let host = HostOptions { credentials: basic("me", "secret"), ..HostOptions::default() };
    let hosts = std::collections::BTreeMap::from([(world.registry.host(), host)]);
    let client = client(Options { uploads: Some(folder.path().to_owned()), hosts, ..Options::default() });
    // Refused there, it is begun anew where it was.
    let pushed = push(&client, &world).await;
    assert!(!there.lock().unwrap().is_empty());
    assert!(there.lock().unwrap().iter().all(String::is_empty));
    assert_eq!(pushed.unwrap(), Pushed::Uploaded);
    assert!(read(&world, &blob()).await.unwrap() == *BYTES);
}
