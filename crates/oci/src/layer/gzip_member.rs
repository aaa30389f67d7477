use crate::Digest;
use libdeflater::{CompressionLvl, Compressor};
use std::io;

/// Names how pieces are compressed. Part of the cache key, and of what a build's digest depends on: change it when the bytes change.
const COMPRESSION: &str = "gzip-4-libdeflate";
/// libdeflate's level: smaller than zlib's usual 6, in half the time.
const LEVEL: i32 = 4;

/// Keeps compressed pieces by the digest of what they hold, so that a piece is compressed once.
pub trait SegmentCache: Sync {
    /// Returns what was kept under `key`.
    fn get(&self, key: &Digest) -> Option<Vec<u8>>;
    /// Keeps `compressed` under `key`. A failure to keep is no failure to build.
    fn put(&self, key: &Digest, compressed: &[u8]);
}

/// Keeps nothing.
pub struct NoCache;

impl SegmentCache for NoCache {
    fn get(&self, _: &Digest) -> Option<Vec<u8>> {
        None
    }

    fn put(&self, _: &Digest, _: &[u8]) {}
}

/// Makes gzip members.
pub(super) struct GzipMembers<'a> {
    cache: &'a dyn SegmentCache,
    compressor: Compressor,
    buffer: Vec<u8>,
}

impl<'a> GzipMembers<'a> {
    pub(super) fn new(cache: &'a dyn SegmentCache) -> io::Result<Self> {
        let level = CompressionLvl::new(LEVEL).map_err(|_| io::Error::other("libdeflate lacks the level"))?;
        Ok(Self { cache, compressor: Compressor::new(level), buffer: Vec::new() })
    }

    /// Returns a piece as a gzip member, from the cache if it was compressed before.
    pub(super) fn member(&mut self, piece: &[u8]) -> io::Result<Vec<u8>> {
        let key = Digest::of(format!("{COMPRESSION} of {}", blake3::hash(piece)).as_bytes());
        if let Some(compressed) = self.cache.get(&key) {
            return Ok(compressed);
        }
        let compressed = self.gzip(piece)?;
        self.cache.put(&key, &compressed);
        Ok(compressed)
    }

    /// Compresses without a name, a time or an operating system in the header.
    fn gzip(&mut self, piece: &[u8]) -> io::Result<Vec<u8>> {
        let bound = self.compressor.gzip_compress_bound(piece.len());
        if self.buffer.len() < bound {
            self.buffer = vec![0; bound];
        }
        let size = self.compressor.gzip_compress(piece, &mut self.buffer).map_err(io::Error::other)?;
        Ok(self.buffer[..size].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn members_hold_nothing_but_the_piece() {
        let piece = b"the same bytes on every machine, in every version of libdeflate that is used under this name\n"
            .repeat(99);
        let member = GzipMembers::new(&NoCache).unwrap().member(&piece).unwrap();
        // Magic, method, no flags, no time, no extra flags, unknown system.
        assert_eq!(member[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&member[..]).read_to_end(&mut read).unwrap();
        assert_eq!(read, piece);
    }

    /// Where this fails, the library makes other bytes than before: give `COMPRESSION` another name, and builds another format.
    #[test]
    fn bytes_are_those_that_the_name_stands_for() {
        let mut text = String::new();
        for number in 0..20_000_u32 {
            text.push_str(&number.wrapping_mul(2_654_435_761).to_string());
        }
        let member = GzipMembers::new(&NoCache).unwrap().member(text.as_bytes()).unwrap();
        assert_eq!((COMPRESSION, Digest::of(&member).short()), ("gzip-4-libdeflate", "9af3dc98b22e"));
    }
}
