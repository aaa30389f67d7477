use std::io::{self, Write};
use std::mem;

/// Size of a piece, in bytes. Where a segment is cut decides its bytes, so this is part of the form of a layer.
pub(super) const PIECE: usize = 4 << 20;

/// Cuts the bytes of one segment into pieces, and hands each to `taker` when it is full.
pub(super) struct Pieces<'a> {
    taker: &'a mut dyn FnMut(Vec<u8>) -> io::Result<()>,
    buffer: Vec<u8>,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(taker: &'a mut dyn FnMut(Vec<u8>) -> io::Result<()>) -> Self {
        Self { taker, buffer: Vec::new() }
    }

    /// Hands over the last piece.
    pub(super) fn end(self) -> io::Result<()> {
        if self.buffer.is_empty() { Ok(()) } else { (self.taker)(self.buffer) }
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.is_empty() {
            // All of it at once: to grow is to copy, and memory that nothing is written to costs nothing.
            self.buffer.reserve_exact(PIECE);
        }
        let taken = bytes.len().min(PIECE - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        if self.buffer.len() == PIECE {
            (self.taker)(mem::take(&mut self.buffer))?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_cut_at_the_same_places_however_they_are_written() {
        for step in [1_000_003, PIECE, 3 * PIECE] {
            let mut sizes = Vec::new();
            let mut taker = |piece: Vec<u8>| {
                sizes.push(piece.len());
                Ok(())
            };
            let mut pieces = Pieces::new(&mut taker);
            vec![7; 2 * PIECE + 5].chunks(step).for_each(|chunk| pieces.write_all(chunk).unwrap());
            pieces.end().unwrap();
            assert_eq!(sizes, [PIECE, PIECE, 5], "{step}");
        }
    }
}
