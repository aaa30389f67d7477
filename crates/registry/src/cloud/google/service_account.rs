//! A key of a service account, which signs what is exchanged for a token (Google Identity, "Using OAuth 2.0 for Server to Server Applications";
//! RFC 7523; RS256 of RFC 7518, section 3.3).

use super::service::{Service, service};
use super::{Login, SCOPE, token};
use crate::cloud::CloudError;
use crate::web::{Request, Web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::crypto::aws_lc_rs::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

const PLACE: &str = "Google's token service";
const KEY: &str = "the key in the file GOOGLE_APPLICATION_CREDENTIALS names";
/// How long what is signed holds, in seconds: the longest that Google takes.
const LIFETIME: i64 = 3600;

#[derive(Deserialize)]
pub(super) struct ServiceAccount {
    client_email: String,
    private_key_id: String,
    private_key: String,
    token_uri: String,
}

impl ServiceAccount {
    pub(super) async fn login(&self, web: Web<'_>) -> Result<Login, CloudError> {
        let url = service(&self.token_uri, Service::Keys, PLACE)?;
        let assertion = self.assertion(Timestamp::now().as_second())?;
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
        token(&web.ask(|| Request::form(&url, form)).await?, PLACE)
    }

    fn assertion(&self, now: i64) -> Result<String, CloudError> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.private_key_id });
        let claims = json!({
            "iss": self.client_email, "scope": SCOPE, "aud": self.token_uri, "iat": now, "exp": now + LIFETIME,
        });
        let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let refused = || CloudError::source(KEY, "it is no RSA key");
        let key = PrivateKeyDer::from_pem_slice(self.private_key.as_bytes()).map_err(|_| refused())?;
        let key = any_supported_type(&key).map_err(|_| refused())?;
        let signer = key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).ok_or_else(refused)?;
        let signature = signer.sign(signed.as_bytes()).map_err(|_| refused())?;
        Ok(format!("{signed}.{}", BASE64.encode(signature)))
    }
}
