use flate2::read::MultiGzDecoder;
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
}
