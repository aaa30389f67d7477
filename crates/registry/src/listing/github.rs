use super::{PAGES, Pages};
use crate::RegistryError;
use crate::endpoint::redacted;
use crate::paging::Paging;
use reqwest::Url;
use serde::Deserialize;

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
        Err(self.nothing("GitHub"))
    }

    /// Reads the packages of an account; `false` if it is none of this kind.
    async fn packages(&mut self, mut url: Url) -> Result<bool, RegistryError> {
        let mut headers = vec![
            ("accept", "application/vnd.github+json".to_owned()),
            ("x-github-api-version", "2022-11-28".to_owned()),
        ];
        let token = self.listings.github_token.as_ref();
        headers.extend(token.map(|token| ("authorization", format!("Bearer {}", token.expose()))));
        // A hundred are the most that it puts on a page. Which page follows it says itself (REST API, "Using pagination").
        url.set_query(Some("package_type=container&per_page=100"));
        let mut paging = Paging::new(PAGES);
        let Some(mut page) = self.page::<Vec<Package>>(&url, &headers).await? else { return Ok(false) };
        loop {
            let (packages, answered) = page;
            self.take(&url, packages.into_iter().map(|package| package.name))?;
            let Some(next) = paging.next(&url, &answered)? else { return Ok(true) };
            let problem = "its next page is not there".to_owned();
            let gone = RegistryError::Protocol { url: redacted(&url), problem };
            page = self.page(&next, &headers).await?.ok_or(gone)?;
            url = next;
        }
    }
}
