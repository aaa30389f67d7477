//! Identity tokens of jobs of GitHub Actions (GitHub docs, "OpenID Connect reference").

use super::ask::{Request, Web};
use super::{AwsError, Github, endpoint};
use crate::Secret;
use serde::Deserialize;

const PLACE: &str = "GitHub's identity token";

impl Github {
    /// Returns an identity token for an audience.
    pub(super) async fn identity(&self, web: Web<'_>, audience: &str) -> Result<Secret, AwsError> {
        #[derive(Deserialize)]
        struct Answer {
            value: String,
        }
        let mut url = endpoint::tokens(self.url.expose(), PLACE)?;
        url.query_pairs_mut().append_pair("audience", audience);
        let authorization = format!("bearer {}", self.token.expose());
        let answer = web.ask(|| Request::get(url.clone(), vec![("authorization", authorization.clone())])).await?;
        if !answer.is_success() {
            return Err(AwsError::source(PLACE, format!("GitHub answers {}", answer.status)));
        }
        // What a parser says may quote what it read.
        let answer: Answer =
            serde_json::from_slice(&answer.body).map_err(|_| AwsError::source(PLACE, "GitHub's answer is none"))?;
        Ok(Secret::new(answer.value))
    }
}
