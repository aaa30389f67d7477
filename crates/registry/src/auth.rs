use crate::challenge::Challenge;
use crate::endpoint::{leads_inside, redacted};
use crate::transport::read_limited;
use crate::{Credentials, RegistryError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use consign_oci::Repository;
use reqwest::Url;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// Largest answer of a token service, in bytes.
const TOKEN_LIMIT: u64 = 64 << 10;
/// How long a token lasts where its service does not say (distribution's token specification).
const DEFAULT_LIFETIME: Duration = Duration::from_secs(60);
/// Tokens are not used in their last seconds.
const MARGIN: Duration = Duration::from_secs(10);

/// What a request is about to do, for which it needs a token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action<'a> {
    /// Read from the repository.
    Pull,
    /// Write to it.
    Push,
    /// Write to it, and take a blob from another repository of the same registry.
    Mount(&'a Repository),
}

impl Action<'_> {
    /// Returns the scopes to ask for.
    pub(crate) fn scopes(self, repository: &Repository) -> Vec<String> {
        let push = format!("repository:{}:pull,push", repository.path());
        match self {
            Self::Pull => vec![format!("repository:{}:pull", repository.path())],
            Self::Push => vec![push],
            Self::Mount(from) => vec![push, format!("repository:{}:pull", from.path())],
        }
    }
}

/// A token and when it ends.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) value: String,
    pub(crate) expires: Instant,
}

/// Returns the value of `Authorization` for a name and a password.
pub(crate) fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{username}:{password}")))
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// Asks the token service that a registry names for a token.
///
/// The service must be reached by HTTPS, unless the registry itself is spoken to in plain HTTP: credentials go to it.
/// A registry elsewhere cannot name an address of this machine or its network.
pub(crate) async fn token(
    http: &reqwest::Client,
    registry: &Url,
    challenge: (&str, Option<&str>),
    scopes: &[String],
    credentials: &Credentials,
) -> Result<Token, RegistryError> {
    let (realm, service) = challenge;
    let host = registry.host_str().unwrap_or_default().to_owned();
    let refused = |realm: String, problem: String| RegistryError::Token { registry: host.clone(), realm, problem };
    let mut url =
        Url::parse(realm).map_err(|_| refused(realm.chars().take(200).collect(), "that is not a URL".to_owned()))?;
    let safe = url.scheme() == "https" || (url.scheme() == "http" && registry.scheme() == "http");
    if !safe {
        return Err(refused(redacted(&url), "it is not reached by HTTPS".to_owned()));
    }
    if leads_inside(registry, &url) {
        return Err(refused(redacted(&url), "it is an address of this machine or its network".to_owned()));
    }
    url.query_pairs_mut().extend_pairs(service.map(|service| ("service", service)));
    url.query_pairs_mut().extend_pairs(scopes.iter().map(|scope| ("scope", scope)));
    let mut request = http.get(url.clone());
    if let Credentials::Basic { username, password } = credentials {
        request = request.header(reqwest::header::AUTHORIZATION, basic(username, password.expose()));
    }
    let failed = |problem: String| refused(redacted(&url), problem);
    let response = request.send().await.map_err(|error| RegistryError::Unreachable {
        method: "GET".to_owned(),
        url: redacted(&url),
        source: error.without_url(),
    })?;
    let status = response.status();
    let body = read_limited(response, TOKEN_LIMIT).await?;
    if !status.is_success() {
        return Err(failed(format!("it answers {}", status.as_u16())));
    }
    let answer: Answer = serde_json::from_slice(&body).map_err(|_| failed("its answer is not a token".to_owned()))?;
    let lifetime = answer.expires_in.map_or(DEFAULT_LIFETIME, |seconds| Duration::from_secs(seconds.min(86_400)));
    let value = answer.token.or(answer.access_token).filter(|token| !token.is_empty());
    let value = value.ok_or_else(|| failed("its answer holds no token".to_owned()))?;
    Ok(Token { value, expires: Instant::now() + lifetime.saturating_sub(MARGIN) })
}

/// What a host wants, once it is known.
#[derive(Clone, Default)]
pub(crate) struct HostAuth {
    pub(crate) challenge: Option<Challenge>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    #[tokio::test]
    async fn no_credentials_go_to_a_service_that_is_not_safe() {
        let credentials = Credentials::Basic { username: "me".into(), password: Secret::new("secret") };
        for (registry, realm) in [
            ("https://ghcr.io/", "http://auth.example/token"),
            ("https://ghcr.io/", "ftp://auth.example/token"),
            ("http://127.0.0.1:5000/", "file:///token"),
            ("https://ghcr.io/", "token"),
            ("https://ghcr.io/", ""),
            ("https://ghcr.io/", "https://127.0.0.1/token"),
            ("https://ghcr.io/", "https://169.254.169.254/token"),
        ] {
            let registry = Url::parse(registry).unwrap();
            let asked = token(&reqwest::Client::new(), &registry, (realm, None), &[], &credentials).await;
            assert!(matches!(asked, Err(RegistryError::Token { .. })), "{realm}");
        }
    }

    #[test]
    fn scopes_are_no_wider_than_the_action() {
        let [one, other] = ["ghcr.io/a/b", "ghcr.io/c"].map(|text| text.parse().unwrap());
        assert_eq!(Action::Pull.scopes(&one), ["repository:a/b:pull"]);
        assert_eq!(Action::Push.scopes(&one), ["repository:a/b:pull,push"]);
        assert_eq!(Action::Mount(&other).scopes(&one), ["repository:a/b:pull,push", "repository:c:pull"]);
    }
}
