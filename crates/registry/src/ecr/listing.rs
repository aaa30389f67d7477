//! The repositories of a registry of ECR, which ECR's own service lists.

use super::Registry;
use super::session::Session;
use crate::aws::{Asked, AwsError};
use crate::catalog::LIMIT;
use consign_oci::{RegistryPath, Repository};
use serde::Deserialize;
use serde_json::json;

/// Repositories on a page: the most that ECR gives.
const ON_A_PAGE: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    repositories: Vec<Described>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    repository_name: String,
    /// Its name with the registry, in the public one also with what the account is called there.
    repository_uri: Option<String>,
}

impl Session<'_> {
    /// Lists the repositories that lie at a path (`DescribeRepositories`); of the public registry, those of the account whose keys there are. `None`
    /// where there are no keys.
    pub(crate) async fn repositories(&self, at: &RegistryPath) -> Result<Option<Vec<Repository>>, AwsError> {
        let keys = match self.any_keys(Asked::All).await {
            Err(AwsError::NoCredentials { .. }) => return Ok(None),
            keys => keys?,
        };
        let endpoint = self.endpoint();
        let api = self.api(&keys, &endpoint);
        let mut found = Vec::new();
        let mut question = json!({"maxResults": ON_A_PAGE});
        if let Registry::Private { account: Some(account), .. } = &self.ecr.registry {
            question["registryId"] = json!(account);
        }
        for _ in 0..LIMIT / ON_A_PAGE {
            let page: Page = api.ask("DescribeRepositories", &question).await?;
            let named = page.repositories.iter().filter_map(|described| self.named(described));
            found.extend(named.filter(|repository| at.holds(repository)));
            match page.next_token {
                Some(token) => question["nextToken"] = json!(token),
                None => return Ok(Some(found)),
            }
        }
        Err(AwsError::source("Amazon ECR", format!("the registry has more than {LIMIT} repositories")))
    }

    fn named(&self, Described { repository_name, repository_uri }: &Described) -> Option<Repository> {
        let path = match self.ecr.registry {
            Registry::Private { .. } => repository_name.as_str(),
            Registry::Public { .. } => repository_uri.as_ref()?.split_once('/')?.1,
        };
        format!("{}/{path}", self.name).parse().ok()
    }
}
