//! RSA with PKCS#1 v1.5 and SHA-256, by AWS-LC: the crate `rsa` takes a time that depends on the key (RUSTSEC-2023-0071).

use super::KeyError;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use zeroize::Zeroizing;

/// Sizes of private keys, in bits: those that cosign signs with.
const SIZES: [usize; 3] = [2048, 3072, 4096];

pub(super) struct Secret(KeyPair);

impl Secret {
    /// Makes a key of 2048, 3072 or 4096 bits.
    pub(super) fn generate(bits: usize) -> Result<Self, KeyError> {
        let size = match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            _ => return Err(refused(bits)),
        };
        Ok(Self(KeyPair::generate(size).map_err(|_| KeyError::Generation)?))
    }

    pub(super) fn from_pkcs8(document: &[u8]) -> Result<Self, KeyError> {
        Self::checked(KeyPair::from_pkcs8(document), "PKCS#8")
    }

    pub(super) fn from_pkcs1(document: &[u8]) -> Result<Self, KeyError> {
        Self::checked(KeyPair::from_der(document), "PKCS#1")
    }

    fn checked(key: Result<KeyPair, KeyRejected>, form: &'static str) -> Result<Self, KeyError> {
        let key = key.map_err(|source| KeyError::Private { form, source: source.into() })?;
        let bits = 8 * key.public_modulus_len();
        if SIZES.contains(&bits) { Ok(Self(key)) } else { Err(refused(bits)) }
    }

    pub(super) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let document: Pkcs8V1Der<'_> =
            self.0.as_der().map_err(|source| KeyError::Encoding { source: source.into() })?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    pub(super) fn public(&self) -> Result<Vec<u8>, KeyError> {
        let document: PublicKeyX509Der<'_> =
            self.0.public_key().as_der().map_err(|source| KeyError::Encoding { source: source.into() })?;
        Ok(document.as_ref().to_vec())
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        // There is nothing random in signatures of PKCS#1 v1.5.
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).map_err(|_| KeyError::Signing)?;
        Ok(signature)
    }
}

fn refused(bits: usize) -> KeyError {
    KeyError::PrivateAlgorithm { found: format!("RSA of {bits} bits") }
}
