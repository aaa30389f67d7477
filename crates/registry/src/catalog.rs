use crate::auth::Action;
use crate::endpoint::redacted;
use crate::paging::Paging;
use crate::refusal::is_page;
use crate::transport::{Call, read_limited};
use crate::{Client, Credentials, RegistryError, listing};
use consign_oci::{DOCUMENT_LIMIT, RegistryPath, Repository};
use reqwest::StatusCode;
use serde::Deserialize;

/// Most repositories of a registry that are read.
pub(crate) const LIMIT: usize = 100_000;
/// Most pages of a list.
const PAGES: usize = 1_000;
/// Registries that are known to list their repositories to nobody in this way. Some answer as if credentials were missing.
const WITHOUT: [&str; 3] = ["docker.io", "ghcr.io", "public.ecr.aws"];

/// The repositories of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catalog {
    /// These, in the registry's order.
    Listed(Vec<Repository>),
    /// The registry does not list them.
    NotOffered,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    repositories: Option<Vec<String>>,
}

impl Client {
    /// Lists the repositories of a registry that lie at a path, if it does that (distribution, "Listing Repositories"; it is in no OCI specification).
    /// Docker Hub, GitHub and Quay list those of an account by APIs of their own, and so does Amazon ECR where there are keys of AWS.
    ///
    /// An answer that is no such list, or a longer one than is read, is an error, and so is a refusal of the credentials.
    pub async fn catalog(&self, at: &RegistryPath) -> Result<Catalog, RegistryError> {
        if let Some(listed) = listing::list(self.web(), self.listings(), at).await {
            return listed.map(Catalog::Listed);
        }
        let anywhere = at.some_repository();
        if let Some(session) = self.ecr(&anywhere).filter(|_| *self.credentials_of(&anywhere) == Credentials::Anonymous)
            && let Some(found) = session.repositories(at).await?
        {
            return Ok(Catalog::Listed(found));
        }
        if WITHOUT.contains(&at.registry()) {
            return Ok(Catalog::NotOffered);
        }
        let mut call = Call::of_registry(self, &anywhere, "/v2/_catalog?n=1000", Action::List)?;
        call.accept = "application/json";
        let mut paging = Paging::new(PAGES);
        let mut read = 0;
        let mut found = Vec::new();
        loop {
            let response = self.send(&call).await?;
            if response.status() != StatusCode::OK || is_page(response.headers()) {
                return match self.refused(&call, response).await {
                    RegistryError::Answer { status: 404 | 405 | 501, .. } => Ok(Catalog::NotOffered),
                    RegistryError::Answer { code: Some(code), .. } if code == "UNSUPPORTED" => Ok(Catalog::NotOffered),
                    error => Err(error),
                };
            }
            let next = paging.next(&call.url, response.headers())?;
            let bytes = read_limited(response, DOCUMENT_LIMIT).await?;
            let broken = |problem: String| RegistryError::Protocol { url: redacted(&call.url), problem };
            if !bytes.trim_ascii_start().starts_with(b"{") {
                return Err(broken("not a list of repositories".to_owned()));
            }
            let page: Page = serde_json::from_slice(&bytes)
                .map_err(|error| broken(format!("not a list of repositories: {error}")))?;
            let names = page.repositories.unwrap_or_default();
            read += names.len();
            if read > LIMIT {
                return Err(broken(format!("the registry has more than {LIMIT} repositories")));
            }
            let here = names.iter().filter_map(|name| format!("{}/{name}", at.registry()).parse().ok());
            found.extend(here.filter(|repository: &Repository| at.holds(repository)));
            match next {
                Some(url) => call.url = url,
                None => return Ok(Catalog::Listed(found)),
            }
        }
    }
}
