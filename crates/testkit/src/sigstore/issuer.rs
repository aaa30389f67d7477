//! Gives identity tokens (OpenID Connect Core 1.0), to jobs of GitHub Actions and to persons.

use super::answer::{Answer, failure, json_answer, redirect};
use super::key::{Key, hash};
use super::lock;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

/// What a job shows to get a token.
pub const REQUEST_TOKEN: &str = "hunter2-request-token";
/// Whom tokens are for.
pub const AUDIENCE: &str = "sigstore";
/// How long tokens hold.
const VALIDITY: SignedDuration = SignedDuration::from_mins(5);

pub(super) struct Issuer {
    pub(super) address: String,
    key: Key,
    /// What the next tokens say.
    pub(super) claims: Mutex<Value>,
    /// The challenges of those who logged in, by the code that they got.
    codes: Mutex<BTreeMap<String, String>>,
}

impl Issuer {
    pub(super) fn new(address: String, claims: Value) -> io::Result<Self> {
        Ok(Self { address, key: Key::new()?, claims: Mutex::new(claims), codes: Mutex::default() })
    }

    /// Makes a token. What the claims say of the issuer, the audience and the times stays.
    pub(super) fn token(&self, claims: &Value, now: Timestamp) -> String {
        let mut all = json!({
            "iss": self.address,
            "aud": AUDIENCE,
            "iat": now.as_second(),
            "nbf": now.as_second(),
            "exp": (now + VALIDITY).as_second(),
        });
        if let (Some(all), Some(claims)) = (all.as_object_mut(), claims.as_object()) {
            all.extend(claims.clone());
        }
        let header = json!({ "alg": "ES256", "kid": "test", "typ": "JWT" });
        let [header, all] = [header, all].map(|part| BASE64.encode(part.to_string()));
        let signature = BASE64.encode(self.key.sign_plain(format!("{header}.{all}").as_bytes()));
        format!("{header}.{all}.{signature}")
    }

    /// Returns what a token says, if it is one of ours, for us, and holds.
    pub(super) fn check(&self, token: &str, now: Timestamp) -> Result<Value, &'static str> {
        let (signed, signature) = token.rsplit_once('.').ok_or("it is no token")?;
        let signature = BASE64.decode(signature).map_err(|_| "it is no token")?;
        if !self.key.verifies_plain(signed.as_bytes(), &signature) {
            return Err("its signature is not the issuer's");
        }
        let (_, claims) = signed.split_once('.').ok_or("it is no token")?;
        let claims = BASE64.decode(claims).map_err(|_| "it is no token")?;
        let claims: Value = serde_json::from_slice(&claims).map_err(|_| "it is no token")?;
        match () {
            () if claims["iss"] != self.address.as_str() => Err("it is another issuer's"),
            () if claims["aud"] != AUDIENCE => Err("it is for somebody else"),
            () if claims["exp"].as_i64() <= Some(now.as_second()) => Err("it has expired"),
            () => Ok(claims),
        }
    }

    pub(super) fn answer(&self, path: &str, query: &str, authorization: &str, body: &[u8], now: Timestamp) -> Answer {
        let here = &self.address;
        match path {
            "/.well-known/openid-configuration" => {
                let [authorization, token, keys] = ["auth", "token", "keys"].map(|end| format!("{here}/{end}"));
                let described = json!({
                    "issuer": here,
                    "authorization_endpoint": authorization,
                    "token_endpoint": token,
                    "jwks_uri": keys,
                    "response_types_supported": ["code"],
                    "code_challenge_methods_supported": ["S256"],
                    "id_token_signing_alg_values_supported": ["ES256"],
                });
                json_answer(200, &described)
            }
            "/keys" => {
                let (x, y) = self.key.point();
                let [x, y] = [x, y].map(|coordinate| BASE64.encode(coordinate));
                let key =
                    json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "test", "x": x, "y": y });
                json_answer(200, &json!({ "keys": [key] }))
            }
            "/github" => self.for_job(&form(query), authorization, now),
            "/auth" => self.log_in(&form(query)),
            "/token" => self.exchange(&form(&String::from_utf8_lossy(body)), now),
            _ => failure(404, "not found"),
        }
    }

    fn for_job(&self, query: &BTreeMap<String, String>, authorization: &str, now: Timestamp) -> Answer {
        if !authorization.eq_ignore_ascii_case(&format!("bearer {REQUEST_TOKEN}")) {
            return failure(401, "not authorized");
        }
        let mut claims = lock(&self.claims).clone();
        if let (Some(claims), Some(audience)) = (claims.as_object_mut(), query.get("audience")) {
            claims.entry("aud").or_insert_with(|| json!(audience));
        }
        json_answer(200, &json!({ "count": 1, "value": self.token(&claims, now) }))
    }

    /// Logs in whoever comes, and sends them back with a code (RFC 6749, section 4.1; RFC 7636).
    fn log_in(&self, query: &BTreeMap<String, String>) -> Answer {
        let value = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let is_right = value("response_type") == "code"
            && value("client_id") == AUDIENCE
            && value("code_challenge_method") == "S256"
            && value("scope") == "openid email"
            && !value("state").is_empty();
        if !is_right || !value("redirect_uri").starts_with("http://127.0.0.1:") {
            return failure(400, "not a request to log in");
        }
        let mut codes = lock(&self.codes);
        let code = format!("hunter2-code-{}", codes.len());
        codes.insert(code.clone(), value("code_challenge").to_owned());
        redirect(format!("{}?code={code}&state={}", value("redirect_uri"), value("state")))
    }

    fn exchange(&self, fields: &BTreeMap<String, String>, now: Timestamp) -> Answer {
        let value = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let challenge = lock(&self.codes).remove(value("code"));
        let shown = BASE64.encode(hash(value("code_verifier").as_bytes()));
        if challenge.as_ref() != Some(&shown) || value("grant_type") != "authorization_code" {
            return failure(400, "invalid_grant");
        }
        let token = self.token(&lock(&self.claims), now);
        json_answer(200, &json!({ "access_token": "hunter2-access", "token_type": "bearer", "id_token": token }))
    }
}

/// Reads the fields of a query or a form.
fn form(text: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let fields = text.split('&').filter_map(|field| field.split_once('='));
    fields.map(|(name, value)| (decoded(name), decoded(value))).collect()
}
