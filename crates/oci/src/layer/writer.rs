use super::member::Members;
use super::pieces::Pieces;
use super::tar_stream::{END_OF_ARCHIVE, write_entries};
use super::{Entry, SegmentCache};
use crate::{Descriptor, Digest, Hasher};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// A finished layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The compressed blob.
    pub descriptor: Descriptor,
    /// Digest of the uncompressed tar stream.
    pub diff_id: Digest,
}

/// Writes a layer: each entry is shown to the observer, put into the tar stream, hashed, compressed and handed to the sink, once.
///
/// Entries come in the order given; the caller sorts them by path. Pieces are compressed by `threads` threads, of which each has a few pieces of
/// some megabytes in hand. Returns the digest of the tar stream.
pub fn write_layer(
    segments: &[Vec<Entry>],
    sink: &mut dyn Write,
    cache: &dyn SegmentCache,
    threads: NonZeroUsize,
    observer: &mut dyn FnMut(&Entry),
) -> io::Result<Digest> {
    let (jobs, queue) = sync_channel(threads.get());
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        for _ in 0..threads.get() {
            scope.spawn(|| work(&queue, cache));
        }
        // Dropped at the end of this closure, which ends the threads.
        let mut compressing =
            Compressing { sink, jobs, pending: VecDeque::new(), limit: 2 * threads.get(), stream: Hasher::default() };
        for segment in segments {
            segment.iter().for_each(&mut *observer);
            write_entries(segment, Pieces::new(&mut |piece| compressing.take(piece)))?;
        }
        compressing.take(vec![0; END_OF_ARCHIVE])?;
        compressing.finish()
    })
}

/// A piece to compress, and where the result goes.
struct Job {
    piece: Vec<u8>,
    done: SyncSender<io::Result<Vec<u8>>>,
}

fn work(queue: &Mutex<Receiver<Job>>, cache: &dyn SegmentCache) {
    let mut members = Members::new(cache);
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
struct Compressing<'a> {
    sink: &'a mut dyn Write,
    jobs: SyncSender<Job>,
    pending: VecDeque<Receiver<io::Result<Vec<u8>>>>,
    /// Most pieces that are on their way.
    limit: usize,
    stream: Hasher,
}

impl Compressing<'_> {
    fn take(&mut self, piece: Vec<u8>) -> io::Result<()> {
        self.stream.update(&piece);
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

#[cfg(test)]
mod tests {
    use super::super::pieces::PIECE;
    use super::*;
    use crate::layer::{Kind, NoCache};
    use bytes::Bytes;
    use std::collections::HashMap;
    use std::io::Read;

    fn entry(path: &str, kind: Kind) -> Entry {
        Entry { path: path.parse().unwrap(), kind, mode: 0o755, uid: 0, gid: 0, mtime: 7 }
    }

    fn file(path: &str, contents: &'static str) -> Entry {
        entry(path, Kind::File(Bytes::from_static(contents.as_bytes())))
    }

    fn segments() -> Vec<Vec<Entry>> {
        let long = format!("usr/{}/x", "long".repeat(60));
        let large: Vec<u8> = (0..2 * PIECE).map(|place| (place % 251) as u8).collect();
        vec![
            vec![entry("usr", Kind::Directory)],
            vec![file("usr/a", "A"), entry("usr/b", Kind::HardLink("usr/a".parse().unwrap())), file(&long, "L")],
            vec![entry("var", Kind::File(large.into()))],
            vec![entry("z", Kind::Symlink("/usr/a".into()))],
        ]
    }

    /// The members of these segments, with that of the end.
    const MEMBERS: usize = 1 + 1 + 3 + 1 + 1;

    fn write(cache: &dyn SegmentCache, threads: usize) -> (Vec<u8>, Digest, Vec<String>) {
        let (mut bytes, mut seen) = (Vec::new(), Vec::new());
        let mut observer = |entry: &Entry| seen.push(entry.path.as_str().to_owned());
        let threads = NonZeroUsize::new(threads).unwrap();
        let stream = write_layer(&segments(), &mut bytes, cache, threads, &mut observer).unwrap();
        (bytes, stream, seen)
    }

    #[test]
    fn is_one_tar_stream_with_all_entries() {
        let (bytes, stream, seen) = write(&NoCache, 2);
        let mut raw = Vec::new();
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut raw).unwrap();
        assert_eq!(stream, Digest::of(&raw));
        let mut archive = tar::Archive::new(&raw[..]);
        let paths: Vec<String> = archive
            .entries()
            .unwrap()
            .map(|e| e.unwrap().path().unwrap().to_string_lossy().trim_end_matches('/').to_owned())
            .collect();
        assert_eq!(paths, seen);
        assert_eq!(raw.len() % 512, 0);
    }

    /// What has neither attributes nor any of the rarer kinds keeps its bytes for ever: images have been signed with them.
    #[test]
    fn layers_keep_their_bytes() {
        let long = "é".repeat(60);
        let odd = Entry { uid: u32::MAX, gid: 2_097_152, mtime: 8_589_934_592, mode: 0o7755, ..file("odd", "odd") };
        let links = ["a//b/./c/", "../x", &long].map(|target| entry("l", Kind::Symlink(target.to_owned())));
        let mut segments = segments();
        segments.push(vec![entry("", Kind::Directory), entry(&long, Kind::Directory), odd]);
        segments.push(vec![file(&long, ""), entry(&long, Kind::HardLink(long.parse().unwrap()))]);
        segments.push(links.into());
        let mut bytes = Vec::new();
        let stream = write_layer(&segments, &mut bytes, &NoCache, NonZeroUsize::MIN, &mut |_| ()).unwrap();
        assert_eq!((stream.short(), Digest::of(&bytes).short()), ("639ec7be4622", "a97464fd17fd"));
    }

    #[test]
    fn threads_make_no_difference() {
        let first = write(&NoCache, 1);
        for threads in [2, 3, 16] {
            assert!(write(&NoCache, threads) == first, "{threads}");
        }
    }

    /// Remembers what was put, and how often each was found.
    #[derive(Default)]
    struct Memory(Mutex<HashMap<Digest, (Vec<u8>, usize)>>);

    impl SegmentCache for Memory {
        fn get(&self, key: &Digest) -> Option<Vec<u8>> {
            let mut kept = self.0.lock().unwrap();
            let (compressed, found) = kept.get_mut(key)?;
            *found += 1;
            Some(compressed.clone())
        }

        fn put(&self, key: &Digest, compressed: &[u8]) {
            let earlier = self.0.lock().unwrap().insert(key.clone(), (compressed.to_vec(), 0));
            assert!(earlier.is_none(), "compressed twice");
        }
    }

    #[test]
    fn compresses_each_piece_once() {
        let cache = Memory::default();
        let (first, ..) = write(&cache, 2);
        let (second, ..) = write(&cache, 2);
        let found: Vec<usize> = cache.0.lock().unwrap().values().map(|(_, found)| *found).collect();
        assert_eq!(found, [1; MEMBERS]);
        assert!(first == second && first == write(&NoCache, 1).0);
    }

    #[test]
    fn a_sink_that_fails_is_an_error() {
        struct Full(usize);
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for writes in 0..MEMBERS {
            let threads = NonZeroUsize::MIN;
            let result = write_layer(&segments(), &mut Full(writes), &NoCache, threads, &mut |_| ());
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::StorageFull, "{writes}");
        }
    }
}
