//! Asks those who give keys and tokens, and not registries.

pub(crate) mod address;
mod error;
pub(crate) mod file;
pub(crate) mod form;
mod github;

pub use error::WebError;
pub use github::Github;

use crate::connections::{Connections, Purpose, Security};
use crate::endpoint::redacted;
use crate::pause::wait;
use crate::transport::{TRIES, is_temporary};
use crate::unanswered::reason;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use std::time::Duration;

/// Largest answer, in bytes.
pub(crate) const LIMIT: usize = 256 << 10;
/// How long an answer may take, all of it.
const TIME: Duration = Duration::from_secs(30);

/// Asks clouds, and those who give keys and tokens. No redirect is followed, so nobody else is shown what a request holds.
#[derive(Clone, Copy)]
pub(crate) struct Web<'a> {
    pub(crate) connections: &'a Connections,
    /// The registry that is asked itself, if it is: then what is particular about connections to it counts.
    pub(crate) registry: Option<&'a str>,
}

/// A request whose parts may be secret.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// An answer of any status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn get(url: Url, headers: Vec<(&'static str, String)>) -> Self {
        Self { method: Method::GET, url, headers, body: String::new() }
    }

    /// Makes a request that sends the fields of a form.
    pub(crate) fn form<'a>(url: &Url, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let headers = vec![("content-type", form::TYPE.to_owned())];
        Self { method: Method::POST, url: url.clone(), headers, body: form::encode(fields) }
    }
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns whether it looks like a JSON object, and not like a page.
    pub(crate) fn is_object(&self) -> bool {
        self.body.trim_ascii_start().starts_with(b"{")
    }
}

impl Web<'_> {
    /// Makes a request, and makes it again where that may help. `request` is called for each try: signatures hold for a few minutes.
    pub(crate) async fn ask(&self, request: impl Fn() -> Request) -> Result<Answer, WebError> {
        self.ask_for(LIMIT, request).await
    }

    /// Does the same for an answer of at most so many bytes.
    pub(crate) async fn ask_for(&self, limit: usize, request: impl Fn() -> Request) -> Result<Answer, WebError> {
        self.ask_while(|answer| is_temporary(answer.status), limit, request).await
    }

    /// Does the same, and takes answers that pass for none.
    pub(crate) async fn ask_while(
        &self,
        passes: impl Fn(&Answer) -> bool,
        limit: usize,
        request: impl Fn() -> Request,
    ) -> Result<Answer, WebError> {
        let mut attempt = 1;
        loop {
            match self.bounded(request(), TIME, limit).await {
                Ok(answer) if attempt < TRIES && passes(&answer) => {}
                Err(WebError::Unreachable { .. }) if attempt < TRIES => {}
                answered => return answered,
            }
            wait(attempt, None).await;
            attempt += 1;
        }
    }

    /// Makes a request once, which may take that long.
    pub(crate) async fn once(&self, request: Request, time: Duration) -> Result<Answer, WebError> {
        self.bounded(request, time, LIMIT).await
    }

    async fn bounded(&self, request: Request, time: Duration, limit: usize) -> Result<Answer, WebError> {
        let Request { method, url, headers, body } = request;
        let failed =
            |error: reqwest::Error| WebError::Unreachable { url: redacted(&url), reason: reason(&error.without_url()) };
        // Plain HTTP is spoken on this machine and its own link only, and no proxy is on the way there.
        let is_plain = url.scheme() == "http";
        let security = match self.registry {
            _ if is_plain => Security::Plain,
            Some(name) => self.connections.security(name, true),
            None => Security::System,
        };
        let purpose = Purpose { loopback: is_plain, sends_blob: false, security };
        let http = self
            .connections
            .pool(purpose, &url)
            .map_err(|error| WebError::Unreachable { url: redacted(&url), reason: error.to_string() })?;
        let mut request = http.request(method, url.clone()).timeout(time);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if !body.is_empty() {
            request = request.body(body);
        }
        let mut response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > limit {
                let problem = format!("the answer has more than {limit} bytes");
                return Err(WebError::Answer { url: redacted(&url), problem });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }
}
