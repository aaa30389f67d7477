//! Tokens of machines and of applications that Azure runs (managed identities for Azure resources, "How to use managed identities to acquire an access
//! token"; Azure App Service, "REST endpoint reference").

use super::Azure;
use super::entra::token;
use crate::Secret;
use crate::cloud::{CloudError, near};
use crate::web::{Request, Web, WebError, address};
use reqwest::Url;

const SERVICE: &str = "the service that IDENTITY_ENDPOINT names";
const MACHINE: &str = "the metadata of this machine of Azure's";

impl Azure {
    /// Returns a token of the identity that this machine has, if it has one.
    pub(super) async fn of_machine(&self, web: Web<'_>, audience: &str) -> Result<Option<Secret>, CloudError> {
        if let Some(service) = &self.service {
            let url = self.question(address::metadata(&service.url, SERVICE)?, "2019-08-01", audience);
            let header = service.header.expose().to_owned();
            let answer = web.ask(|| Request::get(url.clone(), vec![("x-identity-header", header.clone())])).await?;
            return token(&answer, SERVICE).map(Some);
        }
        let Some(address) = &self.metadata else { return Ok(None) };
        let url = address::metadata(address, MACHINE)?;
        let url = url.join("metadata/identity/oauth2/token");
        let url = url.map_err(|_| WebError::source(MACHINE, "its address is not a URL"))?;
        let answer = near::ask(web, &self.question(url, "2018-02-01", audience), ("metadata", "true")).await?;
        answer.map(|answer| token(&answer, MACHINE)).transpose()
    }

    fn question(&self, mut url: Url, version: &str, audience: &str) -> Url {
        url.query_pairs_mut()
            .append_pair("api-version", version)
            .append_pair("resource", audience)
            .extend_pairs(self.client.as_ref().map(|client| ("client_id", client)));
        url
    }
}
