use consign_oci::{Descriptor, Hasher};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};

/// The bytes of a blob as they flow. Reading to the end fails if they are not those of the descriptor.
pub type BlobReader = Pin<Box<dyn AsyncRead + Send>>;

/// Makes a reader that fails at the end unless the bytes have the descriptor's size and digest.
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
        let before = buffer.filled().len();
        match self.inner.as_mut().poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {}
            other => return other,
        }
        let read = &buffer.filled()[before..];
        if !read.is_empty() {
            let Some(remaining) = self.remaining.checked_sub(read.len() as u64) else {
                return Poll::Ready(Err(self.mismatch()));
            };
            self.remaining = remaining;
            if let Some(hasher) = &mut self.hasher {
                hasher.update(read);
            }
        } else if buffer.remaining() > 0
            && let Some(hasher) = self.hasher.take()
            && (self.remaining > 0 || hasher.finish() != self.descriptor.digest)
        {
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
    }
}
