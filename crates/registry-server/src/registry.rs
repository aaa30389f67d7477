use crate::failure::{Code, Failure};
use crate::lock::FolderLock;
use crate::query::Query;
use crate::route::Route;
use crate::storage::Storage;
use crate::uploads::Uploads;
use crate::{AccessRecord, Options, ServerError};
use axum::body::{Body, HttpBody};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use base64::Engine;
use consign_store::StoreError;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The challenge for those who want to write.
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Basic realm="consign""#);
const VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// A registry: answers requests, and knows nothing of connections.
#[derive(Clone)]
pub struct Registry(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) storage: Storage,
    pub(crate) uploads: Uploads,
    pub(crate) options: Options,
    /// What keeps other processes from writing; `None` if this one does not write.
    lock: Mutex<Option<FolderLock>>,
}

/// What handlers answer.
pub(crate) type Answer = Result<Response<Body>, Failure>;

/// A request as handlers see it.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

impl Asked {
    /// Returns a header's text.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Registry {
    /// Opens the registry in the folder that the options name. Unless it is read-only, no other process may have it open to write.
    pub fn open(options: Options) -> Result<Self, ServerError> {
        let storage = Storage::new(&options.root);
        let lock = if options.read_only {
            storage.check()?;
            None
        } else {
            storage.make_root()?;
            let lock = FolderLock::take(&options.root)?;
            storage.make_ready()?;
            Some(lock)
        };
        Ok(Self(Arc::new(Inner { storage, uploads: Uploads::default(), options, lock: Mutex::new(lock) })))
    }

    /// Tells other processes where this one serves the folder, if anyone may write there.
    pub(crate) fn tell(&self, address: SocketAddr) -> Result<(), ServerError> {
        match &mut *self.lock() {
            Some(lock) if self.0.options.write_token.is_none() => lock.open_at(address),
            _ => Ok(()),
        }
    }

    /// Lets other processes write to the folder, once this one has answered its last request.
    pub(crate) fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<FolderLock>> {
        self.0.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one request.
    pub async fn handle(&self, request: Request<Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let path = head.uri.path_and_query().map_or_else(String::new, ToString::to_string);
        let method = head.method.clone();
        let asked = Asked { method: head.method, query: Query::parse(head.uri.query()), headers: head.headers, body };
        let (mut response, failure) = match self.answer(head.uri.path(), asked).await {
            Ok(response) => (response, None),
            Err(mut failure) => {
                let inside = failure.inside.take();
                (failure.into_response(), inside)
            }
        };
        response.headers_mut().insert(VERSION, HeaderValue::from_static("registry/2.0"));
        if method == Method::HEAD {
            // What a GET would have sent is announced, and nothing is sent (RFC 9110, 9.3.2).
            let body = std::mem::take(response.body_mut());
            if let (false, Some(length)) = (response.headers().contains_key(CONTENT_LENGTH), body.size_hint().exact()) {
                response.headers_mut().insert(CONTENT_LENGTH, length.into());
            }
        }
        if let Some(log) = &self.0.options.access_log {
            let announced = || response.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
            let bytes = match method {
                Method::HEAD => 0,
                _ => response.body().size_hint().exact().or_else(announced).unwrap_or(0),
            };
            let status = response.status().as_u16();
            log(&AccessRecord { method: method.to_string(), path, status, bytes, failure });
        }
        response
    }

    async fn answer(&self, path: &str, asked: Asked) -> Answer {
        let route = Route::parse(&asked.method, path)?;
        if !matches!(asked.method, Method::GET | Method::HEAD) {
            self.admit_writer(&asked.headers)?;
        }
        match (asked.method.as_str(), route) {
            ("GET" | "HEAD", Route::Ping) => Ok(self.ping()),
            ("GET" | "HEAD", Route::Blob(name, digest)) => self.get_blob(name, digest, asked).await,
            ("DELETE", Route::Blob(name, digest)) => self.delete_blob(name, digest).await,
            ("POST", Route::Uploads(name)) => self.start_upload(name, asked).await,
            ("GET" | "HEAD", Route::Upload(name, identifier)) => self.upload_status(name, identifier).await,
            ("PATCH", Route::Upload(name, identifier)) => self.continue_upload(name, identifier, asked).await,
            ("PUT", Route::Upload(name, identifier)) => self.finish_upload(name, identifier, asked).await,
            ("DELETE", Route::Upload(name, identifier)) => self.cancel_upload(name, identifier),
            ("GET" | "HEAD", Route::Manifest(name, target)) => self.get_manifest(name, target, asked).await,
            ("PUT", Route::Manifest(name, target)) => self.put_manifest(name, target, asked).await,
            ("DELETE", Route::Manifest(name, target)) => self.delete_manifest(name, target).await,
            ("GET" | "HEAD", Route::Tags(name)) => self.list_tags(name, asked).await,
            ("GET" | "HEAD", Route::Referrers(name, digest)) if self.0.options.referrers_api => {
                self.list_referrers(name, digest, asked).await
            }
            (_, Route::Referrers(..)) if !self.0.options.referrers_api => {
                Err(Failure::new(StatusCode::NOT_FOUND, Code::Unsupported, "no such endpoint"))
            }
            _ => Err(Failure::new(StatusCode::METHOD_NOT_ALLOWED, Code::Unsupported, "this method does nothing here")),
        }
    }

    /// Answers "is this a registry?". The challenge tells clients that look for one here, as skopeo does, to show their token later.
    fn ping(&self) -> Response<Body> {
        let mut response = Response::new(Body::from("{}"));
        response.headers_mut().insert(axum::http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.0.options.write_token.is_some() {
            response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE);
        }
        response
    }

    fn admit_writer(&self, headers: &HeaderMap) -> Result<(), Failure> {
        if self.0.options.read_only {
            return Err(Failure::new(StatusCode::FORBIDDEN, Code::Denied, "this registry is read-only"));
        }
        let Some(token) = &self.0.options.write_token else { return Ok(()) };
        if headers.get(AUTHORIZATION).and_then(shown).is_some_and(|shown| token.matches(&shown)) {
            return Ok(());
        }
        let failure = Failure::new(StatusCode::UNAUTHORIZED, Code::Unauthorized, "writing needs this registry's token");
        Err(failure.header(WWW_AUTHENTICATE, CHALLENGE))
    }

    /// Runs work on the registry's folder where it may block.
    pub(crate) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Storage) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        let inner = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&inner.storage)).await;
        Ok(done.map_err(|error| Failure::inside(&error))??)
    }
}

/// Returns the token in an `Authorization` header: after `Bearer`, or the password of `Basic`.
fn shown(header: &HeaderValue) -> Option<Vec<u8>> {
    let (scheme, rest) = header.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(rest.trim()).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    Some(decoded[colon + 1..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_token() {
        for (header, expected) in [
            ("Bearer abc", Some("abc")),
            ("bearer abc", Some("abc")),
            ("Basic dTphYmM=", Some("abc")),
            ("Basic dTphOmI=", Some("a:b")),
            ("Basic dQ==", None),
            ("Basic %", None),
            ("Digest abc", None),
            ("abc", None),
        ] {
            let found = shown(&HeaderValue::from_static(header));
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{header}");
        }
    }
}
