//! What public keys verify, by AWS-LC but for Ed25519.

use super::{DigestAlgorithm, KeyError, ed25519};
use DigestAlgorithm::{Sha256, Sha384, Sha512};
use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA256_ASN1,
    ECDSA_P521_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, VerificationAlgorithm,
};
use p256::elliptic_curve::ALGORITHM_OID;
use pkcs1::RsaPublicKey;
use pkcs8::AssociatedOid as _;
use pkcs8::der::Decode as _;
use pkcs8::spki::SubjectPublicKeyInfoRef;
use std::error::Error;
use std::ops::RangeInclusive;

/// Sizes of RSA keys, in bits.
const RSA_SIZES: RangeInclusive<usize> = 2048..=8192;
/// What a point of a curve begins with where both coordinates are written (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;

pub(super) enum Verifier {
    /// With one of some digest algorithms, the one that belongs to the key first.
    Digest {
        algorithms: &'static [DigestAlgorithm],
        keys: Vec<ParsedPublicKey>,
    },
    Ed25519(ed25519::Public),
}

impl Verifier {
    /// Reads a SubjectPublicKeyInfo in DER.
    pub(super) fn read(der: &[u8]) -> Result<Self, KeyError> {
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(malformed)?;
        let bits = info.subject_public_key.as_bytes().ok_or_else(|| malformed("its length is no number of bytes"))?;
        match info.algorithm.oid {
            ALGORITHM_OID => {
                let curve = info.algorithm.parameters_oid().map_err(|_| refused("ECDSA on a curve without a name"))?;
                if bits.first() != Some(&UNCOMPRESSED) {
                    return Err(malformed("its point is compressed"));
                }
                match curve {
                    p256::NistP256::OID => Self::of(bits, &[Sha256], &[&ECDSA_P256_SHA256_ASN1]),
                    p384::NistP384::OID => {
                        Self::of(bits, &[Sha384, Sha256], &[&ECDSA_P384_SHA384_ASN1, &ECDSA_P384_SHA256_ASN1])
                    }
                    p521::NistP521::OID => Self::of(
                        bits,
                        &[Sha512, Sha256, Sha384],
                        &[&ECDSA_P521_SHA512_ASN1, &ECDSA_P521_SHA256_ASN1, &ECDSA_P521_SHA384_ASN1],
                    ),
                    other => Err(refused(format!("ECDSA on the curve {other}"))),
                }
            }
            pkcs1::ALGORITHM_OID => {
                if info.algorithm.parameters.is_some_and(|parameters| !parameters.is_null()) {
                    return Err(malformed("its algorithm has parameters"));
                }
                check_rsa(bits)?;
                let algorithms: [&'static dyn VerificationAlgorithm; 3] =
                    [&RSA_PKCS1_2048_8192_SHA256, &RSA_PKCS1_2048_8192_SHA384, &RSA_PKCS1_2048_8192_SHA512];
                Self::of(bits, &[Sha256, Sha384, Sha512], &algorithms)
            }
            ed25519::OID => {
                if info.algorithm.parameters.is_some() {
                    return Err(malformed("its algorithm has parameters"));
                }
                let key = ed25519::Public::read(bits).ok_or_else(|| malformed("it is no point of the curve"))?;
                Ok(Self::Ed25519(key))
            }
            other => Err(refused(format!("of the algorithm {other}"))),
        }
    }

    fn of(
        key: &[u8],
        algorithms: &'static [DigestAlgorithm],
        verifying: &[&'static dyn VerificationAlgorithm],
    ) -> Result<Self, KeyError> {
        let parsed = verifying.iter().map(|algorithm| ParsedPublicKey::new(*algorithm, key));
        Ok(Self::Digest { algorithms, keys: parsed.collect::<Result<_, _>>().map_err(malformed)? })
    }

    pub(super) fn digest_algorithms(&self) -> &'static [DigestAlgorithm] {
        match self {
            Self::Digest { algorithms, .. } => algorithms,
            Self::Ed25519(_) => &[],
        }
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Digest { keys, .. } => keys.iter().any(|key| key.verify_sig(message, signature).is_ok()),
            Self::Ed25519(key) => key.verify(message, signature),
        }
    }

    /// Returns whether a signature is of what has this digest; of none where the key does not sign digests of this algorithm.
    pub(super) fn verify_digest(&self, algorithm: DigestAlgorithm, digest: &[u8], signature: &[u8]) -> bool {
        let Self::Digest { algorithms, keys } = self else { return false };
        let hash = match algorithm {
            Sha256 => &digest::SHA256,
            Sha384 => &digest::SHA384,
            Sha512 => &digest::SHA512,
        };
        let Ok(digest) = digest::Digest::import_less_safe(digest, hash) else { return false };
        let mut keys = algorithms.iter().zip(keys).filter(|(known, _)| **known == algorithm);
        keys.any(|(_, key)| key.verify_digest_sig(&digest, signature).is_ok())
    }
}

/// Checks size and exponent: one that is small or even, or so large that verifying takes long, is nobody's in good faith.
fn check_rsa(key: &[u8]) -> Result<(), KeyError> {
    let key = RsaPublicKey::from_der(key).map_err(malformed)?;
    let bits = bit_length(key.modulus.as_bytes());
    if !RSA_SIZES.contains(&bits) {
        return Err(refused(format!("RSA of {bits} bits")));
    }
    let exponent = key.public_exponent.as_bytes();
    if !(17..=33).contains(&bit_length(exponent)) || exponent.last().is_none_or(|last| last % 2 == 0) {
        return Err(refused("RSA with an exponent that is even, smaller than 65537 or longer than 33 bits"));
    }
    Ok(())
}

/// Returns the length of a number without leading zeros, in bits.
fn bit_length(bytes: &[u8]) -> usize {
    let zeros = bytes.first().map_or(0, |first| first.leading_zeros());
    (8 * bytes.len()).saturating_sub(usize::try_from(zeros).unwrap_or_default())
}

fn malformed(source: impl Into<Box<dyn Error + Send + Sync>>) -> KeyError {
    KeyError::Public { source: source.into() }
}

fn refused(found: impl Into<String>) -> KeyError {
    KeyError::PublicAlgorithm { found: found.into() }
}
