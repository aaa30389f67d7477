use crate::auth::Action;
use crate::challenge::Challenge;
use crate::ecr::Session;
use crate::endpoint::{self, follow, redacted, same_host};
use crate::pause::{retry_after, wait};
use crate::refusal::refusal_code;
use crate::tls::distrust;
use crate::{Client, ErrorKind, RegistryError};
use bytes::Bytes;
use consign_oci::Repository;
use futures::future::BoxFuture;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, WWW_AUTHENTICATE,
};
use reqwest::{Method, Response, StatusCode, Url};

/// What Docker's registry, and those made of it, say with each answer (distribution, "Docker Registry HTTP API V2").
const DOCKER_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
/// Redirects that are followed.
const REDIRECT_LIMIT: usize = 5;
/// How often a request is made that may be made again.
pub(crate) const TRIES: u32 = 4;

/// A request's body.
pub(crate) enum Body<'a> {
    Empty,
    Bytes(Bytes),
    /// Opened anew for each try. With its length in bytes.
    Stream(u64, &'a (dyn Fn() -> BoxFuture<'a, Result<reqwest::Body, RegistryError>> + Sync)),
}

/// A request to a registry.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) repository: &'a Repository,
    pub(crate) action: Action<'a>,
    pub(crate) accept: &'a str,
    pub(crate) content_type: Option<&'a str>,
    /// A header that says which part, or under which condition.
    pub(crate) condition: Option<(HeaderName, String)>,
    pub(crate) body: Body<'a>,
    /// Whether doing it twice is the same as doing it once.
    pub(crate) repeatable: bool,
    /// Which redirects are followed.
    pub(crate) redirects: Redirects,
}

/// Which redirects of a request are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redirects {
    Never,
    /// Those that lead to the same host. The answer is one that leads elsewhere.
    WithinHost,
    Anywhere,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        client: &Client,
        method: Method,
        repository: &'a Repository,
        rest: &str,
    ) -> Result<Self, RegistryError> {
        let url = endpoint::url(repository, client.options_of(repository), rest)?;
        let reading = matches!(method, Method::GET | Method::HEAD);
        Ok(Self {
            method,
            url,
            repository,
            action: if reading { Action::Pull } else { Action::Push },
            accept: "*/*",
            content_type: None,
            condition: None,
            body: Body::Empty,
            repeatable: reading,
            redirects: if reading { Redirects::Anywhere } else { Redirects::Never },
        })
    }
}

impl<'a> Call<'a> {
    /// Makes a call that asks the registry of a repository, and not the repository, for something at `path`.
    pub(crate) fn of_registry(
        client: &Client,
        repository: &'a Repository,
        path: &str,
        action: Action<'a>,
    ) -> Result<Self, RegistryError> {
        let mut call = Self::new(client, Method::GET, repository, "")?;
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        call.url.set_path(path);
        call.url.set_query(query);
        call.action = action;
        Ok(call)
    }
}

