use crate::FetchError;
use crate::address::{Address, shown};
use crate::cache::{Bounded, Cache, Header, read_bounded};
use crate::client::{Failure, Web};
use crate::download::read_body;
use crate::git::References;
use crate::turns::Turns;
use bytes::Bytes;
use consign_oci::{Algorithm, Digest, Hasher};
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url, Version};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How to fetch.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder that answers are kept in. Made when first written to.
    pub cache: PathBuf,
    /// Whether only the cache and local files are used.
    pub offline: bool,
    /// How consign introduces itself to servers.
    pub user_agent: String,
}

/// Fetches bytes from servers and local files, and keeps them. Cheap to clone; clones share connections and cache.
#[derive(Clone, Debug)]
pub struct Fetcher {
    web: Web,
    pub(crate) cache: Arc<Cache>,
    pub(crate) turns: Arc<Turns>,
    pub(crate) references: Arc<References>,
    offline: bool,
}

impl Fetcher {
    /// Makes a fetcher. Nothing is written or requested yet.
    pub fn new(options: Options) -> Result<Self, FetchError> {
        Ok(Self {
            web: Web::new(&options.user_agent)?,
            cache: Arc::new(Cache::new(options.cache)),
            turns: Arc::default(),
            references: Arc::default(),
            offline: options.offline,
        })
    }

    /// Returns whether only the cache and local files are used.
    pub fn is_offline(&self) -> bool {
        self.offline
    }

    /// Fetches what stands at an address now, at most `limit` bytes. What the cache has is used if the server says that it is
    /// still current (RFC 9110, section 13.1), or if offline. These bytes are as trustworthy as the server: the caller verifies them.
    pub async fn current(&self, url: &str, limit: u64) -> Result<Bytes, FetchError> {
        let url = match Address::parse(url)? {
            Address::File(path) => return local(path, limit).await,
            Address::Web(url) => url,
        };
        let (cache, key) = (self.cache.clone(), url.to_string());
        let kept = blocking(move || Ok(cache.named(&key, limit))).await?;
        if self.offline {
            return match kept {
                Some((_, bytes)) => Ok(bytes),
                None => Err(self.missed(&url).await?),
            };
        }
        let answer = self.web.persist(async || self.ask(&url, limit, kept.as_ref()).await).await;
        let answer = self.noted(&url, answer).await?;
        let (header, bytes) = match (answer, kept) {
            (Some(answer), _) => answer,
            (None, Some((_, bytes))) => return Ok(bytes),
            (None, None) => {
                return Err(FetchError::Status { url: shown(&url), status: StatusCode::NOT_MODIFIED.as_u16() });
            }
        };
        let (cache, key, copy) = (self.cache.clone(), url.to_string(), bytes.clone());
        blocking(move || cache.keep_named(&key, &header, &copy)).await?;
        Ok(bytes)
    }

    /// Fetches the bytes with this digest and size from the cache, else from the address. Others are refused and not kept.
    pub async fn exact(&self, url: &str, digest: &Digest, size: u64) -> Result<Bytes, FetchError> {
        let address = Address::parse(url)?;
        let lock = self.turns.lock_of(digest);
        let _turn = lock.lock().await;
        let (cache, wanted) = (self.cache.clone(), digest.clone());
        if let Some(bytes) = blocking(move || Ok(cache.exact(&wanted, size))).await? {
            return Ok(bytes);
        }
        let url = match address {
            Address::File(path) => {
                let bytes = local(path, size).await.map_err(|error| oversized(error, size))?;
                let mut hasher = Hasher::new(digest.algorithm());
                hasher.update(&bytes);
                check(url, &bytes, hasher.finish(), digest, size)?;
                return Ok(bytes);
            }
            Address::Web(url) => url,
        };
        if self.offline {
            return Err(self.missed(&url).await?);
        }
        let download = async || {
            let response = self.web.get(&url, &HeaderMap::new()).await?;
            read_body(&self.web, &url, response, size, digest.algorithm()).await
        };
        let answer = self.noted(&url, self.web.persist(download).await).await;
        let (bytes, found) = answer.map_err(|error| oversized(error, size))?;
        check(&shown(&url), &bytes, found, digest, size)?;
        let (cache, wanted, copy) = (self.cache.clone(), digest.clone(), bytes.clone());
        blocking(move || cache.keep_exact(&wanted, &copy)).await?;
        Ok(bytes)
    }

