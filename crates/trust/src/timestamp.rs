use crate::TrustError;
use sigstore_types::{Bundle, SignatureBytes, SignatureContent, TimestampToken, TsaAuthority};
use sigstore_verify::crypto::{sha256, sha384, sha512};
use sigstore_verify::tsa::{Error, verify_timestamp_for_authority};

/// Digits of a time without fractions (`YYYYMMDDhhmmss`, RFC 3161, section 2.4.2).
const DIGITS: usize = 14;
/// The tag of a GeneralizedTime in DER.
const GENERALIZED_TIME: u8 = 0x18;

/// Says more exactly why a timestamp of a bundle does not verify, which `sigstore-verify` says in words alone. `None`: it is none of the reasons that have
/// names.
pub(crate) fn diagnose(bundle: &Bundle, authorities: &[TsaAuthority]) -> Option<TrustError> {
    let signature = match &bundle.content {
        SignatureContent::MessageSignature(message) => &message.signature,
        SignatureContent::DsseEnvelope(envelope) => &envelope.signature.sig,
        _ => return None,
    };
    let timestamps = &bundle.verification_material.timestamp_verification_data.rfc3161_timestamps;
    timestamps.iter().find_map(|timestamp| reason(&timestamp.signed_timestamp, signature, authorities))
}

fn reason(token: &TimestampToken, signature: &SignatureBytes, authorities: &[TsaAuthority]) -> Option<TrustError> {
    let mut errors = Vec::new();
    for authority in authorities {
        match verify_timestamp_for_authority(token, signature, authority) {
            Ok(_) => return None,
            Err(error) => errors.push(error),
        }
    }
    if has_fraction(token.as_bytes()) && errors.iter().all(|error| matches!(error, Error::Parse(_))) {
        return Some(TrustError::TimestampFraction);
    }
    // The digest in the token may be that of another signature; a digest of the token itself may be wrong too.
    let bytes = signature.as_bytes();
    let digests = [sha256(bytes).to_hex(), sha384(bytes).to_hex(), sha512(bytes).to_hex()];
    if errors.iter().any(|error| matches!(error, Error::HashMismatch { actual, .. } if digests.contains(actual))) {
        return Some(TrustError::TimestampOfAnother);
    }
    let is_unknown = |error: &Error| matches!(error, Error::SignatureVerificationError(text) if text.contains("does not match any trusted TSA certificate"));
    errors.iter().all(is_unknown).then_some(TrustError::TimestampUntrusted)
}

/// Returns whether a time in DER has fractions of a second. The parser below refuses those (RFC 3161 allows them).
fn has_fraction(token: &[u8]) -> bool {
    token.windows(DIGITS + 3).any(|window| {
        let [tag, _, rest @ ..] = window else { return false };
        let (digits, point) = rest.split_at(DIGITS);
        *tag == GENERALIZED_TIME && digits.iter().all(u8::is_ascii_digit) && point == b"."
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_seen() {
        assert!(has_fraction(b"\x30\x03\x18\x1320260102030405.123Z\x02\x01"));
        assert!(!has_fraction(b"\x30\x03\x18\x0f20260102030405Z\x02\x01"));
        assert!(!has_fraction(b"\x18"));
        let signature = SignatureBytes::new(Vec::new());
        let token = |bytes: &[u8]| TimestampToken::from_bytes(bytes);
        let error = reason(&token(b"\x18\x1320260102030405.123Z"), &signature, &[]);
        assert!(matches!(error, Some(TrustError::TimestampFraction)));
        assert!(matches!(reason(&token(b"x"), &signature, &[]), Some(TrustError::TimestampUntrusted)));
    }
}
