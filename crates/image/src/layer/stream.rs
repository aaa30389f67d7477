use flate2::read::MultiGzDecoder;
use std::cell::Cell;
use std::io::{self, Read};

/// Largest window of a zstd stream, as a power of two: 128 MiB, the most that decoders accept unasked.
const WINDOW: u32 = 27;

/// Returns the tar stream of a layer of this type, or nothing if the type is not one of a layer.
pub fn uncompressed<'a>(media_type: &str, blob: impl Read + 'a) -> io::Result<Option<Box<dyn Read + 'a>>> {
    Ok(match Compression::of(media_type) {
        None => None,
        Some(Compression::None) => Some(Box::new(blob)),
        Some(Compression::Gzip) => Some(Box::new(MultiGzDecoder::new(blob))),
        Some(Compression::Zstd) => {
            let mut decoder = zstd::Decoder::new(blob)?;
            decoder.window_log_max(WINDOW)?;
            Some(Box::new(decoder))
        }
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// Tells from the media type (image-spec, layer.md; Docker image manifest v2, schema 2), as the engines do, not from the bytes.
    fn of(media_type: &str) -> Option<Self> {
        let layer = media_type.starts_with("application/vnd.oci.image.layer.")
            || media_type.starts_with("application/vnd.docker.image.rootfs.");
        let suffix = media_type.rsplit(['.', '+']).next().filter(|_| layer)?;
        match suffix {
            "tar" => Some(Self::None),
            "gzip" => Some(Self::Gzip),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

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
    use consign_oci::media_type;

    #[test]
    fn tells_compression_by_type() {
        for (text, expected) in [
            (media_type::LAYER, Some(Compression::None)),
            (media_type::LAYER_GZIP, Some(Compression::Gzip)),
            (media_type::LAYER_ZSTD, Some(Compression::Zstd)),
            (media_type::DOCKER_LAYER_GZIP, Some(Compression::Gzip)),
            ("application/vnd.docker.image.rootfs.diff.tar", Some(Compression::None)),
            ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Some(Compression::Gzip)),
            ("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Some(Compression::Zstd)),
            ("application/vnd.oci.image.layer.v1.tar+brotli", None),
            (media_type::IN_TOTO, None),
            ("application/gzip", None),
        ] {
            assert_eq!(Compression::of(text), expected, "{text}");
        }
    }

    #[test]
    fn a_limit_is_no_end() {
        let count = Cell::new(0);
        let mut counted = Counted::new(&b"abcdef"[..], &count, 4);
        assert_eq!(counted.read_to_end(&mut Vec::new()).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert!(counted.is_cut());
    }
}
