//! Private keys of all kinds, and their forms in DER.

use super::{KeyAlgorithm, KeyError, ecdsa, ed25519, rsa};
use p256::elliptic_curve::ALGORITHM_OID;
use p256::pkcs8::{EncodePrivateKey, EncodePublicKey};
use pkcs8::der::Decode as _;
use pkcs8::{AssociatedOid as _, ObjectIdentifier, PrivateKeyInfo};
use sec1::{EcParameters, EcPrivateKey};
use std::error::Error;
use zeroize::Zeroizing;

/// A private key. Each kind wipes itself from memory when dropped: RSA's by AWS-LC, which wipes whatever it frees.
pub(super) enum Secret {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
    Rsa(rsa::Secret),
    Ed25519(ed25519::Secret),
}

impl Secret {
    pub(super) fn generate(algorithm: KeyAlgorithm) -> Result<Self, KeyError> {
        Ok(match algorithm {
            KeyAlgorithm::P256 => Self::P256(ecdsa::generate(256)?),
            KeyAlgorithm::P384 => Self::P384(ecdsa::generate(384)?),
            KeyAlgorithm::P521 => Self::P521(ecdsa::generate(521)?),
            KeyAlgorithm::Rsa2048 => Self::Rsa(rsa::Secret::generate(2048)?),
            KeyAlgorithm::Rsa3072 => Self::Rsa(rsa::Secret::generate(3072)?),
            KeyAlgorithm::Rsa4096 => Self::Rsa(rsa::Secret::generate(4096)?),
            KeyAlgorithm::Ed25519 => Self::Ed25519(ed25519::Secret::generate()?),
        })
    }

    /// Reads PKCS#8 (RFC 5208).
    pub(super) fn from_pkcs8(document: &[u8]) -> Result<Self, KeyError> {
        let malformed = |source| malformed("PKCS#8", source);
        let info = PrivateKeyInfo::from_der(document).map_err(malformed)?;
        match info.algorithm.oid {
            ALGORITHM_OID => {
                let curve = info.algorithm.parameters_oid().map_err(|_| unknown_curve())?;
                let key = EcPrivateKey::from_der(info.private_key).map_err(malformed)?;
                Self::on_curve(curve, key)
            }
            pkcs1::ALGORITHM_OID => Ok(Self::Rsa(rsa::Secret::from_pkcs8(document)?)),
            ed25519::OID => Ok(Self::Ed25519(ed25519::Secret::from_pkcs8(&info)?)),
            other => Err(KeyError::PrivateAlgorithm { found: other.to_string() }),
        }
    }

    /// Reads PKCS#1 (RFC 8017, appendix A.1.2).
    pub(super) fn from_pkcs1(document: &[u8]) -> Result<Self, KeyError> {
        Ok(Self::Rsa(rsa::Secret::from_pkcs1(document)?))
    }

    /// Reads SEC 1 (RFC 5915), where it names its curve.
    pub(super) fn from_sec1(document: &[u8]) -> Result<Self, KeyError> {
        let key = EcPrivateKey::from_der(document).map_err(|source| malformed("SEC 1", source))?;
        let curve = key.parameters.and_then(EcParameters::named_curve).ok_or_else(unknown_curve)?;
        Self::on_curve(curve, key)
    }

    /// Takes a key on a curve. A public half that is beside it must be its own.
    fn on_curve(curve: ObjectIdentifier, key: EcPrivateKey<'_>) -> Result<Self, KeyError> {
        let malformed = |source| malformed("SEC 1", source);
        match curve {
            p256::NistP256::OID => Ok(Self::P256(key.try_into().map_err(malformed)?)),
            p384::NistP384::OID => Ok(Self::P384(key.try_into().map_err(malformed)?)),
            p521::NistP521::OID => Ok(Self::P521(key.try_into().map_err(malformed)?)),
            other => Err(KeyError::PrivateAlgorithm { found: format!("ECDSA on the curve {other}") }),
        }
    }

    pub(super) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        match self {
            Self::P256(key) => document_of(key),
            Self::P384(key) => document_of(key),
            Self::P521(key) => document_of(key),
            Self::Rsa(key) => key.to_pkcs8(),
            Self::Ed25519(key) => Ok(key.to_pkcs8()),
        }
    }

    /// Returns the SubjectPublicKeyInfo.
    pub(super) fn public(&self) -> Result<Vec<u8>, KeyError> {
        match self {
            Self::P256(key) => public_of(&key.public_key()),
            Self::P384(key) => public_of(&key.public_key()),
            Self::P521(key) => public_of(&key.public_key()),
            Self::Rsa(key) => key.public(),
            Self::Ed25519(key) => Ok(key.public()),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match self {
            Self::P256(key) => ecdsa::sign(key, 256, message),
            Self::P384(key) => ecdsa::sign(key, 384, message),
            Self::P521(key) => ecdsa::sign(key, 521, message),
            Self::Rsa(key) => key.sign(message),
            Self::Ed25519(key) => Ok(key.sign(message)),
        }
    }
}

fn document_of(key: &impl EncodePrivateKey) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let document = key.to_pkcs8_der().map_err(|source| KeyError::Encoding { source: source.into() })?;
    Ok(document.to_bytes())
}

fn public_of(key: &impl EncodePublicKey) -> Result<Vec<u8>, KeyError> {
    let document = key.to_public_key_der().map_err(|source| KeyError::Encoding { source: source.into() })?;
    Ok(document.into_vec())
}

fn malformed(form: &'static str, source: impl Error + Send + Sync + 'static) -> KeyError {
    KeyError::Private { form, source: source.into() }
}

fn unknown_curve() -> KeyError {
    KeyError::PrivateAlgorithm { found: "ECDSA on a curve without a name".to_owned() }
}
