//! Persons log in with their browser (RFC 8252), which comes back to this machine with a code.

use super::redirect::{self, Arrival};
use super::{AUDIENCE, IdentityToken, TokenError};
use crate::web::{Request, parse, said, shown};
use crate::{Secret, Web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use reqwest::Url;
use serde::Deserialize;
use std::io;
use std::net::Ipv4Addr;
use tokio::net::TcpListener;

/// What an issuer says of itself (OpenID Connect Discovery 1.0, section 3).
#[derive(Deserialize)]
struct Description {
    authorization_endpoint: String,
    token_endpoint: String,
}

#[derive(Deserialize)]
struct Answer {
    id_token: String,
}

/// Lets a person log in at an issuer. `announce` is given the address that the person's browser should open; it must not be called where there is no
/// person, so neither must this.
pub async fn log_in(web: &Web, issuer: &Url, announce: impl FnOnce(&str)) -> Result<IdentityToken, TokenError> {
    let none = || TokenError::Answer { issuer: shown(issuer) };
    let mut address = issuer.clone();
    address.set_path(&format!("{}/.well-known/openid-configuration", issuer.path().trim_end_matches('/')));
    let answer = web.ask(Request::get(address)).await?;
    if !answer.is_success() {
        return Err(TokenError::Refused { issuer: shown(issuer), status: answer.status, said: said(&answer.body) });
    }
    let description: Description = serde_json::from_slice(&answer.body).map_err(|_| none())?;
    let (mut login, exchange) = (parse(&description.authorization_endpoint)?, parse(&description.token_endpoint)?);

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.map_err(|source| TokenError::Login { source })?;
    let port = listener.local_addr().map_err(|source| TokenError::Login { source })?.port();
    let back = format!("http://127.0.0.1:{port}{}", redirect::PATH);
    let [verifier, state] = [random()?, random()?];
    let challenge = BASE64.encode(sigstore_crypto::sha256(verifier.expose().as_bytes()).as_bytes());
    login.query_pairs_mut().extend_pairs([
        ("client_id", AUDIENCE),
        ("redirect_uri", &back),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("state", state.expose()),
    ]);
    announce(login.as_str());
    let time = web.patience().login;
    let arrival = tokio::time::timeout(time, redirect::wait(&listener, state.expose())).await;
    let arrival = arrival.map_err(|_| TokenError::LoginTimeout { seconds: time.as_secs() })?;
    let code = match arrival.map_err(|source| TokenError::Login { source })? {
        Arrival::Code(code) => code,
        Arrival::Refused(said) => return Err(TokenError::LoginRefused { said }),
    };

    let fields = [
        ("client_id", AUDIENCE),
        ("code", code.expose()),
        ("code_verifier", verifier.expose()),
        ("grant_type", "authorization_code"),
        ("redirect_uri", &back),
    ];
    let answer = web.ask(Request::post(exchange, "application/x-www-form-urlencoded", form(&fields))).await?;
    if !answer.is_success() {
        let said = said(&answer.body).replace(code.expose(), "…");
        return Err(TokenError::Refused { issuer: shown(issuer), status: answer.status, said });
    }
    // What a parser says may quote what it read.
    let answer: Answer = serde_json::from_slice(&answer.body).map_err(|_| none())?;
    IdentityToken::read(Secret::new(answer.id_token).expose())
}

/// Writes the fields of a form (WHATWG URL, "application/x-www-form-urlencoded").
fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    // Queries are written in the same way, and this one leaves nothing to be parsed but the scheme.
    let Ok(mut url) = Url::parse("form:") else { return Vec::new() };
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().as_bytes().to_vec()
}

/// Returns a text that nobody guesses (RFC 7636, section 4.1).
fn random() -> Result<Secret, TokenError> {
    let bytes = crate::timestamp::random::<32>().map_err(|error: io::Error| TokenError::Login { source: error })?;
    Ok(Secret::new(BASE64.encode(bytes)))
}
