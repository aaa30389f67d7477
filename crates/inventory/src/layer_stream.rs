use crate::InventoryError;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufReader, Read};

/// Most that one layer may hold uncompressed, in bytes.
const LAYER_LIMIT: u64 = 64 << 30;

/// Hands the uncompressed tar stream of a layer to `visit`, then reads `blob` to its end, so that a reader that checks a digest there gets to do so.
pub(crate) fn uncompressed(
    media_type: &str,
    mut blob: impl Read,
    visit: impl FnOnce(&mut dyn Read) -> Result<(), InventoryError>,
) -> Result<(), InventoryError> {
    let limited = |stream: &mut dyn Read| {
        let mut stream = Limited { inner: stream, left: LAYER_LIMIT };
        match visit(&mut stream) {
            Err(_) if stream.left == 0 => Err(InventoryError::Size { limit: LAYER_LIMIT }),
            result => result,
        }
    };
    match Compression::of(media_type).ok_or_else(|| InventoryError::MediaType { media_type: media_type.to_owned() })? {
        Compression::None => limited(&mut BufReader::new(&mut blob))?,
        Compression::Gzip => limited(&mut BufReader::new(MultiGzDecoder::new(BufReader::new(&mut blob))))?,
        Compression::Zstd => limited(&mut BufReader::new(zstd::Decoder::new(&mut blob)?))?,
    }
    io::copy(&mut blob.take(LAYER_LIMIT), &mut io::sink())?;
    Ok(())
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

/// Fails, rather than ends, after so many bytes: an end would look like that of the archive.
struct Limited<'a> {
    inner: &'a mut dyn Read,
    left: u64,
}

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.inner.read(&mut buffer[..most])?;
        self.left -= count as u64;
        Ok(count)
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
        let mut bytes = &b"abcdef"[..];
        let mut limited = Limited { inner: &mut bytes, left: 4 };
        let mut read = Vec::new();
        assert_eq!(limited.read_to_end(&mut read).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read, b"abcd");
    }
}
