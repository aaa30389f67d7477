use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets some through at a time, in the order in which they come, and may become narrower and wider meanwhile.
pub(super) struct Gate {
    turns: Arc<Semaphore>,
    width: Mutex<Width>,
}

struct Width {
    /// How many may be through.
    now: usize,
    /// How many turns that are taken end without being given to the next.
    owed: usize,
}

/// A turn, until it is dropped.
pub(crate) struct Turn {
    permit: Option<OwnedSemaphorePermit>,
    gate: Arc<Gate>,
}

impl Gate {
    pub(super) fn new(width: usize) -> Arc<Self> {
        let turns = Arc::new(Semaphore::new(width));
        Arc::new(Self { turns, width: Mutex::new(Width { now: width, owed: 0 }) })
    }

    /// Waits for a turn. It fails only where turns are closed, which these never are.
    pub(super) async fn enter(self: &Arc<Self>) -> Turn {
        Turn { permit: self.turns.clone().acquire_owned().await.ok(), gate: Arc::clone(self) }
    }

    pub(super) fn resize(&self, width: usize) {
        let mut state = self.width();
        if width < state.now {
            let fewer = state.now - width;
            state.owed += fewer - self.turns.forget_permits(fewer);
        } else {
            let more = width - state.now;
            let forgiven = more.min(state.owed);
            state.owed -= forgiven;
            self.turns.add_permits(more - forgiven);
        }
        state.now = width;
    }

    fn width(&self) -> MutexGuard<'_, Width> {
        self.width.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.gate.width();
        if state.owed > 0
            && let Some(permit) = self.permit.take()
        {
            state.owed -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn lets_through_as_many_as_it_is_wide() {
        let gate = Gate::new(4);
        let enter = || gate.enter().now_or_never();
        let mut turns: Vec<Turn> = std::iter::from_fn(enter).collect();
        assert_eq!(turns.len(), 4);
        // Whoever is through stays so, but the next waits until there are fewer.
        for (width, leaving, expected) in [(2, 1, 0), (2, 1, 0), (2, 1, 1), (1, 1, 0), (1, 1, 1), (3, 0, 2), (4, 2, 3)]
        {
            gate.resize(width);
            turns.truncate(turns.len() - leaving);
            let came: Vec<Turn> = std::iter::from_fn(enter).collect();
            assert_eq!(came.len(), expected, "{width} {leaving}");
            turns.extend(came);
        }
        assert_eq!(turns.len(), 4);
    }
}
