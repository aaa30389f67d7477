use super::Pages;
use crate::RegistryError;
use serde::Deserialize;

#[derive(Deserialize)]
struct Page {
    repositories: Vec<Entry>,
    /// What the next page is asked for with.
    next_page: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    namespace: String,
    name: String,
}

impl Pages<'_> {
    /// Reads the public repositories of an organization or user (Quay API v1, "listRepos").
    pub(super) async fn of_quay(&mut self) -> Result<(), RegistryError> {
        let mut url = Self::base(self.listings.quay.as_deref(), "https://quay.io")?;
        url.set_path(&format!("{}/api/v1/repository", url.path().trim_end_matches('/')));
        let (mut token, mut is_empty): (Option<String>, bool) = (None, true);
        loop {
            {
                let mut query = url.query_pairs_mut();
                query.clear().append_pair("namespace", self.account).append_pair("public", "true");
                query.extend_pairs(token.iter().map(|token| ("next_page", token)));
            }
            let Some((page, _)) = self.page::<Page>(&url, &[]).await? else { return Err(self.nothing("Quay")) };
            is_empty &= page.repositories.is_empty();
            let account = self.account.to_owned();
            let here = page.repositories.into_iter().filter(|entry| entry.namespace == account);
            self.take(&url, here.map(|entry| entry.name))?;
            token = page.next_page;
            if token.is_none() {
                break;
            }
        }
        // Of an account that it does not know, it lists nothing, and does not say so.
        if is_empty { Err(self.nothing("Quay")) } else { Ok(()) }
    }
}
