//! Tokens of applications (Microsoft identity platform, "OAuth 2.0 client credentials flow").

use super::Azure;
use crate::Secret;
use crate::cloud::CloudError;
use crate::web::{Answer, Request, Web, address, file};
use serde::Deserialize;

const PLACE: &str = "Microsoft Entra";
const IDENTITY_FILE: &str = "the file AZURE_FEDERATED_TOKEN_FILE names";
/// Who identity tokens of GitHub and Kubernetes are for (Microsoft Entra, "Workload identity federation").
const AUDIENCE: &str = "api://AzureADTokenExchange";
/// What an identity token in place of a secret is (RFC 7523, section 2.2).
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl Azure {
    /// Returns a token of the application, if one is named and there is something that proves it.
    pub(super) async fn of_application(
        &self,
        web: Web<'_>,
        authority: &str,
        audience: &str,
    ) -> Result<Option<Secret>, CloudError> {
        let (Some(tenant), Some(client)) = (&self.tenant, &self.client) else { return Ok(None) };
        let assertion = match (&self.secret, &self.identity_file, &self.github) {
            (Some(_), ..) => None,
            // It is written anew before the token in it ends.
            (None, Some(path), _) => Some(Secret::new(file::read(path, IDENTITY_FILE)?.trim())),
            (None, None, Some(github)) => Some(github.identity(web, AUDIENCE).await?),
            (None, None, None) => return Ok(None),
        };
        let mut url = address::tokens(authority, PLACE)?;
        // A tenant is one part of a path, whatever somebody wrote.
        let path = url.path_segments_mut();
        path.map_err(|()| CloudError::source(PLACE, "its address is not a URL"))?.pop_if_empty().extend([
            tenant.as_str(),
            "oauth2",
            "v2.0",
            "token",
        ]);
        let mut form = url.clone();
        form.set_query(None);
        let scope = format!("{audience}/.default");
        form.query_pairs_mut()
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", client)
            .append_pair("scope", &scope)
            .extend_pairs(self.secret.as_ref().map(|secret| ("client_secret", secret.expose())))
            .extend_pairs(assertion.as_ref().map(|_| ("client_assertion_type", ASSERTION)))
            .extend_pairs(assertion.as_ref().map(|assertion| ("client_assertion", assertion.expose())));
        let body = form.query().unwrap_or_default().to_owned();
        token(&web.ask(|| Request::form(url.clone(), body.clone())).await?, PLACE).map(Some)
    }
}

/// Reads a token of an answer.
pub(super) fn token(answer: &Answer, place: &'static str) -> Result<Secret, CloudError> {
    #[derive(Deserialize)]
    struct Token {
        access_token: String,
    }
    if !answer.is_success() {
        return Err(CloudError::refused(place, answer.status, &answer.body));
    }
    // What a parser says may quote what it read.
    let read = serde_json::from_slice(&answer.body);
    let Token { access_token } = read.map_err(|_| CloudError::source(place, "its answer is no token"))?;
    Ok(Secret::new(access_token))
}
