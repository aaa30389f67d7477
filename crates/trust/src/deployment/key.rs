use crate::shown::shown;
use sigstore_types::DerPublicKey;
use sigstore_verify::crypto::{SigningScheme, VerificationKey, sha256};
use x509_cert::der::asn1::UintRef;
use x509_cert::der::{Decode as _, Reader as _, SliceReader};

/// What C2SP's `signed-note.md` says of a key of Ed25519: the type of its signatures.
const ED25519: u8 = 1;

/// The public key of a log.
pub(super) struct Key {
    /// A SubjectPublicKeyInfo.
    pub(super) der: Vec<u8>,
    /// What it is, in the words of protobuf-specs (`sigstore_common.proto`, `PublicKeyDetails`).
    pub(super) details: &'static str,
    /// What of it is the key alone.
    raw: Vec<u8>,
}

impl Key {
    pub(super) fn read(pem: &str) -> Result<Self, String> {
        let der = DerPublicKey::from_pem(pem).map_err(|error| shown(&error.to_string()))?;
        let key = VerificationKey::from_spki(&der).map_err(|error| shown(&error.to_string()))?;
        let raw = key.as_bytes().to_vec();
        let details = match key.scheme() {
            SigningScheme::EcdsaP256Sha256 => "PKIX_ECDSA_P256_SHA_256",
            SigningScheme::EcdsaP384Sha384 => "PKIX_ECDSA_P384_SHA_384",
            SigningScheme::Ed25519 => "PKIX_ED25519",
            SigningScheme::RsaPkcs1Sha256 => match rsa_length(&raw) {
                Some(256) => "PKIX_RSA_PKCS1V15_2048_SHA256",
                Some(384) => "PKIX_RSA_PKCS1V15_3072_SHA256",
                Some(512) => "PKIX_RSA_PKCS1V15_4096_SHA256",
                _ => return Err("keys of RSA have 2048, 3072 or 4096 bits".to_owned()),
            },
            other => return Err(format!("logs with keys for {} are not known", other.name())),
        };
        Ok(Self { der: der.into_bytes(), details, raw })
    }

    /// Returns by what the log is known: the hash of its key (RFC 6962, section 3.2), or, for a key of Ed25519 and a log with a name, of both.
    pub(super) fn identity(&self, origin: Option<&str>) -> [u8; 32] {
        let hash = match origin.filter(|_| self.details == "PKIX_ED25519") {
            Some(origin) => sha256(&[origin.as_bytes(), b"\n", &[ED25519], &self.raw].concat()),
            None => sha256(&self.der),
        };
        *hash.as_bytes()
    }
}

/// Returns how many bytes the modulus of an RSAPublicKey has (RFC 8017, appendix A.1.1).
fn rsa_length(der: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(der).ok()?;
    let modulus = reader.sequence(|reader| {
        let modulus = UintRef::decode(reader)?.as_bytes().len();
        UintRef::decode(reader)?;
        Ok(modulus)
    });
    modulus.ok()
}
