//! Access tokens of Google Cloud, which registries take as the password of `oauth2accesstoken` (Artifact Registry documentation, "Configure
//! authentication to Artifact Registry for Docker").

mod federation;
mod file;
mod metadata;
mod service;
mod service_account;

use super::{CloudError, Login, after};
use crate::web::{Answer, Github, Web};
use crate::{Credentials, Secret};
use federation::{Federation, JWT};
use file::Document;
use jiff::Timestamp;
use serde::Deserialize;
use std::path::PathBuf;

/// What tokens are for. It is the only scope that every one of these services knows; what may be done is said by roles.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Whom the registry knows tokens by.
const USER: &str = "oauth2accesstoken";

/// Where tokens for registries of Google may come from, in the order in which they are looked for.
#[derive(Clone, Debug, Default)]
pub struct Google {
    /// The provider of workload identity federation that identity tokens of GitHub Actions are shown to:
    /// `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`.
    pub provider: Option<String>,
    /// The service account that is taken on with that; none where the federated identity itself has the roles.
    pub service_account: Option<String>,
    /// Where a job of GitHub Actions gets an identity token.
    pub github: Option<Github>,
    /// The file with credentials, as `GOOGLE_APPLICATION_CREDENTIALS` names it.
    pub file: Option<PathBuf>,
    /// The address of the metadata of a machine of Google's. `None`: it is not asked.
    pub metadata: Option<String>,
    /// Where Google's services are, if elsewhere.
    pub endpoints: GoogleEndpoints,
}

/// Where Google's services are, if elsewhere.
#[derive(Clone, Debug, Default)]
pub struct GoogleEndpoints {
    /// The service that exchanges identity tokens.
    pub sts: Option<String>,
    /// The service that gives tokens of service accounts.
    pub iam_credentials: Option<String>,
}

/// A token, and for how many seconds it lasts.
#[derive(Deserialize)]
struct Token {
    access_token: String,
    expires_in: i64,
}

impl Google {
    /// Returns whether this is the name of a registry of Google's.
    pub fn has(registry: &str) -> bool {
        registry == "gcr.io" || registry.ends_with(".gcr.io") || registry.ends_with("-docker.pkg.dev")
    }

    /// Returns how to log in; `None` if nothing says who we are. That a source is there and gives no token is an error.
    pub(super) async fn login(&self, web: Web<'_>) -> Result<Option<Login>, CloudError> {
        if let (Some(provider), Some(github)) = (&self.provider, &self.github) {
            return self.of_github(web, provider, github).await.map(Some);
        }
        if let Some(path) = &self.file {
            return match Document::read(path)? {
                Document::ServiceAccount(account) => account.login(web).await.map(Some),
                Document::ExternalAccount(account) => account.login(web).await.map(Some),
            };
        }
        match &self.metadata {
            Some(address) => metadata::login(web, address).await,
            None => Ok(None),
        }
    }

    async fn of_github(&self, web: Web<'_>, provider: &str, github: &Github) -> Result<Login, CloudError> {
        let provider = provider.trim_start_matches('/').trim_start_matches("iam.googleapis.com/");
        let audience = format!("https://iam.googleapis.com/{provider}");
        let token = github.identity(web, &audience).await?;
        let (sts, iam) = (self.endpoints.sts.as_deref(), self.endpoints.iam_credentials.as_deref());
        let sts = sts.unwrap_or("https://sts.googleapis.com");
        let iam = iam.unwrap_or("https://iamcredentials.googleapis.com");
        let impersonation = self.service_account.as_ref();
        let impersonation =
            impersonation.map(|account| format!("{iam}/v1/projects/-/serviceAccounts/{account}:generateAccessToken"));
        Federation {
            token_url: &format!("{sts}/v1/token"),
            audience: &format!("//iam.googleapis.com/{provider}"),
            subject_token_type: JWT,
            impersonation_url: impersonation.as_deref(),
        }
        .login(web, token.expose())
        .await
    }
}

/// Makes a login of a token.
fn login(token: &str, expires: Timestamp) -> Login {
    let credentials = Credentials::Basic { username: USER.to_owned(), password: Secret::new(token) };
    Login { credentials, expires }
}

/// Reads a token of an answer (RFC 6749, section 5.1).
fn token(answer: &Answer, place: &'static str) -> Result<Login, CloudError> {
    if !answer.is_success() {
        return Err(CloudError::refused(place, answer.status, &answer.body));
    }
    // What a parser says may quote what it read.
    let read = serde_json::from_slice(&answer.body);
    let Token { access_token, expires_in } = read.map_err(|_| CloudError::source(place, "its answer is no token"))?;
    Ok(login(&access_token, after(expires_in)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_of_googles() {
        for (name, expected) in [
            ("gcr.io", true),
            ("eu.gcr.io", true),
            ("europe-docker.pkg.dev", true),
            ("europe-west3-docker.pkg.dev", true),
            ("notgcr.io", false),
            ("europe-npm.pkg.dev", false),
            ("gcr.io.example", false),
        ] {
            assert_eq!(Google::has(name), expected, "{name}");
        }
    }
}
