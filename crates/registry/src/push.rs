use crate::auth::Action;
use crate::bandwidth::Direction;
use crate::endpoint::redacted;
use crate::pause::wait;
use crate::reader::verified;
use crate::transport::{Body, Call, TRIES, is_temporary};
use crate::{Client, ErrorKind, RegistryError};
use bytes::Bytes;
use consign_oci::{Descriptor, Repository};
use reqwest::{Method, StatusCode, Url};
use std::future;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Blobs up to this size are sent without asking whether they are there: that is one request where the registry takes it, as asking would be.
const SMALL: u64 = 64 << 10;
/// Blobs from this size on are asked for before they are sent to a registry that did not say yet that it finds its own blobs: to send one in vain
/// takes longer than a request.
const LARGE: u64 = 1 << 20;

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

/// What a registry says to somebody who wants to bring a blob.
enum Begun {
    /// It is there now.
    Done(Pushed),
    /// Where it is to be sent.
    At(Url),
    /// Where it is to be sent, and all of it.
    With(Url, Bytes),
}

impl Client {
    /// Brings a blob into a repository in as few requests as the registry allows.
    ///
    /// A small one is sent at once (distribution-spec, "Single POST"). For any other the registry is asked to take it from `mount_from`, if that
    /// is on the same registry and logged in to in the same way, or else from the repository itself ("Mounting a blob from another
    /// repository"): where it is there, that is all; where it is not, the answer begins the upload.
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
        // Who may not read from there would be refused, or not even get a token for here.
        let known = self.credentials_of(repository);
        let is_sibling = |from: &&Repository| *from != repository && from.registry() == repository.registry();
        let mount_from = mount_from.filter(|from| is_sibling(from) && self.credentials_of(from) == known);
        let mount_from = mount_from.filter(|_| self.known().features(repository).answers_mounts != Some(false));
        let guess = match mount_from {
            Some(_) => None,
            None => {
                self.known().holder(repository, &descriptor.digest).filter(|from| self.credentials_of(from) == known)
            }
        };
        let pushed = self.bring_blob(repository, descriptor, &open, mount_from, guess).await?;
        self.known().learn_holding(repository, &descriptor.digest);
        Ok(pushed)
    }

    /// Brings a blob: from `mount_from`, or from `guess`, which may turn out not to be readable.
    async fn bring_blob<R, F>(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        open: &(impl Fn() -> F + Sync),
        mount_from: Option<&Repository>,
        mut guess: Option<Repository>,
    ) -> Result<Pushed, RegistryError>
    where
        F: Future<Output = io::Result<R>> + Send,
        R: AsyncRead + Send + 'static,
    {
        let mut attempt = 1;
        if let Some(resumed) = self.resume(repository, descriptor, open).await {
            match resumed {
                // It is begun anew.
                Err(error) if may_pass(&error) || matches!(error, RegistryError::Answer { .. }) => {}
                sent => return sent.map(|()| Pushed::Uploaded),
            }
        }
        loop {
            let features = self.known().features(repository);
            let begun = match (mount_from, guess.take()) {
                (None, _) if descriptor.size <= SMALL && features.takes_whole != Some(false) => {
                    self.send_whole(repository, descriptor, open).await?
                }
                (None, Some(from)) if features.answers_mounts != Some(false) => {
                    match self.begin(repository, descriptor, Some(&from)).await {
                        Err(error) if matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Denied) => {
                            self.begin(repository, descriptor, None).await?
                        }
                        begun => begun?,
                    }
                }
                _ => self.begin(repository, descriptor, mount_from).await?,
            };
            let sent = match begun {
                // After a try that failed: it had arrived, although no answer did.
                Begun::Done(Pushed::Existed) if attempt > 1 => return Ok(Pushed::Uploaded),
                Begun::Done(pushed) => return Ok(pushed),
                Begun::At(location) => self.upload(repository, descriptor, location, open).await,
                Begun::With(location, bytes) => {
                    let open = || future::ready(Ok(io::Cursor::new(bytes.clone())));
                    self.upload(repository, descriptor, location, &open).await
                }
            };
            match sent {
                Err(error) if attempt < TRIES && may_pass(&error) => wait(attempt, None).await,
                sent => return sent.map(|()| Pushed::Uploaded),
            }
            attempt += 1;
        }
    }

    /// Sends a small blob with the request that asks to send it. A registry that does not know this begins an upload.
    async fn send_whole<R, F>(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        open: &(impl Fn() -> F + Sync),
    ) -> Result<Begun, RegistryError>
    where
        F: Future<Output = io::Result<R>> + Send,
        R: AsyncRead + Send + 'static,
    {
        let failed = |source| RegistryError::Source { digest: descriptor.digest.clone(), source };
        let mut bytes = Vec::new();
        verified(open().await.map_err(failed)?, descriptor).read_to_end(&mut bytes).await.map_err(failed)?;
        let bytes = Bytes::from(bytes);
        self.flow(Direction::Sent, bytes.len()).await;
        let mut call = Call {
            content_type: Some("application/octet-stream"),
            body: Body::Bytes(bytes.clone()),
            ..self.uploads_call(repository)?
        };
        call.url.query_pairs_mut().append_pair("digest", &descriptor.digest.to_string());
        let response = self.send(&call).await?;
        match response.status() {
            StatusCode::CREATED => Ok(Begun::Done(Pushed::Uploaded)),
            StatusCode::ACCEPTED => {
                self.known().learn(repository, |features| features.takes_whole = Some(false));
                Ok(Begun::With(self.location(&call, &response)?, bytes))
            }
            // Not every one that does not know it says so in the specified way.
            status if is_unknown_form(status) => {
                let begun = self.begin(repository, descriptor, None).await?;
                self.known().learn(repository, |features| features.takes_whole = Some(false));
                Ok(begun)
            }
            _ => Err(self.refused(&call, response).await),
        }
    }

    /// Asks for a blob to be taken from elsewhere, or to be sent.
    async fn begin(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        mount_from: Option<&Repository>,
    ) -> Result<Begun, RegistryError> {
        let (features, is_large) = (self.known().features(repository), descriptor.size >= LARGE);
        let asks = features.answers_mounts != Some(false);
        let is_told = asks && (mount_from.is_some() || !is_large || features.mounts == Some(true));
        if !is_told && self.blob_exists(repository, &descriptor.digest).await? {
            return Ok(Begun::Done(Pushed::Existed));
        }
        if !asks {
            return self.begin_plainly(repository).await.map(Begun::At);
        }
        let mut call = self.uploads_call(repository)?;
        call.action = mount_from.map_or(Action::Push, Action::Mount);
        let (digest, from) = (descriptor.digest.to_string(), mount_from.unwrap_or(repository));
        call.url.query_pairs_mut().append_pair("mount", &digest).append_pair("from", from.path());
        let response = self.send(&call).await?;
        match response.status() {
            StatusCode::CREATED => {
                self.known().learn(repository, |features| features.mounts = Some(true));
                Ok(Begun::Done(if mount_from.is_some() { Pushed::Mounted } else { Pushed::Existed }))
            }
            // The sibling has not got it, or the registry does not mount; it may be there all the same.
            StatusCode::ACCEPTED
                if mount_from.is_some() && is_large && self.blob_exists(repository, &descriptor.digest).await? =>
            {
                Ok(Begun::Done(Pushed::Existed))
            }
            StatusCode::ACCEPTED => self.location(&call, &response).map(Begun::At),
            // Some know no mounts at all.
            status if is_unknown_form(status) => {
                let location = self.begin_plainly(repository).await?;
                self.known().learn(repository, |features| features.answers_mounts = Some(false));
                Ok(Begun::At(location))
            }
            _ => Err(self.refused(&call, response).await),
        }
    }

    /// Asks for a blob to be sent, and returns where.
    pub(crate) async fn begin_plainly(&self, repository: &Repository) -> Result<Url, RegistryError> {
        let call = self.uploads_call(repository)?;
        let response = self.send(&call).await?;
        match response.status() {
            StatusCode::ACCEPTED => self.location(&call, &response),
            _ => Err(self.refused(&call, response).await),
        }
    }

    fn uploads_call<'a>(&self, repository: &'a Repository) -> Result<Call<'a>, RegistryError> {
        let mut call = Call::new(self, Method::POST, repository, "blobs/uploads/")?;
        // An upload that was begun and forgotten is removed by the registry.
        call.repeatable = true;
        Ok(call)
    }

    /// Returns where a registry wants a blob to be sent.
    fn location(&self, call: &Call<'_>, response: &reqwest::Response) -> Result<Url, RegistryError> {
        self.next_location(call, response)?.ok_or_else(|| {
            let problem = "it began an upload, but does not say where".to_owned();
            RegistryError::Protocol { url: redacted(&call.url), problem }
        })
    }
}

/// Returns whether a registry may answer so to a form of request that it does not know.
pub(crate) fn is_unknown_form(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 404 | 405 | 411 | 413 | 415 | 501)
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
