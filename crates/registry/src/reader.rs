use consign_oci::{Descriptor, Hasher};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};

/// The bytes of a blob as they flow. Reading to the end fails if they are not those of the descriptor.
pub type BlobReader = Pin<Box<dyn AsyncRead + Send>>;

/// Makes a reader that fails at the end, before it passes on the last bytes, unless all have the descriptor's size and digest.
pub fn verified(reader: impl AsyncRead + Send + 'static, descriptor: &Descriptor) -> BlobReader {
    Box::pin(Verified {
        inner: Box::pin(reader),
        hasher: Some(Hasher::new(descriptor.digest.algorithm())),
        remaining: descriptor.size,
        descriptor: descriptor.plain(),
    })
}

struct Verified {
    inner: BlobReader,
    hasher: Option<Hasher>,
    remaining: u64,
    descriptor: Descriptor,
}

impl Verified {
    fn mismatch(&self) -> io::Error {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the bytes of {} do not match their digest", self.descriptor.digest),
        )
    }
}

impl AsyncRead for Verified {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        match self.inner.as_mut().poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {}
            other => return other,
        }
        let read = &buffer.filled()[before..];
        let ended = read.is_empty() && room > 0;
        let Some(remaining) = self.remaining.checked_sub(read.len() as u64) else {
            buffer.set_filled(before);
            return Poll::Ready(Err(self.mismatch()));
        };
        self.remaining = remaining;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(read);
        }
        // The last bytes are only passed on if all of them are right: whoever knows the length may not ask for an end.
        let complete = remaining == 0 && !read.is_empty();
        if (complete || ended)
            && let Some(hasher) = self.hasher.take()
            && (remaining > 0 || hasher.finish() != self.descriptor.digest)
        {
            buffer.set_filled(before);
            return Poll::Ready(Err(self.mismatch()));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    async fn read(bytes: &'static [u8], descriptor: &Descriptor) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        verified(bytes, descriptor).read_to_end(&mut out).await.map(|_| out)
    }

    #[tokio::test]
    async fn passes_the_right_bytes_and_no_others() {
        let descriptor = Descriptor::of("text/plain", b"hello");
        assert_eq!(read(b"hello", &descriptor).await.unwrap(), b"hello");
        for wrong in [&b"jello"[..], b"hell", b"hello!", b""] {
            assert!(read(wrong, &descriptor).await.is_err());
        }
        let nothing = Descriptor::of("text/plain", b"");
        assert_eq!(read(b"", &nothing).await.unwrap(), b"");
        assert!(read(b"x", &nothing).await.is_err());
    }

    #[tokio::test]
    async fn who_reads_just_the_length_learns_it_too() {
        let descriptor = Descriptor::of("text/plain", b"hello");
        let mut buffer = [0; 5];
        assert!(verified(&b"hello"[..], &descriptor).read_exact(&mut buffer).await.is_ok());
        assert!(verified(&b"jello"[..], &descriptor).read_exact(&mut buffer).await.is_err());
    }
}
