use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread::{available_parallelism, scope};

/// How many things a thread takes at once.
const AT_ONCE: usize = 64;

/// Threads for each processor: most wait for a disk.
const THREADS: usize = 4;

/// Does the same with each of some things, on several threads, and returns the results in the order of the things.
pub(super) fn in_threads<T: Sync, R: Send>(things: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let mut results: Vec<Option<R>> = things.iter().map(|_| None).collect();
    let parts = things.len().div_ceil(AT_ONCE);
    let threads = available_parallelism().map_or(1, NonZeroUsize::get).saturating_mul(THREADS).min(parts);
    let work = Mutex::new(things.chunks(AT_ONCE).zip(results.chunks_mut(AT_ONCE)));
    let take = || work.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        while let Some((things, results)) = take() {
            for (thing, result) in things.iter().zip(results) {
                *result = Some(act(thing));
            }
        }
    };
    scope(|scope| {
        for _ in 1..threads {
            scope.spawn(run);
        }
        run();
    });
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::thread;

    #[test]
    fn keeps_the_order() {
        for count in [0, 1, AT_ONCE, AT_ONCE + 1, 10 * AT_ONCE + 7] {
            let numbers: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = numbers.iter().map(|number| 2 * number).collect();
            assert_eq!(in_threads(&numbers, |number| 2 * number), doubled);
        }
    }

    #[test]
    fn every_processor_has_a_part() {
        let processors = available_parallelism().map_or(1, NonZeroUsize::get);
        let barrier = std::sync::Barrier::new(processors);
        // The first of each part waits for those of the others, which only other threads can act on.
        let things: Vec<usize> = (0..processors * AT_ONCE).collect();
        let ids = in_threads(&things, |thing| {
            if thing % AT_ONCE == 0 {
                barrier.wait();
            }
            thread::current().id()
        });
        let distinct: BTreeSet<String> = ids.iter().map(|id| format!("{id:?}")).collect();
        assert_eq!(distinct.len(), processors);
    }
}
