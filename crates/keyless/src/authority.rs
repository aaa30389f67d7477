//! Asks for certificates (Fulcio, `fulcio.proto`, `CreateSigningCertificate`).

use crate::web::{Request, said, shown};
use crate::{Certificate, CertificateProblem, IdentityToken, KeylessError, Web};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use sigstore_crypto::KeyPair;
use sigstore_types::{DerCertificate, SignatureBytes};

/// Most certificates that vouch for each other.
const CHAIN: usize = 8;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wanted<'a> {
    credentials: Credentials<'a>,
    public_key_request: KeyRequest,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credentials<'a> {
    oidc_identity_token: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyRequest {
    public_key: Key,
    proof_of_possession: SignatureBytes,
}

#[derive(Serialize)]
struct Key {
    algorithm: &'static str,
    content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    signed_certificate_embedded_sct: Option<Chained>,
    /// The promise of the log is apart from the certificate, and bundles have no place for it.
    signed_certificate_detached_sct: Option<Chained>,
}

#[derive(Deserialize)]
struct Chained {
    chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<String>,
}

/// Returns a certificate for a key, for whoever the token names.
pub(crate) async fn certificate(
    web: &Web,
    authority: &Url,
    token: &IdentityToken,
    key: &KeyPair,
) -> Result<Certificate, KeylessError> {
    let public = key.public_key_der().map_err(|source| KeylessError::Key { source })?;
    let proof = key.sign(token.claims().challenge().as_bytes()).map_err(|source| KeylessError::Key { source })?;
    let wanted = Wanted {
        credentials: Credentials { oidc_identity_token: token.raw().expose() },
        public_key_request: KeyRequest {
            public_key: Key { algorithm: "ECDSA", content: public.to_pem() },
            proof_of_possession: proof,
        },
    };
    let body = serde_json::to_vec(&wanted).map_err(|source| KeylessError::Write { source })?;
    let url = below(authority, "/api/v2/signingCert");
    let answer = web.ask(Request::post(url, "application/json", body)).await?;
    let service = shown(authority);
    if !answer.is_success() {
        let said = said(&answer.body).replace(token.raw().expose(), "…");
        return Err(KeylessError::Refused { service, status: answer.status, said });
    }
    let problem = |problem: &str| KeylessError::Answer { service: service.clone(), problem: problem.to_owned() };
    let given: Given = serde_json::from_slice(&answer.body).map_err(|_| problem("the answer is no certificate"))?;
    let chain = match (given.signed_certificate_embedded_sct, given.signed_certificate_detached_sct) {
        (Some(chained), None) => chained.chain.certificates,
        (None, Some(chained)) => chained.chain.certificates,
        _ => return Err(problem("the answer is no certificate")),
    };
    if chain.len() > CHAIN {
        return Err(problem("the certificate has too many issuers"));
    }
    let refused = |problem| KeylessError::Certificate { service: service.clone(), problem };
    let read = |pem: &String| DerCertificate::from_pem(pem);
    let chain = chain.iter().map(read).collect::<Result<Vec<_>, _>>();
    let mut chain = chain.map_err(|error| refused(CertificateProblem::Form(error.to_string())))?.into_iter();
    let leaf = chain.next().ok_or_else(|| problem("the answer is no certificate"))?;
    Certificate::read(leaf, chain.collect(), &public, token.claims()).map_err(refused)
}

/// Returns an address below that of a service.
pub(crate) fn below(service: &Url, path: &str) -> Url {
    let mut url = service.clone();
    url.set_path(&format!("{}{path}", service.path().trim_end_matches('/')));
    url
}
