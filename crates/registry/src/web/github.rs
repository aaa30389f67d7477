//! Identity tokens of jobs of GitHub Actions (GitHub docs, "OpenID Connect reference").

use super::{Request, Web, WebError, address};
use crate::Secret;
use serde::Deserialize;

const PLACE: &str = "GitHub's identity token";

/// Where a job of GitHub Actions gets an identity token (GitHub docs, "OpenID Connect reference").
#[derive(Clone, Debug)]
pub struct Github {
    /// The address.
    pub url: Secret,
    /// What is shown there.
    pub token: Secret,
}

impl Github {
    /// Returns an identity token for an audience.
    pub(crate) async fn identity(&self, web: Web<'_>, audience: &str) -> Result<Secret, WebError> {
        #[derive(Deserialize)]
        struct Answer {
            value: String,
        }
        let mut url = address::tokens(self.url.expose(), PLACE)?;
        url.query_pairs_mut().append_pair("audience", audience);
        let authorization = format!("bearer {}", self.token.expose());
        let answer = web.ask(|| Request::get(url.clone(), vec![("authorization", authorization.clone())])).await?;
        if !answer.is_success() {
            return Err(WebError::source(PLACE, format!("GitHub answers {}", answer.status)));
        }
        // What a parser says may quote what it read.
        let answer: Answer =
            serde_json::from_slice(&answer.body).map_err(|_| WebError::source(PLACE, "GitHub's answer is none"))?;
        Ok(Secret::new(answer.value))
    }
}
