use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests that a registry is asked at the same time.
const REQUESTS: usize = 32;
/// Blobs that are read from a registry at the same time, and blobs that are sent to it: more share the same line, and registries slow down whoever
/// opens many.
const BLOBS: usize = 6;

/// What all clones of a client together may do at one registry at the same time.
///
/// Who sends a blob takes its turn before it opens what it reads from: so nobody who reads waits for somebody who sends.
pub(crate) struct Budget {
    requests: Arc<Semaphore>,
    reading: Arc<Semaphore>,
    sending: Arc<Semaphore>,
}

/// A turn, until it is dropped.
pub(crate) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Budget {
    pub(crate) async fn request(&self) -> Turn {
        turn(&self.requests).await
    }

    pub(crate) async fn read(&self) -> Turn {
        turn(&self.reading).await
    }

    pub(crate) async fn send(&self) -> Turn {
        turn(&self.sending).await
    }
}

impl Default for Budget {
    fn default() -> Self {
        let room = |count| Arc::new(Semaphore::new(count));
        Self { requests: room(REQUESTS), reading: room(BLOBS), sending: room(BLOBS) }
    }
}

/// Waits for a turn. It fails only where turns are closed, which these never are.
async fn turn(turns: &Arc<Semaphore>) -> Turn {
    Turn { _permit: turns.clone().acquire_owned().await.ok() }
}
