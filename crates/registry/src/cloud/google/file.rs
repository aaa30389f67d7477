//! The file that `GOOGLE_APPLICATION_CREDENTIALS` names: a service account's key, or where to find the token of somebody else (AIP-4112, AIP-4117).

use super::federation::Federation;
use super::service_account::ServiceAccount;
use super::{CloudError, Login};
use crate::web::{Request, Web, address, file};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const PLACE: &str = "the file GOOGLE_APPLICATION_CREDENTIALS names";
const SUBJECT: &str = "the place of the token that the file of GOOGLE_APPLICATION_CREDENTIALS names";

/// What services that give tokens want to be shown: GitHub's and Azure's.
const HEADERS: [&str; 3] = ["authorization", "metadata", "x-identity-header"];

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Document {
    ServiceAccount(ServiceAccount),
    ExternalAccount(ExternalAccount),
}

/// Somebody else's identity.
#[derive(Deserialize)]
pub(super) struct ExternalAccount {
    audience: String,
    subject_token_type: String,
    token_url: String,
    service_account_impersonation_url: Option<String>,
    credential_source: Source,
}

/// Where the token is that says who we are.
#[derive(Deserialize)]
struct Source {
    file: Option<PathBuf>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    format: Option<Format>,
}

#[derive(Deserialize)]
struct Format {
    #[serde(rename = "type")]
    kind: String,
    subject_token_field_name: Option<String>,
}

impl Document {
    pub(super) fn read(path: &Path) -> Result<Self, CloudError> {
        let text = file::read(path, PLACE)?;
        // What a parser says may quote what it read.
        serde_json::from_str(&text).map_err(|_| {
            let problem = "it is of neither kind that is known: `service_account` and `external_account`";
            CloudError::source(PLACE, format!("{}: {problem}", path.display()))
        })
    }
}

impl ExternalAccount {
    pub(super) async fn login(&self, web: Web<'_>) -> Result<Login, CloudError> {
        let federation = Federation {
            token_url: &self.token_url,
            audience: &self.audience,
            subject_token_type: &self.subject_token_type,
            impersonation_url: self.service_account_impersonation_url.as_deref(),
        };
        federation.login(web, &self.credential_source.token(web).await?).await
    }
}

impl Source {
    async fn token(&self, web: Web<'_>) -> Result<String, CloudError> {
        let text = match (&self.file, &self.url) {
            // It is written anew before the token in it ends.
            (Some(path), _) => file::read(path, SUBJECT)?,
            (None, Some(url)) => self.fetched(web, url).await?,
            (None, None) => {
                let problem = "it names neither a file nor a URL, and other places are not known";
                return Err(CloudError::source(SUBJECT, problem));
            }
        };
        let Some(format) = self.format.as_ref().filter(|format| format.kind == "json") else { return Ok(text) };
        let field = format.subject_token_field_name.as_deref().unwrap_or_default();
        let document: Value = serde_json::from_str(&text).unwrap_or_default();
        let token = document.get(field).and_then(Value::as_str);
        token.map(str::to_owned).ok_or_else(|| CloudError::source(SUBJECT, "there is no token in its answer"))
    }

    fn headers(&self) -> Result<Vec<(&'static str, String)>, CloudError> {
        let known = |name: &str| HEADERS.into_iter().find(|known| known.eq_ignore_ascii_case(name));
        let headers = self.headers.iter().map(|(name, value)| Some((known(name)?, value.clone())));
        let headers: Option<Vec<_>> = headers.collect();
        headers.ok_or_else(|| CloudError::source(SUBJECT, "it wants to be asked with headers that are not known"))
    }

    async fn fetched(&self, web: Web<'_>, url: &str) -> Result<String, CloudError> {
        let url = address::metadata(url, SUBJECT)?;
        let headers = self.headers()?;
        let answer = web.ask(|| Request::get(url.clone(), headers.clone())).await?;
        if !answer.is_success() {
            return Err(CloudError::refused(SUBJECT, answer.status, &[]));
        }
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }
}
