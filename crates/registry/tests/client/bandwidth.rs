//! Bytes that flow no faster than they may.

use crate::downloads::{ALL, WHOLE};
use crate::world::{BLOB, World, always, answer, push};
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use consign_oci::Descriptor;
use std::num::NonZeroU64;
use std::time::Duration;
use tokio::time::Instant;

/// Bytes in a second.
const RATE: u64 = 16 << 10;
/// How long the blob takes.
const LONG: Duration = Duration::from_secs(ALL as u64 / RATE);

#[tokio::test(start_paused = true)]
async fn an_upload_that_waits_for_its_bandwidth_does_not_stand_still() {
    // It waits for as long as it takes. Others do not: the arguments of the program bound how slow it may be.
    let patient = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let location = format!("http://{}/upload", patient.local_addr().unwrap());
    let take = async |bytes: Bytes| if bytes == BLOB { StatusCode::CREATED } else { StatusCode::BAD_REQUEST };
    let serving = tokio::spawn(async move { axum::serve(patient, Router::new().fallback(take)).await });
    let world = World::new().await;
    always(&world.registry, |method, _| method == "POST", move || answer(202, &[("location", &location)], ""));
    let limited = world.client.limited(NonZeroU64::new(64).unwrap());
    push(&limited, &world.repository, BLOB, None).await.unwrap();
    assert_eq!(world.registry.writes(), 1);
    serving.abort();
}

#[tokio::test(start_paused = true)]
async fn blobs_take_their_time_in_both_directions() {
    let world = World::new().await;
    let limited = World { client: world.client.limited(NonZeroU64::new(RATE).unwrap()), ..world };
    let begun = Instant::now();
    push(&limited.client, &limited.repository, &WHOLE, None).await.unwrap();
    assert!((LONG..2 * LONG).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    let begun = Instant::now();
    let blob = Descriptor::of("text/plain", &WHOLE);
    assert!(crate::world::read(&limited, &blob).await.unwrap() == *WHOLE);
    assert!((LONG..2 * LONG).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    // Small ones share the same limit.
    let begun = Instant::now();
    for text in [&b"one"[..], b"two"] {
        push(&limited.client, &limited.repository, text, None).await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}
