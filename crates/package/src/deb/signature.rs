use super::Keyring;
use jiff::{SignedDuration, Timestamp};
use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType, SignatureVersion, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, PublicParams, Tag, VerifyingKey};
use std::fmt;

/// How far a signature's or release file's time may lie ahead of ours.
pub(crate) const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_hours(24);
/// Least length of an RSA modulus, in bytes, as apt asks for.
const RSA_BYTES: usize = 2048 / 8;
/// Length of the usual RSA exponent, in bytes. Keys with a shorter one are as rare as they are suspect.
const RSA_EXPONENT_BYTES: usize = 3;

/// A signature that does not count, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntrustedSignature {
    /// Whose key it says it was made with, in hexadecimal digits; empty where it does not say.
    pub issuer: String,
    /// Why it does not count.
    pub problem: SignatureProblem,
}

impl fmt::Display for UntrustedSignature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuer = if self.issuer.is_empty() { "unnamed key" } else { &self.issuer };
        write!(formatter, "{issuer}: {}", self.problem)
    }
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureProblem {
    /// No key of the keyring is the one that it says it was made with.
    #[error("not a trusted key")]
    UnknownKey,
    /// It names no key that it was made with, or more than one.
    #[error("does not name one key that it was made with")]
    Issuer,
    /// It is not a signature of this text by this key.
    #[error("does not match the text")]
    Mismatch,
    /// It is not a signature of a text, or of a form that is not understood.
    #[error("not a signature of a text in a form that consign knows")]
    Form,
    /// Its hash algorithm is too weak, or unknown.
    #[error("made with {algorithm}, which is not strong enough")]
    WeakHash {
        /// The algorithm.
        algorithm: String,
    },
    /// It has expired.
    #[error("the signature expired at {at}")]
    Expired {
        /// When.
        at: Timestamp,
    },
    /// It was made in the future.
    #[error("the signature is from the future: {created}")]
    Future {
        /// When it says that it was made.
        created: Timestamp,
    },
    /// The key is too weak.
    #[error("the key is too weak")]
    WeakKey,
    /// The key has expired.
    #[error("the key expired at {at}")]
    KeyExpired {
        /// When.
        at: Timestamp,
    },
    /// The key was revoked.
    #[error("the key was revoked")]
    KeyRevoked,
    /// The key's own signature, which says how long and for what it may be used, is missing or wrong.
    #[error("the key is not validly signed by itself")]
    KeyUnbound,
    /// The key is not for signing.
    #[error("the key is not for signing")]
    KeyPurpose,
}

/// Judges a signature of `text`: trusted if it is valid, and made by a key of the keyring that may sign now.
pub(crate) fn judge(
    keyring: &Keyring,
    text: &[u8],
    signature: &Signature,
    now: Timestamp,
) -> Result<(), UntrustedSignature> {
    check(keyring, text, signature, now).map_err(|problem| UntrustedSignature { issuer: issuer(signature), problem })
}

fn check(keyring: &Keyring, text: &[u8], signature: &Signature, now: Timestamp) -> Result<(), SignatureProblem> {
    if !matches!(signature.version(), SignatureVersion::V4 | SignatureVersion::V6)
        || !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text))
        || has_unknown_demands(signature)
    {
        return Err(SignatureProblem::Form);
    }
    if !names_one_issuer(signature) {
        return Err(SignatureProblem::Issuer);
    }
    if !has_strong_hash(signature) {
        let algorithm = signature.hash_alg().map(|algorithm| algorithm.to_string()).unwrap_or_default();
        return Err(SignatureProblem::WeakHash { algorithm });
    }
    let created = moment(signature.created().ok_or(SignatureProblem::Form)?.as_secs());
    if created > now + CLOCK_TOLERANCE {
        return Err(SignatureProblem::Future { created });
    }
    if let Some(at) = end(created, signature.signature_expiration_time()).filter(|at| *at <= now) {
        return Err(SignatureProblem::Expired { at });
    }
    let mut problem = SignatureProblem::UnknownKey;
    for certificate in &keyring.keys {
        if says_issuer(signature, &certificate.primary_key) {
            match signature.verify(&certificate.primary_key, text) {
                Ok(()) => return primary_may_sign(certificate, now),
                Err(_) => problem = SignatureProblem::Mismatch,
            }
        }
        for subkey in certificate.public_subkeys.iter().filter(|subkey| says_issuer(signature, &subkey.key)) {
            match signature.verify(&subkey.key, text) {
                Ok(()) => return subkey_may_sign(certificate, subkey, now),
                Err(_) => problem = SignatureProblem::Mismatch,
            }
        }
    }
    Err(problem)
}

