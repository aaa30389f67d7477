//! Identity tokens of jobs of GitHub Actions (GitHub docs, "OpenID Connect reference").

use super::{AUDIENCE, IdentityToken, TokenError};
use crate::web::{Request, parse, said};
use crate::{Secret, Web};
use serde::Deserialize;

const ISSUER: &str = "GitHub Actions";

#[derive(Deserialize)]
struct Answer {
    value: String,
}

pub(super) async fn token(web: &Web, url: &Secret, token: &Secret) -> Result<IdentityToken, TokenError> {
    let mut url = parse(url.expose())?;
    url.query_pairs_mut().append_pair("audience", AUDIENCE);
    let request = Request::get(url).header("authorization", format!("Bearer {}", token.expose()));
    let answer = web.ask(request).await?;
    if !answer.is_success() {
        let said = said(&answer.body).replace(token.expose(), "…");
        return Err(TokenError::Refused { issuer: ISSUER.to_owned(), status: answer.status, said });
    }
    // What a parser says may quote what it read.
    let answer: Answer =
        serde_json::from_slice(&answer.body).map_err(|_| TokenError::Answer { issuer: ISSUER.to_owned() })?;
    IdentityToken::read(Secret::new(answer.value).expose())
}
