use crate::auth::Action;
use crate::endpoint::{follow, redacted};
use crate::reader::{BlobReader, verified};
use crate::transport::{Body, Call, TRIES, header, is_temporary, pause};
use crate::{Client, RegistryError};
use consign_oci::{Descriptor, Digest, Repository};
use futures::TryStreamExt;
use futures::future::BoxFuture;
use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode, Url};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio_util::io::{ReaderStream, StreamReader};

/// Bytes that are read and sent at once.
const CHUNK: usize = 128 << 10;
/// How long an upload may stand still. After the last byte a registry may still have to move the blob to its place.
const STALL: Duration = Duration::from_secs(300);

/// How a blob came to be in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It was there.
    Existed,
    /// The registry took it from another of its repositories.
    Mounted,
    /// It was sent.
    Uploaded,
}

impl Client {
    /// Returns whether a repository has a blob.
    pub async fn blob_exists(&self, repository: &Repository, digest: &Digest) -> Result<bool, RegistryError> {
        let call = Call::new(self, Method::HEAD, repository, &format!("blobs/{digest}"))?;
        let response = self.send(&call).await?;
        match response.status() {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(self.refused(&call, response).await),
        }
    }

    /// Opens a blob. Reading it to the end fails if its bytes are not those of the descriptor.
    pub async fn blob(&self, repository: &Repository, descriptor: &Descriptor) -> Result<BlobReader, RegistryError> {
        for mirror in self.mirrors_of(repository) {
            match self.blob_at(&mirror, descriptor).await {
                Ok(reader) => return Ok(self.watched(reader, &mirror)),
                Err(error) => self.note_mirror(&mirror, &error),
            }
        }
        self.blob_at(repository, descriptor).await
    }

    async fn blob_at(&self, repository: &Repository, descriptor: &Descriptor) -> Result<BlobReader, RegistryError> {
        let call = Call::new(self, Method::GET, repository, &format!("blobs/{}", descriptor.digest))?;
        let response = self.send(&call).await?;
        if response.status() != StatusCode::OK {
            return Err(self.refused(&call, response).await);
        }
        let stream = response.bytes_stream().map_err(|error| io::Error::other(error.without_url()));
        Ok(verified(StreamReader::new(stream), descriptor))
    }

    /// Brings a blob into a repository: asks whether it is there, else whether the registry takes it from
    /// `mount_from`, if that is logged in to in the same way, else sends it.
    ///
    /// `open` is called for each try; an upload that breaks off is begun anew. The bytes are hashed again as they are sent.
    pub async fn push_blob<R, F>(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        open: impl Fn() -> F + Sync,
        mount_from: Option<&Repository>,
    ) -> Result<Pushed, RegistryError>
    where
        F: Future<Output = io::Result<R>> + Send,
        R: AsyncRead + Send + 'static,
    {
        let mut attempt = 1;
        loop {
            // Asked again after a try that failed: it may have arrived, although no answer did.
            if self.blob_exists(repository, &descriptor.digest).await? {
                return Ok(if attempt == 1 { Pushed::Existed } else { Pushed::Uploaded });
            }
            let Some(location) = self.begin(repository, descriptor, mount_from).await? else {
                return Ok(Pushed::Mounted);
            };
            match self.upload(repository, descriptor, location, &open).await {
                Err(error) if attempt < TRIES && may_pass(&error) => tokio::time::sleep(pause(attempt, None)).await,
                uploaded => return uploaded.map(|()| Pushed::Uploaded),
            }
            attempt += 1;
        }
    }

    /// Begins an upload and returns where to send the blob; `None` if the registry took it from elsewhere.
    async fn begin(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        mount_from: Option<&Repository>,
    ) -> Result<Option<Url>, RegistryError> {
        // Who may not read from there would be refused, or not even get a token for here.
        let known = self.credentials_of(repository);
        let mount_from = mount_from.filter(|from| self.credentials_of(from) == known);
        let mut call = Call::new(self, Method::POST, repository, "blobs/uploads/")?;
        // An upload that was begun and forgotten is removed by the registry.
        call.repeatable = true;
        if let Some(from) = mount_from {
            call.action = Action::Mount(from);
            let digest = descriptor.digest.to_string();
            call.url.query_pairs_mut().append_pair("mount", &digest).append_pair("from", from.path());
        }
        let response = self.send(&call).await?;
        match response.status() {
            StatusCode::CREATED if mount_from.is_some() => return Ok(None),
            StatusCode::ACCEPTED => {}
            _ => return Err(self.refused(&call, response).await),
        }
        let Some(location) = header(response.headers(), &LOCATION) else {
            let problem = "it began an upload, but does not say where".to_owned();
            return Err(RegistryError::Protocol { url: redacted(&call.url), problem });
        };
        follow(&call.url, location).map(Some)
    }

    async fn upload<R, F>(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        mut url: Url,
        open: &(impl Fn() -> F + Sync),
    ) -> Result<(), RegistryError>
    where
        F: Future<Output = io::Result<R>> + Send,
        R: AsyncRead + Send + 'static,
    {
        url.query_pairs_mut().append_pair("digest", &descriptor.digest.to_string());
        let failed = |source| RegistryError::Source { digest: descriptor.digest.clone(), source };
        // The HTTP client only says that a body ended early; this keeps why.
        let broken: Arc<Mutex<Option<io::Error>>> = Arc::default();
        let sent: Arc<AtomicU64> = Arc::default();
        let body = || -> BoxFuture<'_, Result<reqwest::Body, RegistryError>> {
            let (broken, sent) = (Arc::clone(&broken), Arc::clone(&sent));
            Box::pin(async move {
                let reader = verified(open().await.map_err(failed)?, descriptor);
                let stream = ReaderStream::with_capacity(reader, CHUNK).inspect_ok(move |chunk| {
                    sent.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                });
                let stream = stream.map_err(move |error| {
                    let told = io::Error::new(error.kind(), error.to_string());
                    *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    told
                });
                Ok(reqwest::Body::wrap_stream(stream))
            })
        };
        let call = Call {
            url,
            content_type: Some("application/octet-stream"),
            body: Body::Stream(descriptor.size, &body),
            ..Call::new(self, Method::PUT, repository, "blobs/uploads/")?
        };
        let answered = tokio::select! {
            answered = self.send(&call) => answered,
            () = stalled(&sent) => Err(RegistryError::Stalled { url: redacted(&call.url), seconds: STALL.as_secs() }),
        };
        if let Some(source) = broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(failed(source));
        }
        let response = answered?;
        if response.status() != StatusCode::CREATED {
            return Err(self.refused(&call, response).await);
        }
        Ok(())
    }
}

/// Ends once nothing was sent for a while.
async fn stalled(sent: &AtomicU64) {
    let mut before = None;
    while before != Some(sent.load(Ordering::Relaxed)) {
        before = Some(sent.load(Ordering::Relaxed));
        tokio::time::sleep(STALL).await;
    }
}

/// Returns whether an upload that failed so may succeed if it is begun anew.
fn may_pass(error: &RegistryError) -> bool {
    match error {
        RegistryError::Unreachable { .. } | RegistryError::Stalled { .. } => true,
        RegistryError::Answer { status, code, .. } => {
            is_temporary(*status) || code.as_deref() == Some("BLOB_UPLOAD_UNKNOWN")
        }
        _ => false,
    }
}
