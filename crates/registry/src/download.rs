//! Blobs as they flow: where a connection breaks off, another goes on from there.

use crate::bandwidth::Direction;
use crate::budget::Turn;
use crate::endpoint::redacted;
use crate::pause::wait;
use crate::reader::BlobReader;
use crate::transport::{Call, TRIES, header};
use crate::{Client, RegistryError};
use bytes::Bytes;
use consign_oci::{Digest, Repository};
use futures::stream;
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Method, Response, StatusCode};
use std::io;
use tokio_util::io::StreamReader;

/// A blob that is being read.
struct Download {
    client: Client,
    repository: Repository,
    digest: Digest,
    response: Response,
    /// How many bytes there are, where the registry said so.
    length: Option<u64>,
    /// How many bytes were passed on.
    position: u64,
    /// How many bytes of this answer were passed on before.
    skip: u64,
    /// How often it was asked for since bytes came.
    tries: u32,
    _turn: Turn,
}

impl Client {
    /// Opens a blob. What comes is not checked.
    pub(crate) async fn download(&self, repository: &Repository, digest: &Digest) -> Result<BlobReader, RegistryError> {
        let turn = self.budget(repository).read().await;
        let (response, skip) = self.part(repository, digest, 0).await?;
        let (client, repository, digest) = (self.clone(), repository.clone(), digest.clone());
        let length = response.content_length();
        let download =
            Download { client, repository, digest, response, length, position: 0, skip, tries: 1, _turn: turn };
        let chunks = stream::try_unfold(download, Download::next);
        Ok(Box::pin(StreamReader::new(Box::pin(chunks))))
    }

    /// Asks for a blob from a byte on. Returns also how many bytes before it come all the same.
    async fn part(
        &self,
        repository: &Repository,
        digest: &Digest,
        from: u64,
    ) -> Result<(Response, u64), RegistryError> {
        let mut call = Call::new(self, Method::GET, repository, &format!("blobs/{digest}"))?;
        call.condition = (from > 0).then(|| (RANGE, format!("bytes={from}-")));
        let response = self.send(&call).await?;
        match response.status() {
            StatusCode::OK => Ok((response, from)),
            StatusCode::PARTIAL_CONTENT if from > 0 => {
                let range = header(response.headers(), &CONTENT_RANGE).unwrap_or_default();
                if range.starts_with(&format!("bytes {from}-")) {
                    return Ok((response, 0));
                }
                let problem = format!("it was asked for what follows byte {from}, and answers with another part");
                Err(RegistryError::Protocol { url: redacted(&call.url), problem })
            }
            _ => Err(self.refused(&call, response).await),
        }
    }
}

impl Download {
    /// Returns the next bytes.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        loop {
            match self.response.chunk().await {
                Ok(None) => return Ok(None),
                Ok(Some(mut chunk)) => {
                    let known = usize::try_from(self.skip).unwrap_or(usize::MAX).min(chunk.len());
                    self.skip -= known as u64;
                    let chunk = chunk.split_off(known);
                    if !chunk.is_empty() {
                        self.position += chunk.len() as u64;
                        self.tries = 1;
                        self.client.flow(Direction::Received, chunk.len()).await;
                        return Ok(Some((chunk, self)));
                    }
                }
                // Nothing is missing, whatever happened while nobody read.
                Err(_) if self.length == Some(self.position) => return Ok(None),
                Err(error) if self.tries >= TRIES => {
                    let error = RegistryError::unreachable(Method::GET, self.response.url(), error);
                    return Err(io::Error::other(error));
                }
                Err(_) => {
                    wait(self.tries, None).await;
                    self.tries += 1;
                    let part = self.client.part(&self.repository, &self.digest, self.position).await;
                    (self.response, self.skip) = part.map_err(io::Error::other)?;
                }
            }
        }
    }
}
