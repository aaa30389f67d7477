//! Token services: the ones that ask for a name and a password (distribution, "Token Authentication Specification"), and what they give for an
//! identity token (distribution, "OAuth2 Token Authentication").

use crate::auth::basic;
use crate::endpoint::{leads_inside, redacted};
use crate::transport::read_limited;
use crate::{Credentials, RegistryError, Secret};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;
use std::time::{Duration, Instant};

/// Largest answer of a token service, in bytes.
const ANSWER_LIMIT: u64 = 64 << 10;
/// How long a token lasts where its service does not say.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(60);
/// Tokens are not used in their last seconds.
const MARGIN: Duration = Duration::from_secs(10);
/// Says which program asks.
const CLIENT: &str = "consign";

/// A token and when it ends.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) value: Secret,
    pub(crate) expires: Instant,
    /// What replaces the identity token that it was given for.
    pub(crate) identity: Option<Secret>,
}

/// What a token is wanted for.
pub(crate) struct Wanted<'a> {
    /// A URL of the registry that wants it.
    pub(crate) registry: &'a Url,
    /// The token service, as the registry names it.
    pub(crate) realm: &'a str,
    /// The registry's name at the service.
    pub(crate) service: Option<&'a str>,
    /// What it should allow.
    pub(crate) scopes: &'a [String],
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<u64>,
}

impl Wanted<'_> {
    /// Asks the service for a token, over connections that lead to its URL.
    pub(crate) async fn ask(
        &self,
        http: impl FnOnce(&Url) -> Result<reqwest::Client, RegistryError>,
        credentials: &Credentials,
    ) -> Result<Token, RegistryError> {
        let realm = self.realm()?;
        let http = &http(&realm)?;
        let refused = |problem: String| self.refused(redacted(&realm), problem);
        let (method, request) = match credentials {
            Credentials::Identity(identity) => ("POST", self.exchange(http, &realm, identity)),
            Credentials::Basic { username, password } => {
                ("GET", self.question(http, &realm).header(AUTHORIZATION, basic(username, password.expose())))
            }
            Credentials::Anonymous | Credentials::Bearer(_) => ("GET", self.question(http, &realm)),
        };
        let response = request.send().await.map_err(|error| RegistryError::unreachable(method, &realm, error))?;
        let status = response.status();
        let body = read_limited(response, ANSWER_LIMIT).await?;
        if !status.is_success() {
            return Err(refused(format!("it answers {}", status.as_u16())));
        }
        let answer: Answer =
            serde_json::from_slice(&body).map_err(|_| refused("its answer is not a token".to_owned()))?;
        let lifetime = answer.expires_in.map_or(DEFAULT_LIFETIME, |seconds| Duration::from_secs(seconds.min(86_400)));
        let some = |text: Option<String>| text.filter(|text| !text.is_empty()).map(Secret::new);
        let value = some(answer.token.or(answer.access_token));
        let value = value.ok_or_else(|| refused("its answer holds no token".to_owned()))?;
        let expires = Instant::now() + lifetime.saturating_sub(MARGIN);
        Ok(Token { value, expires, identity: some(answer.refresh_token) })
    }

    /// Returns the service's URL. It must be reached by HTTPS, unless the registry itself is spoken to in plain HTTP: credentials go to it.
    /// A registry elsewhere cannot name an address of this machine or its network.
    fn realm(&self) -> Result<Url, RegistryError> {
        let url = Url::parse(self.realm)
            .map_err(|_| self.refused(self.realm.chars().take(200).collect(), "that is not a URL".to_owned()))?;
        let safe = url.scheme() == "https" || (url.scheme() == "http" && self.registry.scheme() == "http");
        if !safe {
            return Err(self.refused(redacted(&url), "it is not reached by HTTPS".to_owned()));
        }
        if leads_inside(self.registry, &url) {
            return Err(self.refused(redacted(&url), "it is an address of this machine or its network".to_owned()));
        }
        Ok(url)
    }

    fn question(&self, http: &reqwest::Client, realm: &Url) -> reqwest::RequestBuilder {
        let mut url = realm.clone();
        url.query_pairs_mut().extend_pairs(self.service.map(|service| ("service", service)));
        url.query_pairs_mut().extend_pairs(self.scopes.iter().map(|scope| ("scope", scope)));
        http.get(url)
    }

    /// Shows the identity token in the body only: URLs are written to logs.
    fn exchange(&self, http: &reqwest::Client, realm: &Url, identity: &Secret) -> reqwest::RequestBuilder {
        let mut form = realm.clone();
        form.set_query(None);
        form.query_pairs_mut()
            .append_pair("grant_type", "refresh_token")
            .append_pair("client_id", CLIENT)
            .extend_pairs(self.service.map(|service| ("service", service)))
            .append_pair("scope", &self.scopes.join(" "))
            .append_pair("refresh_token", identity.expose());
        let form = form.query().unwrap_or_default().to_owned();
        http.post(realm.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
    }

    fn refused(&self, realm: String, problem: String) -> RegistryError {
        let registry = self.registry.host_str().unwrap_or_default().to_owned();
        RegistryError::Token { registry, realm, problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_credentials_go_to_a_service_that_is_not_safe() {
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
            let wanted = Wanted { registry: &registry, realm, service: None, scopes: &[] };
            for credentials in [Credentials::named("me", "secret"), Credentials::named("<token>", "secret")] {
                let asked = wanted.ask(|_| Ok(reqwest::Client::new()), &credentials).await;
                assert!(matches!(asked, Err(RegistryError::Token { .. })), "{realm}");
            }
        }
    }
}
