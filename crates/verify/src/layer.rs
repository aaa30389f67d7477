use crate::fetch::{Stop, clip, stop, stop_reading};
use crate::{Failure, Piece};
use consign_image::Place;
use consign_oci::{Descriptor, Digest, Hasher, media_type};
use flate2::write::MultiGzDecoder;
use std::io::{self, Write};
use tokio::io::AsyncReadExt as _;

/// Bytes that are read at a time.
const CHUNK: usize = 256 * 1024;
/// Most bytes that a layer may have when uncompressed: a small blob can stand for any number of them.
const UNCOMPRESSED_LIMIT: u64 = 64 << 30;
/// Largest window that a zstd frame may ask for, as a power of two: 128 MiB, zstd's own limit.
const WINDOW_LIMIT: u32 = 27;

/// Reads a layer once, in pieces: checks its bytes against its descriptor, and what they hold against the config.
pub(crate) async fn check_layer(
    place: &Place,
    layer: &Descriptor,
    diff_id: Option<&Digest>,
    piece: &Piece,
) -> Result<(), Stop> {
    let mut decoder = Decoder::new(&layer.media_type, diff_id, piece)?;
    let mut reader = place.reader(layer).await.map_err(|error| stop(piece, error))?;
    let mut chunk = vec![0; CHUNK];
    let mut broken = None;
    loop {
        let read = reader.read(&mut chunk).await.map_err(|error| stop_reading(place, piece, error))?;
        if read == 0 {
            break;
        }
        // What cannot be decompressed is read on: most likely its bytes were altered, which the reader says at the end.
        if broken.is_none() {
            broken = decoder.write_all(&chunk[..read]).err();
        }
    }
    let found = match broken {
        None => decoder.finish(),
        Some(error) => Err(error),
    };
    let found = found.map_err(|source| Failure::Decompression { piece: piece.clone(), source })?;
    match diff_id {
        Some(stated) if found != *stated => {
            Err(Failure::DiffId { piece: piece.clone(), stated: stated.clone(), found }.into())
        }
        _ => Ok(()),
    }
}

/// Hashes what compressed bytes hold.
enum Decoder {
    Plain(Box<Bounded>),
    Gzip(Box<MultiGzDecoder<Bounded>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Bounded>>),
}

impl Decoder {
    fn new(media_type: &str, diff_id: Option<&Digest>, piece: &Piece) -> Result<Self, Box<Failure>> {
        let hasher = diff_id.map_or_else(Hasher::default, |digest| Hasher::new(digest.algorithm()));
        let sink = Bounded { hasher, remaining: UNCOMPRESSED_LIMIT };
        match media_type {
            media_type::LAYER => Ok(Self::Plain(Box::new(sink))),
            media_type::LAYER_GZIP | media_type::DOCKER_LAYER_GZIP => {
                Ok(Self::Gzip(Box::new(MultiGzDecoder::new(sink))))
            }
            media_type::LAYER_ZSTD => {
                let failed = |source| Box::new(Failure::Decompression { piece: piece.clone(), source });
                let mut decoder = zstd::stream::write::Decoder::new(sink).map_err(failed)?;
                decoder.window_log_max(WINDOW_LIMIT).map_err(failed)?;
                Ok(Self::Zstd(Box::new(decoder)))
            }
            other => {
                let media_type = clip(other);
                Err(Box::new(Failure::LayerType { piece: piece.clone(), media_type }))
            }
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.write_all(bytes),
            Self::Gzip(decoder) => decoder.write_all(bytes),
            Self::Zstd(decoder) => decoder.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<Digest> {
        let sink = match self {
            Self::Plain(sink) => *sink,
            Self::Gzip(decoder) => decoder.finish()?,
            Self::Zstd(mut decoder) => {
                decoder.flush()?;
                decoder.into_inner()
            }
        };
        Ok(sink.hasher.finish())
    }
}

/// Hashes a bounded number of bytes.
struct Bounded {
    hasher: Hasher,
    remaining: u64,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let remaining = self.remaining.checked_sub(bytes.len() as u64);
        self.remaining = remaining.ok_or_else(|| io::Error::other("it holds more than 64 GiB"))?;
        self.hasher.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