impl Client {
    /// Makes a request: logs in where asked to, follows redirects, and tries again what may be tried again. Answers of any status are returned.
    ///
    /// Boxed, since everything that is asked of a registry holds one of these, and those who copy hold them within each other.
    pub(crate) fn send<'a>(&'a self, call: &'a Call<'_>) -> BoxFuture<'a, Result<Response, RegistryError>> {
        Box::pin(async { self.send_repeating(call).await.map_err(|error| self.explained(call, error)) })
    }

    /// Says more of why no answer came, where more is known.
    fn explained(&self, call: &Call<'_>, error: RegistryError) -> RegistryError {
        match error {
            RegistryError::Unreachable { method, url, ref error }
                if error.is_request()
                    && distrust(error).is_none()
                    && self.web().connections.is_stranger_to(call.repository.registry()) =>
            {
                RegistryError::HungUp { method, url }
            }
            error => error,
        }
    }

    async fn send_repeating(&self, call: &Call<'_>) -> Result<Response, RegistryError> {
        let mut attempt = 1;
        loop {
            let last = attempt >= TRIES || !call.repeatable;
            let asked = match self.send_creating(call).await {
                Ok(response) if !last && is_temporary(response.status().as_u16()) => retry_after(response.headers()),
                Err(error) if !last && may_pass(&error) => None,
                answered => return answered,
            };
            wait(attempt, asked).await;
            attempt += 1;
        }
    }

    /// Makes a request. What was pushed to a repository of ECR that is not there is pushed again once the repository is made, where it may be made.
    async fn send_creating(&self, call: &Call<'_>) -> Result<Response, RegistryError> {
        let response = self.send_once(call).await?;
        let is_push = call.repeatable && matches!(call.action, Action::Push | Action::Mount(_));
        if !is_push || response.status() != StatusCode::NOT_FOUND {
            return Ok(response);
        }
        let Some(ecr) = self.ecr(call.repository).filter(Session::creates) else { return Ok(response) };
        if refusal_code(response).await.as_deref() == Some("NAME_UNKNOWN") {
            ecr.create(call.repository).await?;
        }
        // An answer can be read once only.
        self.send_once(call).await
    }

    async fn send_once(&self, call: &Call<'_>) -> Result<Response, RegistryError> {
        let answered = self.send_logged_in(call).await;
        let is_refused = match &answered {
            Ok(response) => matches!(response.status().as_u16(), 401 | 403),
            Err(error) => matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Denied),
        };
        // Who read without the login of a cloud, since there was none to be had, is told why there was none.
        if let Some(cloud) = self.identity(call.repository).filter(|_| is_refused) {
            cloud.login().await?;
        }
        answered
    }

    async fn send_logged_in(&self, call: &Call<'_>) -> Result<Response, RegistryError> {
        let scopes = call.action.scopes(call.repository);
        let authorization = self.authorization(call, &scopes).await?;
        let response = self.send_following(call, authorization.as_deref()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        // Whoever the registry sent us to says nothing about how to log in to the registry.
        if !same_host(response.url(), &self.base(call)?) {
            return Ok(response);
        }
        // The first request to a host shows how it wants to be logged in to; later on a token may have ended early.
        let challenge = response.headers().get_all(WWW_AUTHENTICATE).iter();
        let challenge = challenge.filter_map(|header| Challenge::parse(header.to_str().ok()?)).next();
        let Some(challenge) = challenge else { return Ok(response) };
        if let Some(authorization) = &authorization {
            if let Some(ecr) = self.ecr(call.repository) {
                ecr.refuse(authorization).await;
            }
            if let Some(cloud) = self.cloud(call.repository) {
                cloud.refuse(authorization).await;
            }
        }
        {
            let mut known = self.known();
            known.learn_challenge(call.repository, challenge);
            known.tokens.remove(&(call.repository.clone(), scopes.clone()));
        }
        match self.authorization(call, &scopes).await? {
            Some(second) if Some(&second) != authorization.as_ref() => self.send_following(call, Some(&second)).await,
            _ => Ok(response),
        }
    }

    /// Returns a URL on the registry itself, whatever the call's own URL is.
    pub(crate) fn base(&self, call: &Call<'_>) -> Result<Url, RegistryError> {
        endpoint::url(call.repository, self.options_of(call.repository), "")
    }

    /// Sends a request and follows redirects. Credentials stay with the registry's own host.
    async fn send_following(&self, call: &Call<'_>, authorization: Option<&str>) -> Result<Response, RegistryError> {
        let registry = self.base(call)?;
        let sends_blob = matches!(call.body, Body::Stream(..));
        let mut url = call.url.clone();
        for _ in 0..=REDIRECT_LIMIT {
            let http = self.http(call.repository, &url, sends_blob)?;
            let mut request = http.request(call.method.clone(), url.clone()).header(ACCEPT, call.accept);
            if let Some(content_type) = call.content_type {
                request = request.header(CONTENT_TYPE, content_type);
            }
            if let Some((name, value)) = &call.condition {
                request = request.header(name, value);
            }
            if let Some(authorization) = authorization.filter(|_| same_host(&url, &registry)) {
                request = request.header(AUTHORIZATION, authorization);
            }
            request = match &call.body {
                Body::Empty if call.method == Method::GET || call.method == Method::HEAD => request,
                Body::Empty => request.header(CONTENT_LENGTH, 0),
                Body::Bytes(bytes) => request.body(bytes.clone()),
                Body::Stream(length, open) => request.header(CONTENT_LENGTH, *length).body(open().await?),
            };
            let budget = self.budget(call.repository);
            let turn = match &call.body {
                // Who sends a blob has a turn already, for as long as that takes.
                Body::Stream(..) => None,
                Body::Empty | Body::Bytes(_) => Some(budget.request().await),
            };
            let asked = budget.asked();
            let response =
                request.send().await.map_err(|error| RegistryError::unreachable(&call.method, &url, error))?;
            // Others are as busy as they are.
            if same_host(&url, &registry) {
                budget.answered(asked, response.status().as_u16(), response.headers());
                if header(response.headers(), &DOCKER_VERSION) == Some("registry/2.0") {
                    self.known().learn_docker(call.repository);
                }
            }
            drop(turn);
            let location = header(response.headers(), &LOCATION)
                .filter(|_| response.status().is_redirection() && call.redirects != Redirects::Never);
            let Some(location) = location else { return Ok(response) };
            let leads_elsewhere = || !url.join(location).is_ok_and(|to| same_host(&url, &to));
            if call.redirects == Redirects::WithinHost && leads_elsewhere() {
                return Ok(response);
            }
            url = follow(&url, location)?;
        }
        Err(RegistryError::Protocol { url: redacted(&call.url), problem: "it redirects in a circle".to_owned() })
    }
}

/// Reads an answer of at most `limit` bytes.
pub(crate) async fn read_limited(mut response: Response, limit: u64) -> Result<Bytes, RegistryError> {
    let url = response.url().clone();
    let mut bytes = Vec::new();
    loop {
        let chunk = response.chunk().await.map_err(|error| RegistryError::unreachable("GET", &url, error))?;
        let Some(chunk) = chunk else { return Ok(bytes.into()) };
        if (bytes.len() + chunk.len()) as u64 > limit {
            return Err(RegistryError::TooLarge { url: redacted(&url), limit });
        }
        bytes.extend_from_slice(&chunk);
    }
}

/// Returns a header that is text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Returns whether a request that got no answer may get one the next time. Those who give logins and tokens were asked several times already.
fn may_pass(error: &RegistryError) -> bool {
    let is_request = matches!(error, RegistryError::Unreachable { .. } | RegistryError::Stalled { .. });
    is_request && error.kind() == ErrorKind::Unreachable
}

pub(crate) fn is_temporary(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WebError;
    use crate::aws::AwsError;
    use crate::cloud::CloudError;

    #[test]
    fn only_the_registry_itself_is_asked_again() {
        let (url, seconds) = ("https://x.example/".to_owned(), 60);
        let web = WebError::Unreachable { url: url.clone(), reason: "no answer".to_owned() };
        for (error, expected) in [
            (RegistryError::Stalled { url, seconds }, true),
            (AwsError::from(web.clone()).into(), false),
            (CloudError::from(web).into(), false),
        ] {
            assert_eq!((error.kind(), may_pass(&error)), (ErrorKind::Unreachable, expected), "{error}");
        }
    }
}
