//! Bytes that flow no faster than they may.

use crate::downloads::{ALL, WHOLE};
use crate::world::{World, push};
use consign_oci::Descriptor;
use std::num::NonZeroU64;
use std::time::Duration;
use tokio::time::Instant;

/// Bytes in a second.
const RATE: u64 = 16 << 10;
/// How long the blob takes.
const LONG: Duration = Duration::from_secs(ALL as u64 / RATE);

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
