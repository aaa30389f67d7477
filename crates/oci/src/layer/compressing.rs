use super::SegmentCache;
use super::gzip_member::GzipMembers;
use crate::{Digest, Hasher};
use bytes::Bytes;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Compresses the pieces that `fill` makes, by `threads` threads, and hands them to the sink in order; the observer sees them as they were, in the
/// same order. Returns their digest, and what `fill` returns.
pub(super) fn compress<T>(
    sink: &mut dyn Write,
    cache: &dyn SegmentCache,
    threads: NonZeroUsize,
    observer: &mut dyn FnMut(&Bytes),
    fill: impl FnOnce(&mut Compressing<'_>) -> io::Result<T>,
) -> io::Result<(Digest, T)> {
    let (jobs, queue) = sync_channel(threads.get());
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        for _ in 0..threads.get() {
            scope.spawn(|| work(&queue, cache));
        }
        // Dropped at the end of this closure, which ends the threads.
        let (pending, limit, stream) = (VecDeque::new(), 2 * threads.get(), Hasher::default());
        let mut compressing = Compressing { sink, jobs, pending, limit, stream, observer };
        let filled = fill(&mut compressing)?;
        Ok((compressing.finish()?, filled))
    })
}

/// A piece to compress, and where the result goes.
struct Job {
    piece: Bytes,
    done: SyncSender<io::Result<Vec<u8>>>,
}

fn work(queue: &Mutex<Receiver<Job>>, cache: &dyn SegmentCache) {
    let mut members = GzipMembers::new(cache);
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { piece, done }) = job else { return };
        let member = match &mut members {
            Ok(members) => members.member(&piece),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        };
        // Nobody waits for it where the sink has failed meanwhile.
        let _ = done.send(member);
    }
}

/// Pieces on their way to the sink, in order.
pub(super) struct Compressing<'a> {
    sink: &'a mut dyn Write,
    jobs: SyncSender<Job>,
    pending: VecDeque<Receiver<io::Result<Vec<u8>>>>,
    /// Most pieces that are on their way.
    limit: usize,
    stream: Hasher,
    observer: &'a mut dyn FnMut(&Bytes),
}

impl Compressing<'_> {
    /// Adds a piece of the stream.
    pub(super) fn take(&mut self, piece: Vec<u8>) -> io::Result<()> {
        let piece = Bytes::from(piece);
        self.stream.update(&piece);
        (self.observer)(&piece);
        if self.pending.len() == self.limit {
            self.write_first()?;
        }
        let (done, result) = sync_channel(1);
        self.jobs.send(Job { piece, done }).map_err(|_| ended())?;
        self.pending.push_back(result);
        Ok(())
    }

    fn write_first(&mut self) -> io::Result<()> {
        let Some(result) = self.pending.pop_front() else { return Ok(()) };
        self.sink.write_all(&result.recv().map_err(|_| ended())??)
    }

    fn finish(mut self) -> io::Result<Digest> {
        while !self.pending.is_empty() {
            self.write_first()?;
        }
        self.sink.flush()?;
        Ok(self.stream.finish())
    }
}

/// What is left to say when a thread has panicked, which is an error of the program.
fn ended() -> io::Error {
    io::Error::other("a thread that compresses has ended")
}
