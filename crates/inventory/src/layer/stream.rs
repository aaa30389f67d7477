use crate::Budget;
use consign_oci::{Algorithm, Digest, Hasher};
use std::io::{self, Read};

/// What a layer holds, hashed as it is read. Fails, rather than ends, where no more may be read: an end would look like that of the archive.
pub(crate) struct Stream<'a, R> {
    inner: R,
    hasher: Hasher,
    budget: &'a Budget,
}

impl<'a, R> Stream<'a, R> {
    pub(crate) fn new(inner: R, algorithm: Algorithm, budget: &'a Budget) -> Self {
        Self { inner, hasher: Hasher::new(algorithm), budget }
    }

    /// Returns the digest of what was read.
    pub(crate) fn digest(self) -> Digest {
        self.hasher.finish()
    }
}

impl<R: Read> Read for Stream<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        if !self.budget.take(length as u64) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.hasher.update(&buffer[..length]);
        Ok(length)
    }
}

/// A blob as it lies, counted as it is read, so that what it says of its size does not matter.
pub(crate) struct Stored<'a, R> {
    inner: R,
    is_new: bool,
    budget: &'a Budget,
}

impl<'a, R> Stored<'a, R> {
    pub(crate) fn new(inner: R, blob: &Digest, budget: &'a Budget) -> Self {
        Self { inner, is_new: budget.begin(blob), budget }
    }
}

impl<R: Read> Read for Stored<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        if self.is_new {
            self.budget.store(length as u64);
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_counts_once() {
        let (budget, blob) = (Budget::default(), Digest::of(b"blob"));
        for _ in 0..3 {
            let mut stored = Stored::new(&b"blob"[..], &blob, &budget);
            io::copy(&mut stored, &mut io::sink()).unwrap();
        }
        assert_eq!(budget.stored(), 4);
    }
}
