//! Blobs whose connection breaks off while they are read.
// The clock of these tests is not the machine's: it moves on to the next deadline as soon as nothing else happens.

use crate::world::{World, answer, authorization, path, read};
use axum::body::{Body, Bytes};
use axum::http::Response;
use axum::http::request::Parts;
use consign_registry::{Credentials, Secret};
use consign_testkit::registry::{Fault, TestRegistry};
use futures::stream::{self, StreamExt};
use std::io;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// A blob of which no two parts are the same, and which is too large to be sent at once.
pub(crate) static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| (0..0x8000_u32).flat_map(u32::to_be_bytes).collect());
pub(crate) const ALL: usize = 0x2_0000;
pub(crate) const HALF: usize = ALL / 2;

/// Makes an answer that breaks off after these bytes.
pub(crate) fn breaking(status: u16, headers: &[(&str, &str)], bytes: &'static [u8]) -> Response<Body> {
    let end = stream::once(async {
        // What comes before is sent first.
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    answer(status, headers, Body::from_stream(stream::iter([Ok(bytes)]).chain(end)))
}

/// Makes what a registry says in `Content-Range`.
pub(crate) fn part(from: usize) -> String {
    format!("bytes {from}-{}/{ALL}", ALL - 1)
}

/// What requests for blobs showed in `Range` and in `Authorization`; an empty text where they showed nothing.
pub(crate) type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// Answers requests for blobs as `with` says of the number of the request (from 1). Where it says nothing, the registry answers.
pub(crate) fn serve(
    registry: &TestRegistry,
    with: impl Fn(usize, &Parts) -> Option<Response<Body>> + Send + Sync + 'static,
) -> Asked {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    registry.hook(move |head| {
        if head.method != "GET" || !path(head).contains("/blobs/") {
            return None;
        }
        let range = head.headers.get("range").map_or("", |value| value.to_str().unwrap());
        let mut seen = seen.lock().unwrap();
        seen.push((range.to_owned(), authorization(head).to_owned()));
        with(seen.len(), head).map(Fault::Answer)
    });
    asked
}

pub(crate) fn ranges(asked: &Asked) -> Vec<String> {
    asked.lock().unwrap().iter().map(|(range, _)| range.clone()).collect()
}

/// Reads the blob from a registry that answers so, and returns also which parts it was asked for.
pub(crate) async fn served(
    with: impl Fn(usize) -> Option<Response<Body>> + Send + Sync + 'static,
) -> (io::Result<Vec<u8>>, Vec<String>) {
    let world = World::new().await;
    let blob = world.push(&WHOLE).await;
    let asked = serve(&world.registry, move |nth, _| with(nth));
    (read(&world, &blob).await, ranges(&asked))
}

#[tokio::test(start_paused = true)]
async fn a_blob_goes_on_where_it_broke_off() {
    let with_length: &[(&str, &str)] = &[("content-length", "131072")];
    for headers in [&[], with_length] {
        for length in [0, 1, HALF, ALL - 1] {
            let (bytes, ranges) = served(move |nth| (nth == 1).then(|| breaking(200, headers, &WHOLE[..length]))).await;
            assert!(bytes.unwrap() == *WHOLE, "{length} {headers:?}");
            let rest = if length > 0 { format!("bytes={length}-") } else { String::new() };
            assert_eq!(ranges, ["", &rest], "{headers:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_knows_no_parts_sends_what_came_before_again() {
    for lengths in [&[HALF][..], &[HALF, 1], &[HALF, HALF, HALF + 1], &[1, 0, ALL - 1]] {
        let (bytes, ranges) = served(move |nth| {
            Some(match lengths.get(nth - 1) {
                Some(length) => breaking(200, &[], &WHOLE[..*length]),
                None => answer(200, &[], Bytes::from_static(&WHOLE)),
            })
        })
        .await;
        assert!(bytes.unwrap() == *WHOLE, "{lengths:?}");
        let most = |count: usize| lengths[..count].iter().max().map(|length| format!("bytes={length}-"));
        let expected: Vec<String> = (0..=lengths.len()).map(|count| most(count).unwrap_or_default()).collect();
        assert_eq!(ranges, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_blob_may_break_off_often_as_long_as_bytes_come() {
    const PIECE: usize = ALL / 16;
    let (bytes, ranges) = served(move |nth| {
        let from = (nth - 1) * PIECE;
        let status = if from == 0 { 200 } else { 206 };
        (nth < 16).then(|| breaking(status, &[("content-range", &part(from))], &WHOLE[from..from + PIECE]))
    })
    .await;
    assert!(bytes.unwrap() == *WHOLE);
    let expected: Vec<String> = (1..16).map(|nth| format!("bytes={}-", nth * PIECE)).collect();
    assert_eq!(ranges[1..], expected);
}

#[tokio::test(start_paused = true)]
async fn a_blob_goes_on_where_nothing_more_came() {
    let (bytes, ranges) = served(|nth| {
        let silent = || stream::iter([Ok::<_, io::Error>(&WHOLE[..HALF])]).chain(stream::pending());
        (nth == 1).then(|| answer(200, &[], Body::from_stream(silent())))
    })
    .await;
    assert!(bytes.unwrap() == *WHOLE);
    assert_eq!(ranges, ["", &format!("bytes={HALF}-")]);
}

#[tokio::test(start_paused = true)]
async fn who_reads_slowly_gets_all_of_it() {
    let world = World::new().await;
    let blob = world.push(&WHOLE).await;
    let mut reader = world.client.blob(&world.repository, &blob).await.unwrap();
    let (mut bytes, mut piece) = (Vec::new(), vec![0; ALL / 8]);
    for _ in 0..8 {
        reader.read_exact(&mut piece).await.unwrap();
        bytes.extend_from_slice(&piece);
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    assert_eq!(reader.read_to_end(&mut bytes).await.unwrap(), 0);
    assert!(bytes == *WHOLE);
}

#[tokio::test(start_paused = true)]
async fn credentials_do_not_follow_the_rest_to_another_host() {
    let (world, other) = (World::new().await, World::new().await);
    let blob = other.push(&WHOLE).await;
    let host = other.registry.host();
    let here = serve(&world.registry, move |_, head| {
        Some(answer(307, &[("location", &format!("http://{host}{}?signature=1", head.uri))], ""))
    });
    let there = serve(&other.registry, |nth, _| (nth == 1).then(|| breaking(200, &[], &WHOLE[..HALF])));
    let world = World { client: world.client_as(Credentials::Bearer(Secret::new("token"))), ..world };
    assert!(read(&world, &blob).await.unwrap() == *WHOLE);
    let rest = format!("bytes={HALF}-");
    let shown = |authorization: &str| {
        [("", authorization), (&rest, authorization)].map(|(range, shown)| (range.to_owned(), shown.to_owned()))
    };
    assert_eq!(*here.lock().unwrap(), shown("Bearer token"));
    assert_eq!(*there.lock().unwrap(), shown(""));
}
