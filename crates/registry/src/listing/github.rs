use super::Pages;
use crate::RegistryError;
use reqwest::Url;
use serde::Deserialize;

/// Packages on a page: the most that GitHub gives.
const ON_A_PAGE: usize = 100;

#[derive(Deserialize)]
struct Package {
    name: String,
}

impl Pages<'_> {
    /// Reads the container packages of an organization, or else of a user (GitHub REST API 2022-11-28, "List packages for an organization" and "for a
    /// user").
    pub(super) async fn of_github(&mut self) -> Result<(), RegistryError> {
        let base = Self::base(self.listings.github.as_deref(), "https://api.github.com")?;
        for kind in ["orgs", "users"] {
            let path = format!("{}/{kind}/{}/packages", base.path().trim_end_matches('/'), self.account);
            let mut url = base.clone();
            url.set_path(&path);
            if self.packages(url).await? {
                return Ok(());
            }
        }
        let problem = format!("GitHub knows no account `{}`, or shows its packages to others only", self.account);
        Err(RegistryError::Protocol { url: self.at.to_string(), problem })
    }

    /// Reads the packages of an account; `false` if it is none of this kind.
    async fn packages(&mut self, mut url: Url) -> Result<bool, RegistryError> {
        let mut headers = vec![
            ("accept", "application/vnd.github+json".to_owned()),
            ("x-github-api-version", "2022-11-28".to_owned()),
        ];
        let token = self.listings.github_token.as_ref();
        headers.extend(token.map(|token| ("authorization", format!("Bearer {}", token.expose()))));
        for page in 1.. {
            url.set_query(Some(&format!("package_type=container&per_page={ON_A_PAGE}&page={page}")));
            let Some(packages) = self.page::<Vec<Package>>(&url, &headers).await? else { return Ok(page > 1) };
            let is_last = packages.len() < ON_A_PAGE;
            self.take(&url, packages.into_iter().map(|package| package.name))?;
            if is_last {
                break;
            }
        }
        Ok(true)
    }
}
