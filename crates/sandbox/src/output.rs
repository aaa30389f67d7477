use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Keeps the last bytes of a stream.
pub(crate) struct Tail {
    kept: Vec<u8>,
    limit: usize,
    dropped: bool,
}

impl Tail {
    pub(crate) fn new(limit: usize) -> Self {
        Self { kept: Vec::new(), limit, dropped: false }
    }

    /// Reads to the end.
    pub(crate) async fn fill(&mut self, mut stream: impl AsyncRead + Unpin) -> io::Result<()> {
        let mut buffer = vec![0; 16 << 10];
        loop {
            match stream.read(&mut buffer).await? {
                0 => return Ok(()),
                length => self.push(&buffer[..length]),
            }
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
        // Dropping only every so often keeps the cost of a byte constant.
        if self.kept.len() > self.limit.saturating_mul(2).saturating_add(64 << 10) {
            self.trim();
        }
    }

    fn trim(&mut self) {
        let excess = self.kept.len().saturating_sub(self.limit);
        self.dropped |= excess > 0;
        self.kept.drain(..excess);
    }

    /// Returns the last bytes, at most as many as the limit, and whether earlier ones were dropped.
    pub(crate) fn finish(mut self) -> (Vec<u8>, bool) {
        self.trim();
        (self.kept, self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_end() {
        for (limit, pieces, kept, dropped) in [
            (4, vec!["ab", "cd"], "abcd", false),
            (4, vec!["abc", "def"], "cdef", true),
            (0, vec!["a"], "", true),
            (4, vec![], "", false),
        ] {
            let mut tail = Tail::new(limit);
            pieces.iter().for_each(|piece| tail.push(piece.as_bytes()));
            assert_eq!(tail.finish(), (kept.as_bytes().to_vec(), dropped));
        }
    }

    #[test]
    fn holds_little_more_than_the_limit() {
        let mut tail = Tail::new(10);
        for _ in 0..1000 {
            tail.push(&[b'x'; 1000]);
            assert!(tail.kept.len() < 70_000);
        }
        assert_eq!(tail.finish(), (vec![b'x'; 10], true));
    }
}
