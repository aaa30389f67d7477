//! How many bytes of blobs flow in a second.

use crate::Client;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// What flows, in each direction, for everything that shares it.
pub(crate) struct Bandwidth {
    /// Bytes in a second.
    limit: NonZeroU64,
    received: Mutex<Instant>,
    sent: Mutex<Instant>,
}

/// Which way bytes flow.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    Received,
    Sent,
}

impl Client {
    /// Returns a client that receives no more bytes of blobs in a second than this, and sends no more. All requests but those for blobs are small, and
    /// not counted.
    pub fn limited(&self, bytes_in_a_second: NonZeroU64) -> Self {
        let now = Instant::now();
        let bandwidth = Bandwidth { limit: bytes_in_a_second, received: Mutex::new(now), sent: Mutex::new(now) };
        let mut client = self.clone();
        client.bandwidth = Some(Arc::new(bandwidth));
        client
    }

    /// Waits until so many bytes may have flowed.
    pub(crate) async fn flow(&self, direction: Direction, bytes: usize) {
        if let Some(bandwidth) = &self.bandwidth {
            sleep_until(bandwidth.reserve(direction, bytes as u64, Instant::now())).await;
        }
    }
}

impl Bandwidth {
    /// Returns when so many bytes may have flowed, after all for which this was asked before.
    fn reserve(&self, direction: Direction, bytes: u64, now: Instant) -> Instant {
        let until = match direction {
            Direction::Received => &self.received,
            Direction::Sent => &self.sent,
        };
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(self.limit.get());
        let time = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        let mut until = until.lock().unwrap_or_else(PoisonError::into_inner);
        // What was not used is gone: nobody may send all of it at once.
        *until = (*until).max(now) + time;
        *until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_have_a_limit_each_and_nothing_is_saved_up() {
        let start = Instant::now();
        let limit = NonZeroU64::new(1000).unwrap();
        let bandwidth = Bandwidth { limit, received: Mutex::new(start), sent: Mutex::new(start) };
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(bandwidth.reserve(Direction::Received, 500, start), at(500));
        assert_eq!(bandwidth.reserve(Direction::Received, 2000, start), at(2500));
        assert_eq!(bandwidth.reserve(Direction::Sent, 100, start), at(100));
        assert_eq!(bandwidth.reserve(Direction::Sent, 100, at(60_000)), at(60_100));
    }
}
