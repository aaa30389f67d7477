//! Bytes that one thread reads ahead of another.

use bytes::{Buf, Bytes};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// Returns the two ends, between which at most so many pieces wait.
pub(super) fn channel(waiting: usize) -> (Ahead, Behind) {
    let (sender, receiver) = sync_channel(waiting);
    (Ahead(sender), Behind { receiver, piece: Bytes::new(), has_ended: false })
}

/// The thread that reads.
pub(super) struct Ahead(SyncSender<io::Result<Bytes>>);

impl Ahead {
    /// Sends a piece; an empty one is the end. Fails where nobody waits for it any more.
    pub(super) fn send(&self, piece: Bytes) -> io::Result<()> {
        self.0.send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Reads to the end, or until nobody waits for it any more.
    pub(super) fn send_all(self, mut stream: impl Read) {
        loop {
            let mut piece = vec![0; PIECE];
            let read = fill(&mut stream, &mut piece);
            let is_last = !matches!(read, Ok(1..));
            let sent = self.0.send(read.map(|length| {
                piece.truncate(length);
                piece.into()
            }));
            if is_last || sent.is_err() {
                return;
            }
        }
    }
}

/// Reads until the buffer is full or the stream ends.
fn fill(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match stream.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// What the other thread gets.
pub(super) struct Behind {
    receiver: Receiver<io::Result<Bytes>>,
    piece: Bytes,
    has_ended: bool,
}

impl Read for Behind {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() && !self.has_ended {
            // Who sends says so at the end: where nobody sends any more, that is none.
            self.piece = self.receiver.recv().unwrap_or_else(|_| Err(io::ErrorKind::UnexpectedEof.into()))?;
            self.has_ended = self.piece.is_empty();
        }
        let length = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const WAITING: usize = 3;

    fn through(stream: impl Read + Send) -> io::Result<Vec<u8>> {
        let (ahead, mut behind) = channel(WAITING);
        thread::scope(|scope| {
            scope.spawn(move || ahead.send_all(stream));
            let mut bytes = Vec::new();
            behind.read_to_end(&mut bytes).map(|_| bytes)
        })
    }

    #[test]
    fn all_bytes_come_in_order() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 20 * PIECE] {
            let bytes: Vec<u8> = (0..length).map(|number| (number % 251) as u8).collect();
            assert_eq!(through(&bytes[..]).unwrap(), bytes, "{length}");
        }
    }

    #[test]
    fn a_failure_is_no_end() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::InvalidData.into())
            }
        }
        let read = through(Read::chain(&[7; 3 * PIECE][..], Failing));
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::InvalidData);
        let (ahead, mut behind) = channel(WAITING);
        drop(ahead);
        assert_eq!(behind.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn who_reads_ahead_ends_where_nobody_waits() {
        let (ahead, behind) = channel(WAITING);
        drop(behind);
        ahead.send_all(io::repeat(0));
    }
}
