//! Token services: the ones that ask for a name and a password (distribution, "Token Authentication Specification"), and what they give for an
//! identity token (distribution, "OAuth2 Token Authentication").

use crate::auth::basic;
use crate::endpoint::{address, leads_inside, redacted};
use crate::options::HostOptions;
use crate::pause::{retry_after, wait};
use crate::transport::{TRIES, is_temporary, read_limited};
use crate::web::form;
use crate::{Credentials, RegistryError, Secret};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Response, Url};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Largest answer of a token service, in bytes.
const ANSWER_LIMIT: u64 = 64 << 10;
/// How long an answer may take, all of it. Others wait for it who want a token, too.
const TIME: Duration = if cfg!(test) { Duration::from_millis(300) } else { Duration::from_secs(30) };
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
    /// What is particular about some hosts: credentials may go to some in plain HTTP.
    pub(crate) hosts: &'a BTreeMap<String, HostOptions>,
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
        let refused = |problem: &str| self.refused(&realm, None, problem.to_owned());
        let response = self.answered(http, &realm, credentials).await?;
        let status = response.status();
        let body = read_limited(response, ANSWER_LIMIT).await?;
        if !status.is_success() {
            return Err(self.refused(&realm, Some(status.as_u16()), format!("it answers {}", status.as_u16())));
        }
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| refused("its answer is not a token"))?;
        let lifetime = answer.expires_in.map_or(DEFAULT_LIFETIME, |seconds| Duration::from_secs(seconds.min(86_400)));
        let some = |text: Option<String>| text.filter(|text| !text.is_empty()).map(Secret::new);
        let value = some(answer.token.or(answer.access_token));
        let value = value.ok_or_else(|| refused("its answer holds no token"))?;
        let expires = Instant::now() + lifetime.saturating_sub(MARGIN);
        Ok(Token { value, expires, identity: some(answer.refresh_token) })
    }

    /// Asks, and asks again where that may help.
    async fn answered(
        &self,
        http: &reqwest::Client,
        realm: &Url,
        credentials: &Credentials,
    ) -> Result<Response, RegistryError> {
        let mut attempt = 1;
        loop {
            let (method, request) = match credentials {
                Credentials::Identity(identity) => ("POST", self.exchange(http, realm, identity)),
                Credentials::Basic { username, password } => {
                    ("GET", self.question(http, realm).header(AUTHORIZATION, basic(username, password.expose())))
                }
                Credentials::Anonymous | Credentials::Bearer(_) => ("GET", self.question(http, realm)),
            };
            let response = request.timeout(TIME).send().await;
            let response = response.map_err(|error| RegistryError::unreachable(method, realm, error))?;
            if attempt >= TRIES || !is_temporary(response.status().as_u16()) {
                return Ok(response);
            }
            wait(attempt, retry_after(response.headers())).await;
            attempt += 1;
        }
    }

    /// Returns the service's URL. It must be reached by HTTPS, since credentials go to it, unless the registry itself is spoken to in plain HTTP and
    /// what is said to it stays where that is spoken. A registry elsewhere cannot name an address of this machine or its network.
    fn realm(&self) -> Result<Url, RegistryError> {
        let url = Url::parse(self.realm).map_err(|_| {
            let (registry, realm) = (self.registry_name(), self.realm.chars().take(200).collect());
            RegistryError::Token { registry, realm, status: None, problem: "that is not a URL".to_owned() }
        })?;
        let is_plain = url.scheme() == "http" && self.registry.scheme() == "http" && self.speaks_plain(&url);
        if url.scheme() != "https" && !is_plain {
            return Err(self.refused(&url, None, "it is not reached by HTTPS".to_owned()));
        }
        if leads_inside(self.registry, &url) {
            return Err(self.refused(&url, None, "it is an address of this machine or its network".to_owned()));
        }
        Ok(url)
    }

    /// Returns whether plain HTTP is spoken to a host: to the registry's own, to this machine, and where somebody said so.
    fn speaks_plain(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let name = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let is_near = host == "localhost" || address(url).is_some_and(|address| address.is_loopback());
        let is_said = self.hosts.get(&name).is_some_and(|options| options.plain_http == Some(true));
        is_near || is_said || self.registry.host_str() == Some(host)
    }

    fn question(&self, http: &reqwest::Client, realm: &Url) -> reqwest::RequestBuilder {
        let mut url = realm.clone();
        url.query_pairs_mut().extend_pairs(self.service.map(|service| ("service", service)));
        url.query_pairs_mut().extend_pairs(self.scopes.iter().map(|scope| ("scope", scope)));
        http.get(url)
    }

    /// Shows the identity token in the body only: URLs are written to logs.
    fn exchange(&self, http: &reqwest::Client, realm: &Url, identity: &Secret) -> reqwest::RequestBuilder {
        let scopes = self.scopes.join(" ");
        let mut fields = vec![("grant_type", "refresh_token"), ("client_id", CLIENT)];
        fields.extend(self.service.map(|service| ("service", service)));
        fields.extend([("scope", scopes.as_str()), ("refresh_token", identity.expose())]);
        http.post(realm.clone()).header(CONTENT_TYPE, form::TYPE).body(form::encode(fields))
    }

    fn refused(&self, realm: &Url, status: Option<u16>, problem: String) -> RegistryError {
        RegistryError::Token { registry: self.registry_name(), realm: redacted(realm), status, problem }
    }

    fn registry_name(&self) -> String {
        self.registry.host_str().unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use std::net::Ipv4Addr;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn no_credentials_go_to_a_service_that_is_not_safe() {
        for (registry, realm) in [
            ("https://ghcr.io/", "http://auth.example/token"),
            ("https://ghcr.io/", "ftp://auth.example/token"),
            ("http://127.0.0.1:5000/", "file:///token"),
            // What stands behind a tunnel may name hosts that are not.
            ("http://127.0.0.1:5000/", "http://harbor.corp/service/token"),
            ("http://localhost:5000/", "http://10.0.0.1/token"),
            ("http://localhost:5000/", "http://localhost.corp/token"),
            ("http://registry.corp/", "http://auth.corp/token"),
            ("http://registry.corp/", "http://plain.corp:80/token"),
            ("https://ghcr.io/", "http://plain.corp:8080/token"),
            ("https://ghcr.io/", "token"),
            ("https://ghcr.io/", ""),
            ("https://ghcr.io/", "https://127.0.0.1/token"),
            ("https://ghcr.io/", "https://169.254.169.254/token"),
        ] {
            let registry = Url::parse(registry).unwrap();
            let plain = HostOptions { plain_http: Some(true), ..HostOptions::default() };
            let hosts = BTreeMap::from([("plain.corp:8080".to_owned(), plain)]);
            let wanted = Wanted { registry: &registry, hosts: &hosts, realm, service: None, scopes: &[] };
            for credentials in [Credentials::named("me", "secret"), Credentials::named("<token>", "secret")] {
                let asked = wanted.ask(|_| Ok(reqwest::Client::new()), &credentials).await;
                assert!(matches!(asked, Err(RegistryError::Token { .. })), "{realm}");
            }
        }
    }

    #[test]
    fn plain_http_is_spoken_where_somebody_said_so() {
        for (registry, realm) in [
            ("http://127.0.0.1:5000/", "http://127.0.0.1:5001/token"),
            ("http://localhost:5000/", "http://[::1]/token"),
            ("http://registry.corp:5000/", "http://registry.corp/token"),
            ("http://registry.corp/", "http://plain.corp:8080/token"),
            ("http://registry.corp/", "https://auth.corp/token"),
        ] {
            let registry = Url::parse(registry).unwrap();
            let plain = HostOptions { plain_http: Some(true), ..HostOptions::default() };
            let hosts = BTreeMap::from([("plain.corp:8080".to_owned(), plain)]);
            let wanted = Wanted { registry: &registry, hosts: &hosts, realm, service: None, scopes: &[] };
            assert_eq!(wanted.realm().map(|url| url.to_string()).ok().as_deref(), Some(realm));
        }
    }

    #[tokio::test]
    async fn an_answer_that_never_ends_is_none() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let realm = format!("http://{}/token", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n").await.unwrap();
            // Something always comes.
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(TIME / 10).await;
            }
        });
        let (registry, hosts) = (Url::parse(&realm).unwrap(), BTreeMap::new());
        let wanted = Wanted { registry: &registry, hosts: &hosts, realm: &realm, service: None, scopes: &[] };
        let asked = wanted.ask(|_| Ok(reqwest::Client::new()), &Credentials::Anonymous);
        let asked = tokio::time::timeout(TIME * 20, asked).await.expect("it ends");
        assert_eq!(asked.map(|_| ()).unwrap_err().kind(), ErrorKind::Unreachable);
        serving.abort();
    }
}