fn primary_may_sign(certificate: &SignedPublicKey, now: Timestamp) -> Result<(), SignatureProblem> {
    let latest = primary_is_alive(certificate, now)?;
    // A key without stated purposes is from a time before they were stated.
    let stated = latest.config().is_some_and(|config| {
        config.hashed_subpackets().any(|subpacket| matches!(subpacket.data, SubpacketData::KeyFlags(_)))
    });
    if stated && !latest.key_flags().sign() {
        return Err(SignatureProblem::KeyPurpose);
    }
    Ok(())
}

/// Returns the primary key's latest signature of itself, if the key is neither revoked nor expired.
fn primary_is_alive(certificate: &SignedPublicKey, now: Timestamp) -> Result<&Signature, SignatureProblem> {
    let key = &certificate.primary_key;
    if is_weak(key.public_params()) {
        return Err(SignatureProblem::WeakKey);
    }
    if certificate.details.revocation_signatures.iter().any(|signature| signature.verify_key(key).is_ok()) {
        return Err(SignatureProblem::KeyRevoked);
    }
    let direct = certificate
        .details
        .direct_signatures
        .iter()
        .filter(|signature| signature.typ() == Some(SignatureType::Key) && signature.verify_key(key).is_ok());
    let of_names = certificate.details.users.iter().flat_map(|user| {
        user.signatures.iter().filter(|signature| {
            let kind = matches!(
                signature.typ(),
                Some(
                    SignatureType::CertGeneric
                        | SignatureType::CertPersona
                        | SignatureType::CertCasual
                        | SignatureType::CertPositive
                )
            );
            kind && signature.verify_certification(key, Tag::UserId, &user.id).is_ok()
        })
    });
    let latest = latest(direct.chain(of_names), now).ok_or(SignatureProblem::KeyUnbound)?;
    not_expired(key.created_at().as_secs(), latest, now)?;
    Ok(latest)
}

fn subkey_may_sign(
    certificate: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    now: Timestamp,
) -> Result<(), SignatureProblem> {
    primary_is_alive(certificate, now)?;
    if is_weak(subkey.key.public_params()) {
        return Err(SignatureProblem::WeakKey);
    }
    let primary = &certificate.primary_key;
    let valid = |kind: SignatureType| {
        subkey.signatures.iter().filter(move |signature| {
            signature.typ() == Some(kind) && signature.verify_subkey_binding(primary, &subkey.key).is_ok()
        })
    };
    if valid(SignatureType::SubkeyRevocation).next().is_some() {
        return Err(SignatureProblem::KeyRevoked);
    }
    let bindings = valid(SignatureType::SubkeyBinding).filter(|signature| has_strong_hash(signature));
    let latest = latest(bindings, now).ok_or(SignatureProblem::KeyUnbound)?;
    not_expired(subkey.key.created_at().as_secs(), latest, now)?;
    if !latest.key_flags().sign() {
        return Err(SignatureProblem::KeyPurpose);
    }
    // The subkey must own up to the primary key too, or a stranger's key could be adopted (RFC 9580, section 10.1.5).
    let back = latest.embedded_signature().ok_or(SignatureProblem::KeyUnbound)?;
    back.verify_primary_key_binding(&subkey.key, primary).map_err(|_| SignatureProblem::KeyUnbound)
}

