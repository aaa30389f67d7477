//! Workload identity federation: a token of somebody else's, for one of Google's (Security Token Service API, "Method: token"), and that for one of a
//! service account (IAM Service Account Credentials API, "generateAccessToken").

use super::service::{Service, service};
use super::{Login, SCOPE, login, token};
use crate::cloud::CloudError;
use crate::web::{Request, Web};
use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

const STS: &str = "Google's Security Token Service";
const IAM: &str = "Google's service for tokens of service accounts";
/// What most tokens of others are.
pub(super) const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Where a token of somebody else's is exchanged.
pub(super) struct Federation<'a> {
    pub(super) token_url: &'a str,
    /// The provider that knows who gave the token.
    pub(super) audience: &'a str,
    pub(super) subject_token_type: &'a str,
    /// Where a token of a service account is given for the one of the federated identity.
    pub(super) impersonation_url: Option<&'a str>,
}

impl Federation<'_> {
    pub(super) async fn login(&self, web: Web<'_>, subject_token: &str) -> Result<Login, CloudError> {
        let url = service(self.token_url, Service::Tokens, STS)?;
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("audience", self.audience),
            ("scope", SCOPE),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("subject_token_type", self.subject_token_type),
            ("subject_token", subject_token.trim()),
        ];
        let answer = web.ask(|| Request::form(&url, form)).await?;
        let federated = token(&answer, STS)?;
        match self.impersonation_url {
            None => Ok(federated),
            Some(url) => impersonated(web, url, &federated).await,
        }
    }
}

async fn impersonated(web: Web<'_>, url: &str, federated: &Login) -> Result<Login, CloudError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        access_token: String,
        expire_time: Timestamp,
    }
    let url = service(url, Service::Accounts, IAM)?;
    let crate::Credentials::Basic { password, .. } = &federated.credentials else {
        return Err(CloudError::source(IAM, "there is no token to show"));
    };
    let authorization = format!("Bearer {}", password.expose());
    let request = || Request {
        method: Method::POST,
        url: url.clone(),
        headers: vec![("authorization", authorization.clone()), ("content-type", "application/json".to_owned())],
        body: json!({ "scope": [SCOPE], "lifetime": "3600s" }).to_string(),
    };
    let answer = web.ask(request).await?;
    if !answer.is_success() {
        return Err(CloudError::refused(IAM, answer.status, &answer.body));
    }
    let read = serde_json::from_slice(&answer.body);
    let read: Answer = read.map_err(|_| CloudError::source(IAM, "its answer is no token"))?;
    Ok(login(&read.access_token, read.expire_time))
}
