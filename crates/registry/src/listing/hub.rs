use super::Pages;
use crate::RegistryError;
use serde::Deserialize;

#[derive(Deserialize)]
struct Page {
    results: Vec<Entry>,
    /// The address of the next page.
    next: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
}

impl Pages<'_> {
    /// Reads the public repositories of a namespace (Docker Hub API, "List repositories in a namespace").
    pub(super) async fn of_hub(&mut self) -> Result<(), RegistryError> {
        let mut url = Self::base(self.listings.hub.as_deref(), "https://hub.docker.com")?;
        url.set_path(&format!("{}/v2/namespaces/{}/repositories", url.path().trim_end_matches('/'), self.account));
        for number in 1.. {
            url.set_query(Some(&format!("page_size=100&page={number}")));
            let Some((page, _)) = self.page::<Page>(&url, &[]).await? else { return Err(self.nothing("Docker Hub")) };
            self.take(&url, page.results.into_iter().map(|entry| entry.name))?;
            if page.next.is_none() {
                break;
            }
        }
        Ok(())
    }
}
