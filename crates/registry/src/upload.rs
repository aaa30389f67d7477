//! Blobs on their way to a registry.

use crate::bandwidth::Direction;
use crate::endpoint::{follow, redacted};
use crate::pause::wait;
use crate::push::is_unknown_form;
use crate::reader::verified;
use crate::sessions::Session;
use crate::stall::{Clock, STALL};
use crate::transport::{Body, Call, TRIES, header, is_temporary};
use crate::{Client, RegistryError};
use consign_oci::{Descriptor, Repository};
use futures::future::BoxFuture;
use futures::{TryStreamExt, stream};
use reqwest::header::{CONTENT_RANGE, LOCATION, RANGE};
use reqwest::{Method, Response, StatusCode, Url};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::io::ReaderStream;

/// Bytes that are read and sent at once.
const CHUNK: usize = 128 << 10;
/// Blobs from this size on, in bytes, are sent so that what has arrived need not be sent again: that costs one request more.
const RESUMABLE: u64 = 64 << 20;
/// So many bytes must arrive between two failures for the registry to count as one that takes the blob after all.
const PROGRESS: u64 = 1 << 20;

/// A part of a blob that is to be sent.
struct Rest<'a> {
    method: Method,
    url: Url,
    repository: &'a Repository,
    blob: &'a Descriptor,
    /// How many bytes of the blob are there.
    from: u64,
}

impl Client {
    /// Sends a blob to where its upload was begun.
    pub(crate) async fn upload<R, F>(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        location: Url,
        open: &(impl Fn() -> F + Sync),
    ) -> Result<(), RegistryError>
    where
        F: Future<Output = io::Result<R>> + Send,
        R: AsyncRead + Send + 'static,
    {
        if blob.size >= RESUMABLE && self.known().features(repository).takes_pieces != Some(false) {
            let session = self.sessions().and_then(|sessions| sessions.keep(repository, &blob.digest));
            return self.upload_on(repository, blob, location, 0, session, open).await;
        }
        self.upload_at_once(repository, blob, location, open).await
    }

    /// Goes on with an upload that another run has begun; `None` if there is none.
    pub(crate) async fn resume<R, F>(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        open: &(impl Fn() -> F + Sync),
    ) -> Option<Result<(), RegistryError>>
    where
        F: Future<Output = io::Result<R>> + Send,
        R: AsyncRead + Send + 'static,
    {
        if blob.size < RESUMABLE {
            return None;
        }
        let (session, location) = self.sessions()?.find(repository, &blob.digest)?;
        let base = Call::new(self, Method::GET, repository, "").ok()?.url;
        let location = follow(&base, &location).ok()?;
        let (location, from) = self.arrived(repository, blob, &location).await.ok()??;
        Some(self.upload_on(repository, blob, location, from, Some(session), open).await)
    }

    /// Sends a blob with the request that ends its upload (distribution-spec, "POST then PUT").
    async fn upload_at_once<R, F>(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        mut url: Url,
        open: &(impl Fn() -> F + Sync),
    ) -> Result<(), RegistryError>
    where
        F: Future<Output = io::Result<R>> + Send,
        R: AsyncRead + Send + 'static,
    {
        url.query_pairs_mut().append_pair("digest", &blob.digest.to_string());
        let rest = Rest { method: Method::PUT, url, repository, blob, from: 0 };
        match self.send_rest(&rest, open).await? {
            response if response.status() == StatusCode::CREATED => Ok(()),
            response => Err(self.refused(&self.call_for(&rest)?, response).await),
        }
    }

    /// Sends what is missing of a blob. Where that breaks off, the registry is asked what has arrived (distribution-spec, "Pushing a blob in chunks").
    async fn upload_on<R, F>(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        mut url: Url,
        mut from: u64,
        mut session: Option<Session>,
        open: &(impl Fn() -> F + Sync),
    ) -> Result<(), RegistryError>
    where
        F: Future<Output = io::Result<R>> + Send,
        R: AsyncRead + Send + 'static,
    {
        let mut attempt = 1;
        while from < blob.size {
            if let Some(session) = &mut session {
                session.note(&url);
            }
            let rest = Rest { method: Method::PATCH, url: url.clone(), repository, blob, from };
            let call = self.call_for(&rest)?;
            let error = match self.send_rest(&rest, open).await {
                Ok(response) if response.status().is_success() => {
                    url = self.next_location(&call, &response)?.unwrap_or(url);
                    break;
                }
                // Not every registry takes a blob in pieces.
                Ok(response) if from == 0 && is_unknown_form(response.status()) => {
                    self.known().learn(repository, |features| features.takes_pieces = Some(false));
                    session.into_iter().for_each(Session::end);
                    let location = self.begin_plainly(repository).await?;
                    return self.upload_at_once(repository, blob, location, open).await;
                }
                Ok(response) => self.refused(&call, response).await,
                Err(error) => error,
            };
            let may_go_on = match &error {
                RegistryError::Unreachable { .. } | RegistryError::Stalled { .. } => true,
                RegistryError::Answer { status, .. } => is_temporary(*status) || *status == 416,
                _ => false,
            };
            if !may_go_on {
                // What was sent may be wrong.
                session.into_iter().for_each(Session::end);
                return Err(error);
            }
            if attempt >= TRIES {
                return Err(error);
            }
            wait(attempt, None).await;
            let Some((location, arrived)) = self.arrived(repository, blob, &url).await? else { return Err(error) };
            attempt = if arrived >= from.saturating_add(PROGRESS) { 1 } else { attempt + 1 };
            (url, from) = (location, arrived);
        }
        url.query_pairs_mut().append_pair("digest", &blob.digest.to_string());
        let call = Call { url, ..Call::new(self, Method::PUT, repository, "blobs/uploads/")? };
        let response = self.send(&call).await?;
        // Whatever it says: what was sent is of no further use.
        session.into_iter().for_each(Session::end);
        match response.status() {
            StatusCode::CREATED => Ok(()),
            _ => Err(self.refused(&call, response).await),
        }
    }

