use std::sync::Mutex;
use std::thread;

/// Does work on a bounded number of threads, each of which has a value of its own. Returns the results in order.
pub(crate) fn work<T: Sync, O, R: Send>(
    items: &[T],
    own: impl Fn() -> O + Sync,
    work: impl Fn(&O, &T) -> R + Sync,
) -> Vec<R> {
    let next = Mutex::new(0..items.len());
    let results = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(2, |count| count.get().max(2));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let own = own();
                loop {
                    let Some(at) = next.lock().unwrap().next() else { break };
                    let result = work(&own, &items[at]);
                    results.lock().unwrap().push((at, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}