    /// Returns why an address that the cache has nothing of cannot be read offline. What was not there when it was asked for last is
    /// still not there, so that a run offline goes the ways that the one before went.
    async fn missed(&self, url: &Url) -> Result<FetchError, FetchError> {
        let (cache, key) = (self.cache.clone(), url.to_string());
        let absent = blocking(move || Ok(cache.is_absent(&key))).await?;
        let url = shown(url);
        Ok(if absent { FetchError::NotFound { url } } else { FetchError::Offline { url } })
    }

    /// Notes where the answer is that there is nothing.
    async fn noted<T>(&self, url: &Url, answer: Result<T, FetchError>) -> Result<T, FetchError> {
        if let Err(FetchError::NotFound { .. }) = answer {
            let (cache, key) = (self.cache.clone(), url.to_string());
            blocking(move || cache.note_absent(&key)).await?;
        }
        answer
    }

    /// Asks for what differs from what was kept; `None` where nothing does.
    async fn ask(
        &self,
        url: &Url,
        limit: u64,
        kept: Option<&(Header, Bytes)>,
    ) -> Result<Option<(Header, Bytes)>, Failure> {
        let mut conditions = HeaderMap::new();
        if let Some((kept, _)) = kept {
            for (name, value) in [(header::IF_NONE_MATCH, &kept.etag), (header::IF_MODIFIED_SINCE, &kept.last_modified)]
            {
                if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_str(value).ok()) {
                    conditions.insert(name, value);
                }
            }
        }
        let response = self.web.get(url, &conditions).await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let text =
            |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
        // What ends when the connection does may have ended early: nobody may be told that it is here.
        let is_framed = response.version() >= Version::HTTP_2
            || [header::CONTENT_LENGTH, header::TRANSFER_ENCODING]
                .iter()
                .any(|name| response.headers().contains_key(name));
        let validator = |name| text(name).filter(|_| is_framed);
        let (etag, last_modified) = (validator(header::ETAG), validator(header::LAST_MODIFIED));
        let (bytes, digest) = read_body(&self.web, url, response, limit, Algorithm::Sha256).await?;
        Ok(Some((Header { etag, last_modified, digest }, bytes)))
    }
}

fn check(url: &str, bytes: &Bytes, found: Digest, expected: &Digest, size: u64) -> Result<(), FetchError> {
    let url = url.to_owned();
    if bytes.len() as u64 != size {
        return Err(FetchError::Size { url, found: Some(bytes.len() as u64), expected: size });
    }
    if found != *expected {
        return Err(FetchError::Digest { url, found, expected: expected.clone() });
    }
    Ok(())
}

/// Where the size is known, more bytes are not "too large" but wrong.
fn oversized(error: FetchError, size: u64) -> FetchError {
    match error {
        FetchError::TooLarge { url, size: found, .. } => FetchError::Size { url, found, expected: size },
        other => other,
    }
}

async fn local(path: PathBuf, limit: u64) -> Result<Bytes, FetchError> {
    blocking(move || {
        let url = || format!("file://{}", path.display());
        match read_bounded(&path, limit) {
            Ok(Bounded::Whole(bytes)) => Ok(bytes.into()),
            Ok(Bounded::TooLarge(size)) => Err(FetchError::TooLarge { url: url(), limit, size }),
            Err(error) if is_absence(&error) => Err(FetchError::NotFound { url: url() }),
            Err(source) => Err(FetchError::File { path: path.clone(), source }),
        }
    })
    .await
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Runs file work where it does not hold up requests.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FetchError> + Send + 'static,
) -> Result<T, FetchError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // The runtime is shutting down, or the work panicked, which is an error of the program and shown as one.
        Err(error) => Err(FetchError::File { path: Path::new("").to_owned(), source: io::Error::other(error) }),
    }
}
