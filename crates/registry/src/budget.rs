//! How much a registry is asked at the same time: less where it says that it is too much, and nothing while it wants to be left alone.

mod gate;
mod pace;

pub(crate) use gate::Turn;

use crate::pause::{LONGEST_WAIT, retry_after};
use gate::Gate;
use pace::Pace;
use reqwest::header::HeaderMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Requests that a registry is asked at the same time.
const REQUESTS: usize = 32;
/// Blobs that are read from a registry at the same time, and blobs that are sent to it: more share the same line, and registries slow down whoever
/// opens many.
const BLOBS: usize = 6;

/// What all clones of a client together may do at one registry at the same time.
///
/// Who sends a blob takes its turn before it opens what it reads from: so nobody who reads waits for somebody who sends.
pub(crate) struct Budget {
    requests: Arc<Gate>,
    reading: Arc<Gate>,
    sending: Arc<Gate>,
    pace: Mutex<Pace>,
    /// Held while a token for it is asked for.
    token: tokio::sync::Mutex<()>,
    /// Until when the registry is left alone.
    alone: Mutex<Option<Instant>>,
}

/// What a registry was like when it was asked for something, for what its answer says of that.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    epoch: u64,
}

impl Budget {
    pub(crate) async fn request(&self) -> Turn {
        let turn = self.requests.enter().await;
        self.left_alone().await;
        turn
    }

    pub(crate) async fn read(&self) -> Turn {
        self.reading.enter().await
    }

    pub(crate) async fn send(&self) -> Turn {
        let turn = self.sending.enter().await;
        self.left_alone().await;
        turn
    }

    /// Waits until nobody else asks for a token: another registry's token service may take as long as it likes.
    pub(crate) async fn token(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.token.lock().await
    }

    /// Notes that something is asked for now.
    pub(crate) fn asked(&self) -> Asked {
        Asked { epoch: lock(&self.pace).epoch() }
    }

    /// Notes what the registry answered (RFC 6585, section 4; RFC 9110, section 15.6.4).
    pub(crate) fn answered(&self, asked: Asked, status: u16, headers: &HeaderMap) {
        let is_too_much = matches!(status, 429 | 503);
        let pace = {
            let mut pace = lock(&self.pace);
            match is_too_much {
                true => pace.slower(asked.epoch),
                false => pace.faster(asked.epoch),
            }
            pace.at_once()
        };
        self.requests.resize(pace);
        self.reading.resize(pace.min(BLOBS));
        self.sending.resize(pace.min(BLOBS));
        if let Some(time) = retry_after(headers).filter(|_| is_too_much) {
            self.leave_alone(time);
        }
    }

    fn leave_alone(&self, time: Duration) {
        let until = Instant::now() + time.min(LONGEST_WAIT);
        let mut alone = lock(&self.alone);
        *alone = Some(alone.map_or(until, |alone| alone.max(until)));
    }

    /// Waits for as long as the registry is left alone.
    async fn left_alone(&self) {
        loop {
            let until = *lock(&self.alone);
            match until.filter(|until| *until > Instant::now()) {
                Some(until) => tokio::time::sleep_until(until).await,
                None => return,
            }
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            requests: Gate::new(REQUESTS),
            reading: Gate::new(BLOBS),
            sending: Gate::new(BLOBS),
            pace: Mutex::new(Pace::new(REQUESTS)),
            token: tokio::sync::Mutex::default(),
            alone: Mutex::default(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
