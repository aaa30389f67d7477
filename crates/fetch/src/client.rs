use crate::address::{judge_redirect, shown};
use crate::{FetchError, RedirectError};
use reqwest::header::HeaderMap;
use reqwest::{Client, Response, StatusCode, Url, header, redirect};
use std::error::Error;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest wait for the next bytes.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a request is repeated after one that failed for a passing reason.
const RETRIES: u32 = 3;
/// Wait before the first repetition; doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Sends requests, and repeats those that fail for a passing reason.
#[derive(Clone, Debug)]
pub(crate) struct Web {
    client: Client,
    /// Why encrypted requests cannot be made.
    no_certificates: Option<Arc<reqwest::Error>>,
}

/// Why an attempt failed, and whether another may not.
pub(crate) enum Failure {
    /// Another attempt may succeed, best after this wait.
    Passing(FetchError, Option<Duration>),
    /// Another attempt would fail the same way.
    Final(FetchError),
}

impl Web {
    pub(crate) fn new(user_agent: &str) -> Result<Self, FetchError> {
        // A machine without certificates can still fetch over plain HTTP, where signatures and digests are what counts.
        match builder(user_agent).build() {
            Ok(client) => Ok(Self { client, no_certificates: None }),
            Err(error) => {
                let bare = builder(user_agent).tls_certs_only([]).build();
                let client = bare.map_err(|source| FetchError::Client { source })?;
                Ok(Self { client, no_certificates: Some(Arc::new(error)) })
            }
        }
    }

    /// Sends a GET request once. The answer is a success or "not modified".
    pub(crate) async fn get(&self, url: &Url, headers: &HeaderMap) -> Result<Response, Failure> {
        if let (Some(source), "https") = (&self.no_certificates, url.scheme()) {
            return Err(Failure::Final(FetchError::Certificates { url: shown(url), source: source.clone() }));
        }
        let request = self.client.get(url.clone()).headers(headers.clone());
        let response = request.send().await.map_err(|error| self.failure(url, error))?;
        match response.status() {
            status if status.is_success() || status == StatusCode::NOT_MODIFIED => Ok(response),
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(Failure::Final(FetchError::NotFound { url: shown(url) })),
            status => {
                let error = FetchError::Status { url: shown(url), status: status.as_u16() };
                if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
                    Err(Failure::Passing(error, wait_asked_for(response.headers())))
                } else {
                    Err(Failure::Final(error))
                }
            }
        }
    }

    /// Tells what an error of the client means.
    pub(crate) fn failure(&self, url: &Url, error: reqwest::Error) -> Failure {
        let error = error.without_url();
        let url = shown(url);
        if let Some(source) = refused_redirect(&error) {
            return Failure::Final(FetchError::Redirect { url, source });
        }
        if error.is_builder() {
            return Failure::Final(FetchError::Connection { url, error });
        }
        Failure::Passing(FetchError::Connection { url, error }, None)
    }

    /// Repeats `attempt` while it fails for a passing reason.
    pub(crate) async fn persist<T>(&self, attempt: impl AsyncFn() -> Result<T, Failure>) -> Result<T, FetchError> {
        let mut wait = FIRST_WAIT;
        for _ in 0..RETRIES {
            match attempt().await {
                Ok(value) => return Ok(value),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing(_, asked)) => tokio::time::sleep(asked.unwrap_or(wait)).await,
            }
            wait *= 2;
        }
        attempt().await.map_err(|failure| match failure {
            Failure::Final(error) | Failure::Passing(error, _) => error,
        })
    }
}

fn builder(user_agent: &str) -> reqwest::ClientBuilder {
    let policy = redirect::Policy::custom(|attempt| match judge_redirect(attempt.previous(), attempt.url()) {
        Ok(()) => attempt.follow(),
        Err(error) => attempt.error(error),
    });
    // `localhost` needs no name server, and must never be asked of one (RFC 6761, section 6.3).
    let localhost = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
    Client::builder()
        .user_agent(user_agent)
        .redirect(policy)
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .resolve_to_addrs("localhost", &localhost)
}

fn refused_redirect(error: &reqwest::Error) -> Option<RedirectError> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref() {
            return Some(*refused);
        }
        source = cause.source();
    }
    None
}

/// Returns how long the server asks to wait (RFC 9110, section 10.2.3), as far as it gives seconds.
fn wait_asked_for(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}
