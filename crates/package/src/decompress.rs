use flate2::read::MultiGzDecoder;
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, IGNORE_CHECK, Stream};
use std::io::{self, Read};

/// Most memory that an xz stream may ask for, in bytes: what `xz -9` needs, twice over.
const XZ_MEMORY: u64 = 128 * 1024 * 1024;
/// Largest window that a zstd frame may ask for, as a power of two: what `zstd --ultra --long` makes by default.
const ZSTD_WINDOW: u32 = 27;
/// How many times larger most files are when decompressed.
const USUAL_RATIO: u64 = 5;
/// Most memory that is taken before there is anything to put there, in bytes.
const FIRST_CAPACITY: u64 = 64 << 20;

/// Bytes that cannot be decompressed.
#[derive(Debug, thiserror::Error)]
pub enum DecompressError {
    /// The file's name ends in a form of compression that consign does not read.
    #[error("{name}: compressed in a way that consign does not read (it reads .xz, .gz and .zst)")]
    Unsupported {
        /// The file's name.
        name: String,
    },
    /// The contents are larger than was allowed.
    #[error("{name}: larger than {limit} bytes when decompressed")]
    TooLarge {
        /// The file's name.
        name: String,
        /// The most that was allowed, in bytes.
        limit: u64,
    },
    /// The compressed bytes are damaged.
    #[error("{name}: damaged")]
    Damaged {
        /// The file's name.
        name: String,
        /// What is wrong.
        source: io::Error,
    },
}

/// Decompresses the bytes of a file into at most `limit` bytes. The end of its name says how: `.xz`, `.gz`, `.zst`, or not at all.
pub fn decompress(name: &str, bytes: &[u8], limit: u64) -> Result<Vec<u8>, DecompressError> {
    let damaged = |source| DecompressError::Damaged { name: name.to_owned(), source };
    let reader: Box<dyn Read + '_> = match name.rsplit('/').next().and_then(|name| name.rsplit_once('.')) {
        Some((_, "xz")) => {
            // The sums inside are not computed: they say nothing that the digest, which the caller has checked, does not say.
            let flags = CONCATENATED | IGNORE_CHECK;
            let stream = Stream::new_stream_decoder(XZ_MEMORY, flags).map_err(|error| damaged(error.into()))?;
            Box::new(XzDecoder::new_stream(bytes, stream))
        }
        Some((_, "gz")) => Box::new(MultiGzDecoder::new(bytes)),
        Some((_, "zst")) => {
            if let Some(output) = decompress_frame(bytes, limit) {
                return Ok(output);
            }
            let mut decoder = zstd::stream::read::Decoder::new(bytes).map_err(damaged)?;
            decoder.window_log_max(ZSTD_WINDOW).map_err(damaged)?;
            Box::new(decoder)
        }
        Some((_, "bz2" | "lzma" | "lz4" | "lz" | "Z")) => {
            return Err(DecompressError::Unsupported { name: name.to_owned() });
        }
        _ => Box::new(bytes),
    };
    let likely = (bytes.len() as u64).saturating_mul(USUAL_RATIO).min(limit).min(FIRST_CAPACITY);
    let mut output = Vec::with_capacity(usize::try_from(likely).unwrap_or_default());
    reader.take(limit.saturating_add(1)).read_to_end(&mut output).map_err(damaged)?;
    if output.len() as u64 > limit {
        return Err(DecompressError::TooLarge { name: name.to_owned(), limit });
    }
    Ok(output)
}

/// Decompresses one zstd frame that says how much it holds, which is faster: it goes right to its place. `None` for any other, and for damage.
fn decompress_frame(bytes: &[u8], limit: u64) -> Option<Vec<u8>> {
    let size = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten()?;
    if size > limit.min(FIRST_CAPACITY) || zstd::zstd_safe::find_frame_compressed_size(bytes).ok()? != bytes.len() {
        return None;
    }
    let output = zstd::bulk::decompress(bytes, usize::try_from(size).ok()?).ok()?;
    (output.len() as u64 == size).then_some(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn compressed(content: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(content).unwrap();
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 6);
        xz.write_all(content).unwrap();
        vec![
            ("main/Packages.gz", gzip.finish().unwrap()),
            ("main/Packages.xz", xz.finish().unwrap()),
            ("main/Packages.zst", zstd::encode_all(content, 3).unwrap()),
            ("whole/Packages.zst", zstd::bulk::compress(content, 3).unwrap()),
            ("main.xz/Packages", content.to_vec()),
        ]
    }

    #[test]
    fn reads_every_form_within_its_bound() {
        let content = b"Package: hello\n".repeat(1000);
        for (name, bytes) in compressed(&content) {
            let limit = content.len() as u64;
            assert_eq!(decompress(name, &bytes, limit).unwrap(), content, "{name}");
            assert!(matches!(decompress(name, &bytes, limit - 1), Err(DecompressError::TooLarge { .. })), "{name}");
            let twice = [bytes.clone(), bytes].concat();
            assert_eq!(decompress(name, &twice, 2 * limit).unwrap(), content.repeat(2), "{name}");
        }
    }

    #[test]
    fn refuses_damage_and_what_it_does_not_know() {
        for (name, bytes) in compressed(b"Package: hello\n").into_iter().take(4) {
            for damaged in [&bytes[..bytes.len() - 3], &b"not compressed at all"[..]] {
                assert!(matches!(decompress(name, damaged, 100), Err(DecompressError::Damaged { .. })), "{name}");
            }
        }
        assert!(matches!(decompress("data.tar.bz2", b"", 100), Err(DecompressError::Unsupported { .. })));
    }
}
