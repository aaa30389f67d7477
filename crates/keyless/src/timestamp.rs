//! Asks for timestamps (RFC 3161).

use crate::web::{Request, said, shown};
use crate::{KeylessError, Web};
use der::asn1::OctetStringRef;
use der::{Any, Decode, Encode, Tag, Tagged};
use reqwest::Url;
use rustix::rand::{GetRandomFlags, getrandom};
use sigstore_crypto::sha256;
use sigstore_types::{SignatureBytes, TimestampToken};
use std::io;

/// The identifier of SHA-256, encoded.
const SHA256: [u8; 11] = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];

/// Returns a timestamp of a signature. It is of this signature; whether whoever gave it is trusted is for others to see.
pub(crate) async fn timestamp(
    web: &Web,
    authority: &Url,
    signature: &SignatureBytes,
) -> Result<TimestampToken, KeylessError> {
    let hash = sha256(signature.as_bytes());
    let mut nonce = random::<8>().map_err(|source| KeylessError::Random { source })?;
    // A positive number of exactly eight bytes.
    nonce[0] = nonce[0] & 0x7f | 0x40;
    let body = request(hash.as_bytes(), &nonce);
    let answer = web.ask(Request::post(authority.clone(), "application/timestamp-query", body)).await?;
    let service = shown(authority);
    if !answer.is_success() {
        return Err(KeylessError::Refused { service, status: answer.status, said: said(&answer.body) });
    }
    match check(&answer.body, hash.as_bytes(), &nonce) {
        Some(true) => Ok(TimestampToken::new(answer.body)),
        Some(false) => Err(KeylessError::Entry { service }),
        None => Err(KeylessError::Answer { service, problem: "the answer is no timestamp".to_owned() }),
    }
}

/// Writes a `TimeStampReq` (section 2.4.1) that wants the certificate in the answer. Its lengths are always the same.
fn request(hash: &[u8; 32], nonce: &[u8; 8]) -> Vec<u8> {
    let version = [0x02, 0x01, 0x01];
    let algorithm = [&[0x30, 0x0d][..], &SHA256, &[0x05, 0x00]].concat();
    let imprint = [&[0x30, 0x31][..], &algorithm, &[0x04, 0x20], hash].concat();
    [&[0x30, 0x43][..], &version, &imprint, &[0x02, 0x08], nonce, &[0x01, 0x01, 0xff]].concat()
}

/// Returns whether a `TimeStampResp` (section 2.4.2) grants what was asked for. `None` if it is none, or grants nothing.
fn check(response: &[u8], hash: &[u8; 32], nonce: &[u8; 8]) -> Option<bool> {
    let [status, token] = <[Any; 2]>::try_from(parts(response)?).ok()?;
    let status = parts(&status.to_der().ok()?)?;
    // Granted, or granted with modifications.
    if !matches!(status.first()?.value(), [0 | 1]) {
        return None;
    }
    // A ContentInfo with SignedData (RFC 5652, sections 3 and 5.1), in which there is a TSTInfo.
    let content = parts(&token.to_der().ok()?)?;
    let signed = parts(content.get(1)?.value())?;
    let information = parts(&signed.get(2)?.to_der().ok()?)?;
    let information = OctetStringRef::from_der(information.get(1)?.value()).ok()?.as_bytes().to_vec();
    let information = parts(&information)?;
    let imprint = parts(&information.get(2)?.to_der().ok()?)?;
    let algorithm = parts(&imprint.first()?.to_der().ok()?)?;
    let is_ours = algorithm.first()?.to_der().ok()? == SHA256 && imprint.get(1)?.value() == hash;
    let answers = information.iter().skip(5).any(|part| part.tag() == Tag::Integer && part.value() == nonce);
    Some(is_ours && answers)
}

/// Reads what is in a sequence.
fn parts(bytes: &[u8]) -> Option<Vec<Any>> {
    Vec::<Any>::from_der(bytes).ok()
}

/// Returns bytes that nobody guesses.
pub(crate) fn random<const LENGTH: usize>() -> io::Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    // So few bytes come at once, or not at all.
    if getrandom(&mut bytes, GetRandomFlags::empty())? < LENGTH {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}
