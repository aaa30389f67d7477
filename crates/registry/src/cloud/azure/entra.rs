//! Tokens of applications (Microsoft identity platform, "OAuth 2.0 client credentials flow").

use super::{Azure, Region};
use crate::Secret;
use crate::cloud::CloudError;
use crate::web::{Answer, Request, Web, address, file};
use serde::Deserialize;

const PLACE: &str = "Microsoft Entra";
const IDENTITY_FILE: &str = "the file AZURE_FEDERATED_TOKEN_FILE names";
/// What an identity token in place of a secret is (RFC 7523, section 2.2).
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl Azure {
    /// Returns a token of the application, if one is named and there is something that proves it.
    pub(super) async fn of_application(
        &self,
        web: Web<'_>,
        authority: &str,
        region: &Region,
    ) -> Result<Option<Secret>, CloudError> {
        let (Some(tenant), Some(client)) = (&self.tenant, &self.client) else { return Ok(None) };
        let assertion = match (&self.secret, &self.identity_file, &self.github) {
            (Some(_), ..) => None,
            // It is written anew before the token in it ends.
            (None, Some(path), _) => Some(Secret::new(file::read(path, IDENTITY_FILE)?.trim())),
            (None, None, Some(github)) => Some(github.identity(web, region.exchange).await?),
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
        let scope = format!("{}/.default", region.audience);
        let mut form = vec![("grant_type", "client_credentials"), ("client_id", client), ("scope", &scope)];
        form.extend(self.secret.as_ref().map(|secret| ("client_secret", secret.expose())));
        if let Some(assertion) = &assertion {
            form.extend([("client_assertion_type", ASSERTION), ("client_assertion", assertion.expose())]);
        }
        token(&web.ask(|| Request::form(&url, form.iter().copied())).await?, PLACE).map(Some)
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
