//! A Sigstore, and clients of it.

use consign_keyless::{Check, KeylessError, Options, Patience, Secret, Services, Session, Source, Web};
use consign_oci::{Digest, Exact};
use consign_receipt::Statement;
use consign_testkit::sigstore::{REQUEST_TOKEN, Sigstore};
use jiff::Timestamp;
use serde_json::{Value, json};
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{Bundle, Sha256Hash};
use sigstore_verify::{VerificationPolicy, VerificationResult, Verifier};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// What is signed.
pub(crate) fn subject() -> Digest {
    Digest::of(b"image")
}

pub(crate) fn hash() -> [u8; 32] {
    *sigstore_verify::crypto::sha256(b"image").as_bytes()
}

pub(crate) fn statement() -> Exact<Statement> {
    Exact::write(Statement::new(&subject(), "https://example.com/claim", json!({ "é": "<&>" }))).unwrap()
}

pub(crate) fn impatience() -> Patience {
    let moment = Duration::from_millis(1);
    Patience { first_wait: moment, longest_wait: moment, ..Patience::default() }
}

pub(crate) fn web(patience: Patience) -> Web {
    Web::new("test", patience).unwrap()
}

pub(crate) fn services(sigstore: &Sigstore, log_version: u32) -> Services {
    Services::read(sigstore.signing_config(log_version).to_string().as_bytes(), Timestamp::now()).unwrap()
}

/// The source of a job of GitHub Actions.
pub(crate) fn github(sigstore: &Sigstore) -> Source {
    Source::GitHub { url: Secret::new(sigstore.github_url()), token: Secret::new(REQUEST_TOKEN) }
}

/// A check by the Sigstore's own trusted root.
pub(crate) fn check(sigstore: &Sigstore) -> Check {
    let root = sigstore.trusted_root();
    Arc::new(move |bundle| Ok(verify_with(&root, bundle).map(drop)?))
}

pub(crate) async fn open(sigstore: &Sigstore, log_version: u32) -> Result<Session, KeylessError> {
    let options = Options { check: Some(check(sigstore)), ..Options::default() };
    Session::open(github(sigstore), services(sigstore, log_version), options, web(impatience())).await
}

pub(crate) fn verify(sigstore: &Sigstore, bundle: &[u8]) -> VerificationResult {
    let bundle = Bundle::from_json(std::str::from_utf8(bundle).unwrap()).unwrap();
    verify_with(&sigstore.trusted_root(), &bundle).unwrap()
}

fn verify_with(root: &Value, bundle: &Bundle) -> Result<VerificationResult, sigstore_verify::Error> {
    let root = TrustedRoot::from_json(&root.to_string()).unwrap();
    Verifier::new(&root)?.verify(Sha256Hash::from(hash()), bundle, &VerificationPolicy::any_identity())
}

/// All that an error says, to anybody.
pub(crate) fn everything(error: &(dyn Error + 'static)) -> String {
    let mut text = format!("{error:?}");
    let mut cause = Some(error);
    while let Some(error) = cause {
        text.push_str(&format!("\n{error}"));
        cause = error.source();
    }
    text
}
