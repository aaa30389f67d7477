//! Repositories of hosts that list them by an API of their own.

mod github;
mod hub;
mod quay;

use crate::catalog::LIMIT;
use crate::endpoint::redacted;
use crate::web::{Request, Web, WebError, address};
use crate::{RegistryError, Secret};
use consign_oci::{RegistryPath, Repository};
use reqwest::Url;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

/// Largest page, in bytes. GitHub says a lot about each package.
const PAGE: usize = 8 << 20;
/// Most pages of a list.
const PAGES: usize = 1_000;

/// How hosts are asked that list repositories by an API of their own.
#[derive(Clone, Debug, Default)]
pub struct Listings {
    /// What is shown to GitHub. It lists packages to nobody without one.
    pub github_token: Option<Secret>,
    /// Where the API of GitHub is, if elsewhere.
    pub github: Option<String>,
    /// Where the API of Docker Hub is, if elsewhere.
    pub hub: Option<String>,
    /// Where the API of Quay is, if elsewhere.
    pub quay: Option<String>,
}

/// A list that is being read.
struct Pages<'a> {
    web: Web<'a>,
    listings: &'a Listings,
    at: &'a RegistryPath,
    /// The first part of the path: the account whose repositories are listed.
    account: &'a str,
    found: Vec<Repository>,
    count: usize,
}

/// Lists what lies at a path, if its host has an API of its own for that; `None` if it has none, or does not list all that there is.
pub(crate) async fn list(
    web: Web<'_>,
    listings: &Listings,
    at: &RegistryPath,
) -> Option<Result<Vec<Repository>, RegistryError>> {
    let account = at.path().split('/').next().filter(|account| !account.is_empty())?;
    let mut pages = Pages { web, listings, at, account, found: Vec::new(), count: 0 };
    let listed = match at.registry() {
        "docker.io" => pages.of_hub().await,
        "ghcr.io" => pages.of_github().await,
        "quay.io" => pages.of_quay().await,
        _ => return None,
    };
    Some(listed.map(|()| pages.found))
}

impl Pages<'_> {
    /// Returns where an API is.
    fn base(given: Option<&str>, usual: &str) -> Result<Url, RegistryError> {
        address::tokens(given.unwrap_or(usual), "a list of repositories").map_err(failed)
    }

    /// Reads a page, and the headers that came with it; `None` if there is nothing of that name.
    async fn page<T: DeserializeOwned>(
        &mut self,
        url: &Url,
        headers: &[(&'static str, String)],
    ) -> Result<Option<(T, HeaderMap)>, RegistryError> {
        self.count += 1;
        let broken = |problem: String| RegistryError::Protocol { url: redacted(url), problem };
        if self.count > PAGES {
            return Err(broken(format!("the list has more than {PAGES} pages")));
        }
        let request = || Request::get(url.clone(), headers.to_vec());
        let answer = self.web.ask_for(PAGE, request).await.map_err(failed)?;
        match answer.status {
            200 => {}
            404 => return Ok(None),
            status => {
                let (method, url) = ("GET".to_owned(), redacted(url));
                let (code, message, missing, quota) = (None, None, Vec::new(), None);
                return Err(RegistryError::Answer { method, url, status, code, message, missing, quota });
            }
        }
        // What a parser says may quote what it read.
        let page = serde_json::from_slice(&answer.body).map_err(|_| broken("not a list of repositories".to_owned()))?;
        Ok(Some((page, answer.headers)))
    }

    /// Makes the error that nothing is listed.
    fn nothing(&self, host: &str) -> RegistryError {
        let problem = format!("{host} knows no account `{}`, or shows what it has to others only", self.account);
        RegistryError::Protocol { url: self.at.to_string(), problem }
    }

    /// Takes repositories of the account by their names there. What can be no repository, or lies elsewhere, is left out.
    fn take(&mut self, url: &Url, names: impl Iterator<Item = String>) -> Result<(), RegistryError> {
        let (registry, account) = (self.at.registry(), self.account);
        let named = names.filter_map(|name| format!("{registry}/{account}/{name}").parse::<Repository>().ok());
        self.found.extend(named.filter(|repository| self.at.holds(repository)));
        if self.found.len() > LIMIT {
            let problem = format!("the account has more than {LIMIT} repositories");
            return Err(RegistryError::Protocol { url: redacted(url), problem });
        }
        Ok(())
    }
}

fn failed(error: WebError) -> RegistryError {
    let (url, problem) = match error {
        WebError::Source { place, problem } => (place.to_owned(), problem),
        WebError::Unreachable { url, reason } => (url, reason),
        WebError::Answer { url, problem } => (url, problem),
    };
    RegistryError::Protocol { url, problem }
}
