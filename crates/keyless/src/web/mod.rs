//! Asks services, and asks again where that may help. No redirect is followed, so nobody else is shown what a request holds.

mod address;
mod error;
mod patience;
mod said;

pub use error::WebError;
pub use patience::Patience;

pub(crate) use address::{parse, shown};
pub(crate) use said::said;

use patience::asked_wait;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Method, Url};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// Largest answer, in bytes.
const LIMIT: usize = 4 << 20;

/// Asks services.
#[derive(Clone, Debug)]
pub struct Web {
    client: Client,
    /// For this machine, where no proxy is on the way.
    near: Client,
    patience: Patience,
}

/// A request whose parts may be secret.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// An answer of any status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn get(url: Url) -> Self {
        Self { method: Method::GET, url, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn post(url: Url, media_type: &str, body: Vec<u8>) -> Self {
        Self { method: Method::POST, url, headers: vec![("content-type", media_type.to_owned())], body }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Web {
    /// Makes a client, which says that it is `user_agent`. Certificates and proxies are those of the system.
    pub fn new(user_agent: &str, patience: Patience) -> Result<Self, WebError> {
        // `localhost` needs no name server, and must never be asked of one (RFC 6761, section 6.3).
        let localhost = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
        let builder = || {
            let builder = Client::builder().user_agent(user_agent).redirect(reqwest::redirect::Policy::none());
            builder.referer(false).timeout(patience.timeout).resolve_to_addrs("localhost", &localhost)
        };
        // Without certificates on this machine nobody is reached by HTTPS, and each request says so.
        let client = builder().build().or_else(|_| builder().tls_certs_only([]).build());
        let near = builder().no_proxy().tls_certs_only([]).build();
        let failed = |source| WebError::Client { source };
        Ok(Self { client: client.map_err(failed)?, near: near.map_err(failed)?, patience })
    }

    /// Returns how long services are waited for.
    pub(crate) fn patience(&self) -> &Patience {
        &self.patience
    }

    /// Makes a request, and makes it again where that may help.
    pub(crate) async fn ask(&self, request: Request) -> Result<Answer, WebError> {
        let mut wait = self.patience.first_wait;
        for _ in 1..self.patience.tries {
            let asked = match self.once(&request).await {
                Ok(answer) if is_temporary(answer.status) => asked_wait(&answer.headers),
                Err(WebError::Unreachable { .. } | WebError::Timeout { .. }) => None,
                answered => return answered,
            };
            tokio::time::sleep(asked.unwrap_or(wait).min(self.patience.longest_wait)).await;
            wait = wait.saturating_mul(2);
        }
        self.once(&request).await
    }

    async fn once(&self, request: &Request) -> Result<Answer, WebError> {
        let Request { method, url, headers, body } = request;
        let failed = |error: reqwest::Error| failure(url, error.without_url());
        let client = if url.scheme() == "http" { &self.near } else { &self.client };
        let mut sending = client.request(method.clone(), url.clone());
        for (name, value) in headers {
            // Tokens of a job may be no text of a header. What the parser says of them is not passed on.
            let mut value = HeaderValue::from_str(value).map_err(|_| WebError::Header { url: shown(url), name })?;
            value.set_sensitive(*name == "authorization");
            sending = sending.header(*name, value);
        }
        if !body.is_empty() {
            sending = sending.body(body.clone());
        }
        let mut response = sending.send().await.map_err(failed)?;
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        if (300..400).contains(&status) {
            return Err(WebError::Redirect { url: shown(url), status });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LIMIT {
                return Err(WebError::TooLarge { url: shown(url), limit: LIMIT });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }
}

/// Returns whether the same request may be answered otherwise in a moment.
fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

fn failure(url: &Url, error: reqwest::Error) -> WebError {
    if error.is_timeout() {
        return WebError::Timeout { url: shown(url) };
    }
    WebError::Unreachable { url: shown(url), reason: consign_fetch::reason(&error) }
}
