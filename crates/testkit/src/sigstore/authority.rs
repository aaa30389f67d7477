//! Gives certificates for identity tokens, as Fulcio does (`fulcio.proto`, `CreateSigningCertificate`), and logs them (RFC 6962).

use super::answer::{Answer, failure, json_answer};
use super::certificate::{Content, extension, from_pem, leaf_extensions, signed, to_pem};
use super::claims::{Identity, Name, identity};
use super::der::{self, element, sequence};
use super::key::{self, Key};
use super::{State, lock};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

const SUBJECT_NAMES: &str = "2.5.29.17";
const TIMESTAMPS: &str = "1.3.6.1.4.1.11129.2.4.2";
const FULCIO: &str = "1.3.6.1.4.1.57264.1";
/// From here on, values are strings in DER; before, they are plain.
const FIRST_STRING: u32 = 8;

/// Answers `POST /api/v2/signingCert`. The token is in what is asked, or in a header, where cosign puts it since version 3.
pub(super) fn answer(state: &State, authorization: &str, body: &[u8]) -> Answer {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let token = request["credentials"]["oidcIdentityToken"].as_str();
    match chain(state, &request, token.unwrap_or(shown(authorization))) {
        Ok(chain) => {
            json_answer(200, &json!({ "signedCertificateEmbeddedSct": { "chain": { "certificates": chain } } }))
        }
        Err(failure) => failure,
    }
}

/// Answers `POST /api/v1/signingCert`, as cosign asks before version 3 (Fulcio, `fulcio_legacy.proto`).
pub(super) fn answer_old(state: &State, authorization: &str, body: &[u8]) -> Answer {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let key = request["publicKey"]["content"].as_str().and_then(|key| BASE64.decode(key).ok()).unwrap_or_default();
    // In PEM, or in DER.
    let key = match String::from_utf8(key) {
        Ok(pem) => pem,
        Err(der) => to_pem("PUBLIC KEY", der.as_bytes()),
    };
    let wanted = json!({
        "publicKeyRequest": {
            "publicKey": { "content": key },
            "proofOfPossession": request["signedEmailAddress"],
        },
    });
    match chain(state, &wanted, shown(authorization)) {
        Ok(chain) => {
            let headers = vec![("content-type", "application/pem-certificate-chain".to_owned())];
            Answer { status: 201, headers, body: chain.concat().into_bytes() }
        }
        Err(failure) => failure,
    }
}

/// Returns the token of the header `Authorization`.
fn shown(authorization: &str) -> &str {
    authorization.split_once(' ').map(|(_, token)| token).unwrap_or_default()
}

/// Returns a certificate, and those that vouch for it.
fn chain(state: &State, request: &Value, token: &str) -> Result<[String; 3], Answer> {
    let claims = match state.issuer.check(token, state.now()) {
        Ok(claims) => claims,
        // What Fulcio answers does not quote the token either, but clients must not rely on that.
        Err(problem) => {
            return Err(failure(401, &format!("There was an error processing the identity token: {problem}: {token}")));
        }
    };
    let Some(identity) = identity(&claims) else { return Err(failure(400, "the token names nobody")) };
    let challenge = claims["email"].as_str().or(claims["sub"].as_str()).unwrap_or_default();
    let Some(key) = proven_key(request, challenge) else {
        return Err(failure(400, "The signature supplied in the request could not be verified"));
    };
    let leaf = issue(state, identity, claims["sub"].as_str().unwrap_or_default(), &key);
    let chain = [&leaf, &state.intermediate.certificate, &state.root.certificate];
    Ok(chain.map(|certificate| to_pem("CERTIFICATE", certificate)))
}

