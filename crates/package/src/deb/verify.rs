use super::armor::{COLON_LIMIT, has_many_headers};
use super::cleartext::Cleartext;
use super::signature::{CLOCK_TOLERANCE, judge};
use super::{Keyring, Release, ReleaseError};
use jiff::Timestamp;
use pgp::composed::{Deserializable, DetachedSignature};
use pgp::packet::Signature;

/// Largest release file, in bytes.
const SIZE_LIMIT: usize = 16 * 1024 * 1024;
/// Most bytes of all its signatures; Debian's have some thousand.
const SIGNATURES_SIZE_LIMIT: usize = 1024 * 1024;
/// Most signatures of a release file; Debian's have three.
const SIGNATURE_LIMIT: usize = 32;

/// Verifies an `InRelease` file: a text with its signatures in one file. One valid signature by a trusted key suffices.
///
/// What is returned was read from exactly the bytes that were signed; a file with anything beside them is refused. Fails also
/// if `now` is past its Valid-Until, or its Date is more than a day ahead of `now`.
pub fn verify_release(in_release: &[u8], keyring: &Keyring, now: Timestamp) -> Result<Release, ReleaseError> {
    let text = plain_text(in_release)?;
    let message = Cleartext::read(text)?;
    let signatures = detached_signatures(message.signatures.as_bytes())?;
    // Signatures of text are made over lines that end so (RFC 9580, section 5.2.1.2).
    require_trusted(message.signed.replace('\n', "\r\n").as_bytes(), &signatures, keyring, now)?;
    in_time(Release::parse(&message.signed)?, now)
}

/// Verifies a `Release` file with its signatures in a second file, `Release.gpg`, as [`verify_release`] does.
pub fn verify_detached(
    release: &[u8],
    signature: &[u8],
    keyring: &Keyring,
    now: Timestamp,
) -> Result<Release, ReleaseError> {
    let text = plain_text(release)?;
    let signatures = detached_signatures(signature)?;
    require_trusted(text.as_bytes(), &signatures, keyring, now)?;
    in_time(Release::parse(text)?, now)
}

/// Carriage returns are refused because signatures of text do not tell them from line feeds, while readers do.
fn plain_text(bytes: &[u8]) -> Result<&str, ReleaseError> {
    if bytes.len() > SIZE_LIMIT {
        return Err(ReleaseError::TooLarge { limit: SIZE_LIMIT });
    }
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains(['\r', '\0'])).ok_or(ReleaseError::NotText)
}

fn detached_signatures(bytes: &[u8]) -> Result<Vec<Signature>, ReleaseError> {
    if bytes.len() > SIGNATURES_SIZE_LIMIT {
        return Err(ReleaseError::SignaturesTooLarge { limit: SIGNATURES_SIZE_LIMIT });
    }
    if has_many_headers(bytes) {
        return Err(ReleaseError::TooManyHeaders { limit: COLON_LIMIT });
    }
    let (signatures, _) = DetachedSignature::from_reader_many_buf(bytes).map_err(open_pgp)?;
    signatures.take(SIGNATURE_LIMIT + 1).map(|signature| Ok(signature.map_err(open_pgp)?.signature)).collect()
}

fn require_trusted(
    text: &[u8],
    signatures: &[Signature],
    keyring: &Keyring,
    now: Timestamp,
) -> Result<(), ReleaseError> {
    if signatures.len() > SIGNATURE_LIMIT {
        return Err(ReleaseError::TooManySignatures { limit: SIGNATURE_LIMIT });
    }
    let mut untrusted = Vec::new();
    for signature in signatures {
        match judge(keyring, text, signature, now) {
            Ok(()) => return Ok(()),
            Err(reason) => untrusted.push(reason),
        }
    }
    Err(ReleaseError::Untrusted { keyring: keyring.paths().to_vec(), signatures: untrusted })
}

fn in_time(release: Release, now: Timestamp) -> Result<Release, ReleaseError> {
    match (release.valid_until, release.date) {
        (Some(valid_until), _) if valid_until < now => Err(ReleaseError::Expired { valid_until }),
        (_, Some(date)) if date > now + CLOCK_TOLERANCE => Err(ReleaseError::Future { date }),
        _ => Ok(release),
    }
}

fn open_pgp(source: pgp::errors::Error) -> ReleaseError {
    ReleaseError::OpenPgp { source: source.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_text_that_can_be_read_in_two_ways() {
        for bytes in [&b"a\r\nb"[..], b"a\rb", b"a\0", b"\xff"] {
            assert!(matches!(plain_text(bytes), Err(ReleaseError::NotText)));
        }
    }
}
