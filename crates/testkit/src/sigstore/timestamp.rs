//! Says when something was there (RFC 3161), in signed messages (RFC 5652).

use super::answer::{Answer, failure};
use super::certificate::{ECDSA_WITH_SHA256, Holder};
use super::der::{self, element, number, object, sequence, set};
use super::key::hash;
use jiff::Timestamp;

const POLICY: &str = "1.3.6.1.4.1.57264.2";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const TIMESTAMP: &str = "1.2.840.113549.1.9.16.1.4";
const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.47";

/// Answers a request for a timestamp. `serial` is a number that no other has.
pub(super) fn answer(holder: &Holder, body: &[u8], serial: u64, now: Timestamp) -> Answer {
    match respond(holder, body, serial, now) {
        Some(body) => {
            let headers = vec![("content-type", "application/timestamp-reply".to_owned())];
            Answer { status: 201, headers, body }
        }
        None => failure(400, "not a request for a timestamp"),
    }
}

fn respond(holder: &Holder, body: &[u8], serial: u64, now: Timestamp) -> Option<Vec<u8>> {
    let request = der::inside(body)?;
    let [version, imprint, options @ ..] = &request[..] else { return None };
    if version.content != [1] || imprint.tag != der::SEQUENCE {
        return None;
    }
    let nonce = options.iter().find(|option| option.tag == der::INTEGER).map(|nonce| nonce.whole).unwrap_or_default();
    let time = now.strftime("%Y%m%d%H%M%SZ").to_string();
    let information = sequence(&[
        &number(&[1]),
        &object(POLICY),
        imprint.whole,
        &number(&serial.to_be_bytes()),
        &element(der::GENERALIZED_TIME, time.as_bytes()),
        nonce,
    ]);
    Some(sequence(&[&sequence(&[&number(&[0])]), &message(holder, &information)]))
}

fn message(holder: &Holder, information: &[u8]) -> Vec<u8> {
    let sha256 = sequence(&[&object(SHA256)]);
    let attribute = |kind: &str, value: Vec<u8>| sequence(&[&object(kind), &set(vec![value])]);
    let certificate = sequence(&[&sequence(&[&sequence(&[&element(der::OCTETS, &hash(&holder.certificate))])])]);
    let attributes = set(vec![
        attribute(CONTENT_TYPE, object(TIMESTAMP)),
        attribute(MESSAGE_DIGEST, element(der::OCTETS, &hash(information))),
        attribute(SIGNING_CERTIFICATE, certificate),
    ]);
    // They are signed as a set, and stand in the message under another tag (RFC 5652, section 5.4).
    let signature = holder.key.sign(&attributes);
    let placed = [&[der::PLACED], attributes.get(1..).unwrap_or_default()].concat();
    let signer = sequence(&[
        &number(&[1]),
        &sequence(&[&holder.name_of_issuer, &number(&holder.serial)]),
        &sha256,
        &placed,
        &sequence(&[&object(ECDSA_WITH_SHA256)]),
        &element(der::OCTETS, &signature),
    ]);
    let content = sequence(&[&object(TIMESTAMP), &element(der::PLACED, &element(der::OCTETS, information))]);
    let signed = sequence(&[
        &number(&[3]),
        &set(vec![sha256.clone()]),
        &content,
        &element(der::PLACED, &holder.certificate),
        &set(vec![signer]),
    ]);
    sequence(&[&object(SIGNED_DATA), &element(der::PLACED, &signed)])
}
