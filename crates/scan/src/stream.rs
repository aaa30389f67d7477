use std::io::{self, BufRead, ErrorKind, Read};

/// Most memory that an xz stream may ask for, in bytes: what `xz -9` needs, twice over.
const XZ_MEMORY: u64 = 128 << 20;
/// Largest window that a zstd frame may ask for, as a power of two: what `zstd --ultra --long` makes by default.
const ZSTD_WINDOW: u32 = 27;
/// Size of a tar archive's blocks, in bytes.
const BLOCK: usize = 512;

/// The decompressed bytes of a tar archive. Its end is not theirs: who reads past them finds that it was cut off.
pub(crate) struct Stream<'a> {
    inner: Box<dyn Read + 'a>,
    /// How many bytes it may still have.
    left: u64,
}

/// Decompresses a file, as the end of its name says. Its bytes are not bounded.
pub(crate) fn decompressed<'a>(name: &str, file: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match name.rsplit_once('.') {
        Some((_, "gz")) => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        Some((_, "xz")) => {
            let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED);
            Box::new(liblzma::bufread::XzDecoder::new_stream(file, stream.map_err(io::Error::from)?))
        }
        Some((_, "zst")) => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(file)?;
            decoder.window_log_max(ZSTD_WINDOW)?;
            Box::new(decoder)
        }
        _ => Box::new(file),
    })
}

impl<'a> Stream<'a> {
    /// Decompresses a file, as the end of its name says, into at most `limit` bytes.
    pub(crate) fn new(name: &str, file: impl BufRead + 'a, limit: u64) -> io::Result<Self> {
        Ok(Self { inner: decompressed(name, file)?, left: limit })
    }

    /// Reads what follows the first empty block: another one, which together are the mark of the end (POSIX.1-2017, `pax`, "ustar
    /// Interchange Format"), and nothing but padding.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * BLOCK];
        let (mark, _) = buffer.split_at_mut(BLOCK);
        self.read_exact(mark)?;
        let mut length = BLOCK;
        while length > 0 {
            if buffer[..length].iter().any(|byte| *byte != 0) {
                return Err(io::Error::new(ErrorKind::InvalidData, "something follows its end"));
            }
            length = self.some(&mut buffer)?;
        }
        Ok(())
    }

    /// Reads some bytes; none at the end.
    fn some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let left = self.left.checked_sub(count as u64);
        self.left = left.ok_or_else(|| io::Error::new(ErrorKind::FileTooLarge, "it is too large when decompressed"))?;
        Ok(count)
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.some(buffer)? {
            0 if !buffer.is_empty() => {
                Err(io::Error::new(ErrorKind::UnexpectedEof, "it is cut off: it has no end mark"))
            }
            count => Ok(count),
        }
    }
}
