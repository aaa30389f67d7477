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

    /// Reads to the end, and hands on what comes.
    pub(crate) async fn fill(&mut self, mut stream: impl AsyncRead + Unpin, lines: &mut Lines<'_>) -> io::Result<()> {
        let mut buffer = vec![0; 16 << 10];
        loop {
            match stream.read(&mut buffer).await? {
                0 => break,
                length => {
                    self.push(&buffer[..length]);
                    lines.push(&buffer[..length]);
                }
            }
        }
        lines.finish();
        Ok(())
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

/// Longest line that is handed on in one piece, in bytes.
const LINE_LIMIT: usize = 16 << 10;

/// Hands a stream on line by line, up to a limit.
pub(crate) struct Lines<'a> {
    taker: &'a mut (dyn FnMut(&[u8]) + Send),
    line: Vec<u8>,
    left: u64,
    clipped: bool,
}

impl<'a> Lines<'a> {
    /// Makes it hand on at most `limit` bytes.
    pub(crate) fn new(taker: &'a mut (dyn FnMut(&[u8]) + Send), limit: u64) -> Self {
        Self { taker, line: Vec::new(), left: limit, clipped: false }
    }

    fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.line.len() >= LINE_LIMIT {
                self.hand_on();
            }
        }
    }

    fn finish(&mut self) {
        if !self.line.is_empty() {
            self.hand_on();
        }
    }

    fn hand_on(&mut self) {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(self.line.len());
        if most > 0 {
            (self.taker)(&self.line[..most]);
        }
        self.left -= most as u64;
        self.clipped |= most < self.line.len();
        self.line.clear();
    }

    /// Returns whether there was more than the limit.
    pub(crate) fn is_clipped(&self) -> bool {
        self.clipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_on_lines() {
        for (limit, pieces, expected) in [
            (100, vec!["a", "b\nc\n", "d"], vec!["ab\n", "c\n", "d"]),
            (4, vec!["ab\ncd\nef\n"], vec!["ab\n", "c"]),
            (0, vec!["a\n"], vec![]),
        ] {
            let mut found = Vec::new();
            let mut taker = |line: &[u8]| found.push(String::from_utf8_lossy(line).into_owned());
            let mut lines = Lines::new(&mut taker, limit);
            pieces.iter().for_each(|piece| lines.push(piece.as_bytes()));
            lines.finish();
            let written: usize = pieces.iter().map(|piece| piece.len()).sum();
            assert_eq!(lines.is_clipped(), written as u64 > limit);
            assert_eq!(found, expected);
        }
        let mut longest = 0;
        let mut taker = |line: &[u8]| longest = longest.max(line.len());
        let mut lines = Lines::new(&mut taker, u64::MAX);
        (0..100).for_each(|_| lines.push(&[b'x'; 1000]));
        assert!((LINE_LIMIT..LINE_LIMIT + 1000).contains(&longest));
    }

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
