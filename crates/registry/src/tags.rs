use crate::endpoint::redacted;
use crate::paging::Paging;
use crate::refusal::is_page;
use crate::transport::{Call, read_limited};
use crate::{Client, RegistryError};
use consign_oci::{DOCUMENT_LIMIT, Repository, Tag};
use reqwest::{Method, StatusCode};
use serde::Deserialize;

/// Most tags of a repository that are read.
const TAG_LIMIT: usize = 100_000;
/// Most pages of a list.
const PAGES: usize = 1_000;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

impl Client {
    /// Returns the tags of a repository; none if there is no such repository.
    pub async fn tags(&self, repository: &Repository) -> Result<Vec<Tag>, RegistryError> {
        let mut tags: Vec<Tag> = Vec::new();
        let mut call = Call::new(self, Method::GET, repository, "tags/list?n=1000")?;
        call.accept = "application/json";
        let mut paging = Paging::new(PAGES);
        let mut is_first = true;
        loop {
            let response = self.send(&call).await?;
            match response.status() {
                StatusCode::OK if !is_page(response.headers()) => {}
                StatusCode::NOT_FOUND if is_first => return self.nothing(&call, response).await.map(|()| tags),
                _ => return Err(self.refused(&call, response).await),
            }
            let next = paging.next(&call.url, response.headers())?;
            let bytes = read_limited(response, DOCUMENT_LIMIT).await?;
            let broken = |problem: String| RegistryError::Protocol { url: redacted(&call.url), problem };
            if !bytes.trim_ascii_start().starts_with(b"{") {
                return Err(broken("not a list of tags".to_owned()));
            }
            let page: Page =
                serde_json::from_slice(&bytes).map_err(|error| broken(format!("not a list of tags: {error}")))?;
            tags.extend(page.tags.unwrap_or_default().iter().filter_map(|tag| tag.parse::<Tag>().ok()));
            if tags.len() > TAG_LIMIT {
                return Err(broken(format!("the repository has more than {TAG_LIMIT} tags")));
            }
            match next {
                Some(url) => (call.url, is_first) = (url, false),
                None => return Ok(tags),
            }
        }
    }
}
