use super::text;
use std::collections::VecDeque;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Most of one line that is looked at, in bytes.
const LINE_LIMIT: usize = 16 << 10;
/// Last lines that are kept.
const KEPT_LINES: usize = 40;
/// Most lines that are passed on as they come.
const PASSED_LINES: usize = 10_000;

/// Passes the lines of a stream on, and keeps the last of them.
pub(super) struct Lines<'a> {
    secrets: &'a [String],
    passed_on: &'a (dyn Fn(&str) + Send + Sync),
    line: Vec<u8>,
    kept: VecDeque<String>,
    count: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(secrets: &'a [String], passed_on: &'a (dyn Fn(&str) + Send + Sync)) -> Self {
        Self { secrets, passed_on, line: Vec::new(), kept: VecDeque::new(), count: 0 }
    }

    /// Reads to the end.
    pub(super) async fn fill(&mut self, mut stream: impl AsyncRead + Unpin) -> io::Result<()> {
        let mut buffer = vec![0; 16 << 10];
        loop {
            match stream.read(&mut buffer).await? {
                0 => return Ok(()),
                length => self.push(&buffer[..length]),
            }
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                // Programs go back to the start of a line to write it anew.
                b'\n' | b'\r' => self.end_line(),
                _ if self.line.len() < LINE_LIMIT => self.line.push(byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self) {
        let line = text::line(&std::mem::take(&mut self.line), self.secrets);
        if line.is_empty() {
            return;
        }
        self.count += 1;
        if self.count <= PASSED_LINES {
            (self.passed_on)(&line);
        }
        if self.kept.len() == KEPT_LINES {
            self.kept.pop_front();
        }
        self.kept.push_back(line);
    }

    /// Returns the last lines.
    pub(super) fn finish(mut self) -> Vec<String> {
        self.end_line();
        self.kept.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn passes_lines_on_and_keeps_the_last() {
        let seen = Mutex::new(Vec::new());
        let pass = |line: &str| seen.lock().unwrap().push(line.to_owned());
        let secrets = ["geheim".to_owned()];
        let mut lines = Lines::new(&secrets, &pass);
        for piece in ["on", "e\n\ntwo\r\nge", "heim 3\n", &"x".repeat(LINE_LIMIT * 2), "\nend"] {
            lines.push(piece.as_bytes());
        }
        let kept = lines.finish();
        assert_eq!(kept[..3], ["one", "two", "*** 3"]);
        assert!(kept[3].chars().count() <= 1001);
        assert_eq!((kept.len(), &kept[4][..]), (5, "end"));
        assert_eq!(*seen.lock().unwrap(), kept);
    }

    #[test]
    fn holds_few_lines() {
        let count = Mutex::new(0);
        let pass = |_: &str| *count.lock().unwrap() += 1;
        let mut lines = Lines::new(&[], &pass);
        (0..20_000).for_each(|number| lines.push(format!("{number}\n").as_bytes()));
        let kept = lines.finish();
        assert_eq!((kept.len(), kept[0].as_str()), (KEPT_LINES, "19960"));
        assert_eq!(*count.lock().unwrap(), PASSED_LINES);
    }
}
