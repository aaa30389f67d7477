use consign_oci::media_type;
use flate2::read::MultiGzDecoder;
use std::cell::Cell;
use std::io::{self, Read};

/// Largest window of a zstd stream, as a power of two: 128 MiB, the most that decoders accept unasked.
const WINDOW: u32 = 27;
/// Docker's type of an uncompressed layer.
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";

/// Returns the tar stream of a layer of this type, or nothing if the type is not one of a layer.
pub(super) fn uncompressed<'a>(media_type: &str, reader: impl Read + 'a) -> io::Result<Option<Box<dyn Read + 'a>>> {
    Ok(match media_type {
        media_type::LAYER | DOCKER_LAYER => Some(Box::new(reader)),
        media_type::LAYER_GZIP | media_type::DOCKER_LAYER_GZIP => Some(Box::new(MultiGzDecoder::new(reader))),
        media_type::LAYER_ZSTD => {
            let mut decoder = zstd::Decoder::new(reader)?;
            decoder.window_log_max(WINDOW)?;
            Some(Box::new(decoder))
        }
        _ => None,
    })
}

/// Counts bytes, and ends with an error where there are more than allowed.
pub(super) struct Counted<'a, R> {
    inner: R,
    count: &'a Cell<u64>,
    limit: u64,
}

impl<'a, R> Counted<'a, R> {
    /// Adds the bytes to `count`, which may have some from other streams.
    pub(super) fn new(inner: R, count: &'a Cell<u64>, limit: u64) -> Self {
        Self { inner, count, limit }
    }

    /// Returns whether there were more bytes than allowed.
    pub(super) fn is_cut(&self) -> bool {
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