    /// Asks how much of a blob has arrived, and where the rest is to be sent; `None` if the registry knows nothing of it, or says what cannot be.
    async fn arrived(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        url: &Url,
    ) -> Result<Option<(Url, u64)>, RegistryError> {
        let mut call = Call::new(self, Method::GET, repository, "blobs/uploads/")?;
        call.action = crate::auth::Action::Push;
        call.url = url.clone();
        let response = self.send(&call).await?;
        if !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::OK | StatusCode::ACCEPTED) {
            return Ok(None);
        }
        // One byte is written as none is.
        let range = header(response.headers(), &RANGE).unwrap_or_default();
        let last: Option<u64> = range.trim().strip_prefix("0-").and_then(|last| last.parse().ok());
        let Some(last) = last.filter(|last| *last < blob.size) else { return Ok(None) };
        let arrived = if last == 0 { 0 } else { last + 1 };
        Ok(Some((self.next_location(&call, &response)?.unwrap_or_else(|| url.clone()), arrived)))
    }

    /// Returns where an answer says that the upload goes on.
    pub(crate) fn next_location(&self, call: &Call<'_>, response: &Response) -> Result<Option<Url>, RegistryError> {
        header(response.headers(), &LOCATION).map(|location| follow(&call.url, location)).transpose()
    }

    /// Makes the request that sends the rest of a blob, without it.
    fn call_for<'a>(&self, rest: &Rest<'a>) -> Result<Call<'a>, RegistryError> {
        let Rest { repository, blob, from, .. } = *rest;
        Ok(Call {
            url: rest.url.clone(),
            content_type: Some("application/octet-stream"),
            condition: (from > 0).then(|| (CONTENT_RANGE, format!("{from}-{}", blob.size.saturating_sub(1)))),
            ..Call::new(self, rest.method.clone(), repository, "blobs/uploads/")?
        })
    }

    /// Sends the rest of a blob, all of which is hashed again.
    async fn send_rest<R, F>(&self, rest: &Rest<'_>, open: &(impl Fn() -> F + Sync)) -> Result<Response, RegistryError>
    where
        F: Future<Output = io::Result<R>> + Send,
        R: AsyncRead + Send + 'static,
    {
        let Rest { repository, blob, from, .. } = *rest;
        let failed = |source| RegistryError::Source { digest: blob.digest.clone(), source };
        // The HTTP client only says that a body ended early; this keeps why.
        let broken: Arc<Mutex<Option<io::Error>>> = Arc::default();
        let clock = Clock::new();
        let body = || -> BoxFuture<'_, Result<reqwest::Body, RegistryError>> {
            let (broken, clock) = (Arc::clone(&broken), clock.clone());
            Box::pin(async move {
                clock.stop();
                let mut reader = verified(open().await.map_err(failed)?, blob);
                let known = tokio::io::copy(&mut (&mut reader).take(from), &mut tokio::io::sink()).await;
                known.map_err(failed)?;
                clock.start();
                let rest = (ReaderStream::with_capacity(reader, CHUNK), self.clone(), clock);
                let stream = stream::try_unfold(rest, |(mut chunks, client, clock)| async move {
                    clock.stop();
                    let chunk = chunks.try_next().await?;
                    if let Some(chunk) = &chunk {
                        client.flow(Direction::Sent, chunk.len()).await;
                    }
                    clock.start();
                    Ok(chunk.map(|chunk| (chunk, (chunks, client, clock))))
                });
                let stream = stream.map_err(move |error: io::Error| {
                    let told = io::Error::new(error.kind(), error.to_string());
                    *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    told
                });
                Ok(reqwest::Body::wrap_stream(stream))
            })
        };
        let call = Call { body: Body::Stream(blob.size - from, &body), ..self.call_for(rest)? };
        let _turn = self.budget(repository).send().await;
        let answered = tokio::select! {
            answered = self.send(&call) => answered,
            () = clock.rung() => Err(RegistryError::Stalled { url: redacted(&call.url), seconds: STALL.as_secs() }),
        };
        if let Some(source) = broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(failed(source));
        }
        answered
    }
}
