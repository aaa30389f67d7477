//! Blobs that do not come as they should, however often they are asked for.
// The clock of these tests is not the machine's: it moves on to the next deadline as soon as nothing else happens.

use crate::downloads::{ALL, HALF, WHOLE, breaking, part, served};
use crate::world::{World, always, answer};
use axum::body::{Body, Bytes};
use axum::http::Response;
use consign_oci::Digest;
use futures::stream;
use std::io;
use std::sync::LazyLock;

/// Makes the answer to the request of this number (from 1).
type Answer = fn(usize) -> Response<Body>;

/// Reads the blob from a registry that answers so: it must fail with a message that says this and names the blob. Returns how often it was asked for.
async fn refused(with: impl Fn(usize) -> Response<Body> + Send + Sync + 'static, text: &str) -> usize {
    let (bytes, ranges) = served(move |nth| Some(with(nth))).await;
    let message = bytes.map(|bytes| bytes.len()).unwrap_err().to_string();
    assert!(message.contains(text) && message.contains(&Digest::of(&WHOLE).to_string()), "{text}: {message}");
    ranges.len()
}

fn half() -> Response<Body> {
    breaking(200, &[], &WHOLE[..HALF])
}

/// Answers the first request with one half, and the others so.
fn half_and(rest: impl Fn() -> Response<Body>) -> impl Fn(usize) -> Response<Body> {
    move |nth| if nth == 1 { half() } else { rest() }
}

/// Makes an answer that says that these bytes are the rest.
fn rest(bytes: &'static [u8]) -> Response<Body> {
    answer(206, &[("content-range", &part(HALF))], Bytes::from_static(bytes))
}

/// Makes an answer that ends as it should, and does not say before how long it is.
fn chunked(bytes: &'static [u8]) -> Response<Body> {
    answer(200, &[], Body::from_stream(stream::iter([Ok::<_, io::Error>(bytes)])))
}

#[tokio::test(start_paused = true)]
async fn a_blob_that_always_breaks_off_is_given_up_after_four_tries() {
    let (chunks, length) = ("unexpected EOF during chunk size line", "end of file before message length reached");
    let table: [(Answer, &str); 5] = [
        (|_| breaking(200, &[], b""), chunks),
        (|_| half(), chunks),
        (|_| breaking(200, &[("content-length", "131072")], &WHOLE[..HALF]), length),
        (|nth| half_and(|| breaking(206, &[("content-range", &part(HALF))], b""))(nth), chunks),
        // Fewer bytes than before are no progress.
        (|nth| half_and(|| breaking(200, &[], &WHOLE[..HALF - 1]))(nth), chunks),
    ];
    for (with, cause) in table {
        assert_eq!(refused(with, cause).await, 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_blob_of_which_nothing_more_comes_is_given_up() {
    let silent = |_| answer(200, &[], Body::from_stream(stream::pending::<io::Result<Bytes>>()));
    assert_eq!(refused(silent, "no answer in time").await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_rest_that_cannot_be_had_is_an_error() {
    for (status, requests) in [(401, 2), (403, 2), (404, 2), (416, 2), (204, 2), (503, 5)] {
        let with = half_and(move || answer(status, &[], ""));
        assert_eq!(refused(with, &format!(": {status}")).await, requests);
    }
}

#[tokio::test(start_paused = true)]
async fn another_part_than_was_asked_for_is_an_error() {
    let parts = [0, HALF - 1, HALF + 1, HALF * 10].map(part);
    let others = ["", "bytes */131072", "bytes 65536", "lines 65536-131071/131072"].map(str::to_owned);
    for range in parts.into_iter().chain(others) {
        let with = half_and(move || answer(206, &[("content-range", &range)], Bytes::from_static(&WHOLE[HALF..])));
        assert_eq!(refused(with, "and answers with another part").await, 2);
    }
    let unsaid = half_and(|| answer(206, &[], Bytes::from_static(&WHOLE[HALF..])));
    assert_eq!(refused(unsaid, "and answers with another part").await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_part_is_no_answer_to_who_asks_for_all() {
    let world = World::new().await;
    let blob = world.push(&WHOLE).await;
    let all = || answer(206, &[("content-range", &part(0))], Bytes::from_static(&WHOLE));
    always(&world.registry, |method, _| method == "GET", all);
    let error = world.client.blob(&world.repository, &blob).await.err().unwrap();
    assert!(error.to_string().ends_with(": 206"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_rest_of_other_bytes_is_refused() {
    let table: [fn() -> Response<Body>; 5] = [
        || rest(&WHOLE[..HALF]),
        || rest(&WHOLE[HALF..ALL - 1]),
        || rest(&WHOLE[HALF - 1..]),
        // All of something else.
        || answer(200, &[], Bytes::from_static(&WHOLE[..HALF - 1])),
        || answer(200, &[], Bytes::from_static(&[0; ALL])),
    ];
    for other in table {
        assert_eq!(refused(half_and(other), "do not match their digest").await, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn more_or_fewer_bytes_than_there_are_is_refused() {
    static LONGER: LazyLock<Vec<u8>> = LazyLock::new(|| [&WHOLE[..], b"!"].concat());
    for bytes in [&WHOLE[..0], &WHOLE[..ALL - 1], &LONGER[..]] {
        for with in [|bytes| answer(200, &[], Bytes::from_static(bytes)), chunked] {
            assert_eq!(refused(move |_| with(bytes), "do not match their digest").await, 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_length_that_is_too_large_is_an_error() {
    let with: Answer =
        |nth| if nth == 1 { breaking(200, &[("content-length", "131073")], &WHOLE) } else { answer(416, &[], "") };
    assert_eq!(refused(with, ": 416").await, 2);
}
