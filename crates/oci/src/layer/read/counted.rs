use std::cell::Cell;
use std::io::{self, Read};

/// Counts bytes, and fails, rather than ends, where there are more than allowed: an end would look like that of the archive.
pub struct Counted<'a, R> {
    inner: R,
    count: &'a Cell<u64>,
    limit: u64,
}

impl<'a, R> Counted<'a, R> {
    /// Adds the bytes to `count`, which may have some from other streams.
    pub fn new(inner: R, count: &'a Cell<u64>, limit: u64) -> Self {
        Self { inner, count, limit }
    }

    /// Returns whether there were more bytes than allowed.
    pub fn is_cut(&self) -> bool {
        self.count.get() > self.limit
    }
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.count.set(self.count.get().saturating_add(length as u64));
        if self.is_cut() {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_no_end() {
        let count = Cell::new(0);
        let mut counted = Counted::new(&b"abcdef"[..], &count, 4);
        assert_eq!(counted.read_to_end(&mut Vec::new()).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert!(counted.is_cut());
    }
}