fn latest<'a>(signatures: impl Iterator<Item = &'a Signature>, now: Timestamp) -> Option<&'a Signature> {
    let dated = signatures.filter_map(|signature| Some((signature.created()?, signature)));
    let past = dated.filter(|(created, _)| moment(created.as_secs()) <= now + CLOCK_TOLERANCE);
    past.max_by_key(|(created, _)| *created).map(|(_, signature)| signature)
}

fn not_expired(created: u32, signature: &Signature, now: Timestamp) -> Result<(), SignatureProblem> {
    match end(moment(created), signature.key_expiration_time()) {
        Some(at) if at <= now => Err(SignatureProblem::KeyExpired { at }),
        _ => Ok(()),
    }
}

/// Zero seconds mean that there is no end (RFC 9580, sections 5.2.3.13 and 5.2.3.18).
fn end(start: Timestamp, lifetime: Option<pgp::types::Duration>) -> Option<Timestamp> {
    let seconds = lifetime?.as_secs();
    (seconds > 0).then(|| start + SignedDuration::from_secs(seconds.into()))
}

fn moment(seconds: u32) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds.into())
}

fn has_strong_hash(signature: &Signature) -> bool {
    use HashAlgorithm::{Sha3_256, Sha3_512, Sha256, Sha384, Sha512};
    matches!(signature.hash_alg(), Some(Sha256 | Sha384 | Sha512 | Sha3_256 | Sha3_512))
}

/// Returns whether the signature makes demands, marked as critical, that are not understood (RFC 9580, section 5.2.3.7).
fn has_unknown_demands(signature: &Signature) -> bool {
    signature.config().is_none_or(|config| {
        config.hashed_subpackets().any(|subpacket| {
            subpacket.is_critical
                && matches!(
                    subpacket.data,
                    SubpacketData::Other(..) | SubpacketData::Experimental(..) | SubpacketData::Notation(_)
                )
        })
    })
}

fn is_weak(parameters: &PublicParams) -> bool {
    match parameters {
        // The modulus and the exponent, 65537 in practice, each after its length.
        PublicParams::RSA(parameters) => parameters.write_len() < 2 + RSA_BYTES + 2 + RSA_EXPONENT_BYTES,
        PublicParams::DSA(_) | PublicParams::Elgamal(_) | PublicParams::Unknown { .. } => true,
        _ => false,
    }
}

/// Returns whether a signature says which key it was made with, by an identifier, a fingerprint or both. Each key that it names costs a
/// look at the whole text.
fn names_one_issuer(signature: &Signature) -> bool {
    let (identifiers, fingerprints) = (signature.issuer_key_id(), signature.issuer_fingerprint());
    (!identifiers.is_empty() || !fingerprints.is_empty())
        && identifiers.iter().all(|identifier| *identifier == identifiers[0])
        && fingerprints.iter().all(|fingerprint| *fingerprint == fingerprints[0])
}

fn says_issuer(signature: &Signature, key: &impl VerifyingKey) -> bool {
    signature.issuer_key_id().contains(&&key.legacy_key_id())
        || signature.issuer_fingerprint().contains(&&key.fingerprint())
}

fn issuer(signature: &Signature) -> String {
    let fingerprint = signature.issuer_fingerprint().first().map(ToString::to_string);
    fingerprint
        .or_else(|| signature.issuer_key_id().first().map(ToString::to_string))
        .unwrap_or_default()
        .to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgp::types::RsaPublicParams;

    #[test]
    fn knows_weak_keys() {
        for (bits, weak) in [(1024u16, true), (2040, true), (2048, false), (4096, false)] {
            let mut bytes = bits.to_be_bytes().to_vec();
            bytes.extend(vec![0xFF; usize::from(bits) / 8]);
            bytes.extend([0, 17, 1, 0, 1]);
            let parameters = RsaPublicParams::try_from_reader(&bytes[..]).unwrap();
            assert_eq!(is_weak(&PublicParams::RSA(parameters)), weak, "{bits}");
        }
    }
}
