//! Uploads that stand still.

use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long a registry may take nothing. After the last byte it may still have to move the blob to its place.
pub(crate) const STALL: Duration = Duration::from_secs(300);

/// Measures how long a registry takes for what it was given.
///
/// It runs only while the next step is the registry's: not while a source is waited for, while what has arrived is read again, or while bytes wait
/// for their bandwidth. Sources have bounds of their own.
#[derive(Clone)]
pub(crate) struct Clock(watch::Sender<bool>);

impl Clock {
    /// Makes one that does not run yet.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Lets it run from the beginning: the registry has got something.
    pub(crate) fn start(&self) {
        self.0.send_replace(true);
    }

    /// Stops it: the registry wants something.
    pub(crate) fn stop(&self) {
        self.0.send_replace(false);
    }

    /// Ends once it has run for too long.
    pub(crate) async fn rung(&self) {
        let mut runs = self.0.subscribe();
        loop {
            let is_running = *runs.borrow_and_update();
            let changed = runs.changed();
            if !is_running {
                let _ = changed.await;
            } else if timeout(STALL, changed).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Instant, sleep};

    #[tokio::test(start_paused = true)]
    async fn runs_only_while_it_is_the_registrys_turn() {
        let (clock, begun) = (Clock::new(), Instant::now());
        let steps = async {
            sleep(3 * STALL).await;
            for _ in 0..3 {
                clock.start();
                sleep(STALL / 2).await;
                clock.start();
                sleep(STALL / 2).await;
                clock.stop();
                sleep(STALL).await;
            }
            clock.start();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = clock.rung() => {}
            () = steps => {}
        }
        assert!(begun.elapsed().abs_diff(10 * STALL) < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
}
