use crate::refusal::is_page;
use crate::transport::{Call, Redirects, header};
use crate::{Client, RegistryError};
use consign_oci::{Digest, Repository, media_type};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, DATE};

/// What a registry answers to one who only asks how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Whether it lists referrers by its API (distribution-spec, "Listing Referrers"). `None` where it does not say, since nothing was pushed to
    /// the repository yet.
    pub referrers: Option<bool>,
    /// Its clock, as the header `Date` has it (RFC 9110, section 6.6.1).
    pub date: Option<String>,
}

impl Client {
    /// Asks a registry, with the credentials for this repository, for something that is not there. Writes nothing.
    ///
    /// That it cannot be reached, or does not let the repository be read, is an error.
    pub async fn probe(&self, repository: &Repository) -> Result<Probe, RegistryError> {
        let nobody = Digest::of(b"");
        let mut call = Call::new(self, Method::GET, repository, &format!("referrers/{nobody}"))?;
        call.accept = media_type::INDEX;
        call.redirects = Redirects::WithinHost;
        let response = self.send(&call).await?;
        let date = header(response.headers(), &DATE).map(str::to_owned);
        let is_index =
            header(response.headers(), &CONTENT_TYPE).is_some_and(|text| text.starts_with(media_type::INDEX));
        let referrers = match response.status().as_u16() {
            200 if is_index => Some(true),
            200 | 300..=399 | 400 | 404 | 405 | 501 if is_page(response.headers()) => {
                self.nothing(&call, response).await?;
                Some(false)
            }
            200 | 300..=399 | 400 | 404 | 405 | 501 => match self.refused(&call, response).await {
                // Some registries that have the API say this of a repository to which nothing was pushed yet.
                RegistryError::Answer { code: Some(code), .. } if code == "NAME_UNKNOWN" => None,
                _ => Some(false),
            },
            _ => return Err(self.refused(&call, response).await),
        };
        Ok(Probe { referrers, date })
    }

    /// Says why the identity of a cloud does not log in to a registry that has wanted a login, where that is how to log in. Who may read without is not
    /// told by [`Client::probe`].
    pub async fn check_identity(&self, repository: &Repository) -> Result<(), RegistryError> {
        if let Some(cloud) = self.identity(repository) {
            cloud.login().await?;
        }
        Ok(())
    }
}