/// Returns the key that the request is for, if whoever asks has its private half.
fn proven_key(request: &Value, challenge: &str) -> Option<Vec<u8>> {
    let decoded = |value: &Value| BASE64.decode(value.as_str()?).ok();
    if let Some(wanted) = request.get("publicKeyRequest") {
        let key = from_pem(wanted["publicKey"]["content"].as_str()?)?;
        let proof = decoded(&wanted["proofOfPossession"])?;
        return key::verifies(&key, challenge.as_bytes(), &proof).then_some(key);
    }
    // A request of PKCS #10 (RFC 2986, section 4.2): what is signed, how, and the signature.
    let request = from_pem(&String::from_utf8(decoded(&request["certificateSigningRequest"])?).ok()?)?;
    let request = der::inside(&request)?;
    let [content, _, signature] = &request[..] else { return None };
    let key = der::read(content.content)?.get(2)?.whole.to_vec();
    key::verifies(&key, content.whole, signature.content.get(1..)?).then_some(key)
}

fn issue(state: &State, identity: Identity, subject: &str, key: &[u8]) -> Vec<u8> {
    let name = match lock(&state.impostor).clone().map(Name::Uri).unwrap_or(identity.name) {
        Name::Email(email) => element(der::PLACE | 1, email.as_bytes()),
        Name::Uri(uri) => element(der::PLACE | 6, uri.as_bytes()),
    };
    let issuer = state.issuer.address.clone();
    let stated = [(1, issuer.clone()), (FIRST_STRING, issuer), (24, subject.to_owned())].into_iter();
    let mut extensions = leaf_extensions(key, &state.intermediate.key.public);
    extensions.push(extension(SUBJECT_NAMES, true, &sequence(&[&name])));
    extensions.extend(stated.chain(identity.extensions).map(|(arc, value)| {
        let plain = value.into_bytes();
        let value = if arc < FIRST_STRING { plain } else { element(der::UTF8, &plain) };
        extension(&format!("{FULCIO}.{arc}"), false, &value)
    }));
    let serial = state.serial.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let from = state.now();
    let empty = sequence(&[]);
    let content = Content {
        serial: &serial,
        issuer: &state.intermediate.name,
        from,
        until: from + SignedDuration::from_secs(state.validity.load(Ordering::Relaxed)),
        subject: &empty,
        key,
    };
    let precertificate = content.write(&extensions);
    let milliseconds = u64::try_from(from.as_millisecond()).unwrap_or_default();
    let timestamp = timestamp(&state.certificate_log, &state.intermediate.key, &precertificate, milliseconds);
    extensions.push(extension(TIMESTAMPS, false, &element(der::OCTETS, &timestamp)));
    signed(&content.write(&extensions), &state.intermediate.key)
}

/// Returns the list of the one promise of a log to log a certificate (RFC 6962, sections 3.2 and 3.3).
fn timestamp(log: &Key, issuer: &Key, precertificate: &[u8], milliseconds: u64) -> Vec<u8> {
    const VERSION_1: [u8; 1] = [0];
    const CERTIFICATE_TIMESTAMP: [u8; 1] = [0];
    const PRECERTIFICATE: [u8; 2] = [0, 1];
    const NO_EXTENSIONS: [u8; 2] = [0, 0];
    const SHA256_ECDSA: [u8; 2] = [4, 3];
    let time = milliseconds.to_be_bytes();
    let length = u32::try_from(precertificate.len()).unwrap_or_default().to_be_bytes();
    let what = [
        &VERSION_1[..],
        &CERTIFICATE_TIMESTAMP,
        &time,
        &PRECERTIFICATE,
        &issuer.identifier(),
        &length[1..],
        precertificate,
        &NO_EXTENSIONS,
    ];
    let signature = counted(&log.sign(&what.concat()));
    let promise = [&VERSION_1[..], &log.identifier(), &time, &NO_EXTENSIONS, &SHA256_ECDSA, &signature].concat();
    counted(&counted(&promise))
}

/// Returns bytes after their number, in two bytes.
fn counted(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap_or_default().to_be_bytes()[..], bytes].concat()
}
