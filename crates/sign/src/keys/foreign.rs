//! Private keys as other tools write them: PKCS#1, SEC 1 and PKCS#8, open or encrypted.

use super::secret::Secret;
use super::{KeyError, pem};
use pkcs8::EncryptedPrivateKeyInfo;
use pkcs8::der::Decode as _;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::Kdf;

/// Labels of keys that lie open.
pub(super) const OPEN: [&str; 3] = [PKCS8, SEC1, PKCS1];
/// The label of keys in encrypted PKCS#8 (RFC 5958).
pub(super) const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

const PKCS8: &str = "PRIVATE KEY";
const SEC1: &str = "EC PRIVATE KEY";
const PKCS1: &str = "RSA PRIVATE KEY";
/// OpenSSL writes the curve in a block of its own before the key, which names it as well.
const PARAMETERS: &str = "EC PARAMETERS";

/// Most rounds of PBKDF2: some seconds.
const ITERATIONS_LIMIT: u32 = 10_000_000;
/// Most memory that scrypt may need, in bytes.
const MEMORY_LIMIT: u64 = 256 << 20;
/// Most passes of scrypt.
const PARALLELISM_LIMIT: u16 = 16;

/// Reads a key. An encrypted one needs its password.
pub(super) fn read(text: &str, password: Option<&[u8]>) -> Result<Secret, KeyError> {
    let block = pem::read_past(text, PARAMETERS, PKCS8)?;
    match block.label.as_str() {
        PKCS8 => Secret::from_pkcs8(&block.content),
        SEC1 => Secret::from_sec1(&block.content),
        PKCS1 => Secret::from_pkcs1(&block.content),
        ENCRYPTED => decrypt(&block.content, password),
        _ => Err(KeyError::Label { expected: PKCS8, found: block.label }),
    }
}

fn decrypt(document: &[u8], password: Option<&[u8]>) -> Result<Secret, KeyError> {
    // Schemes that are not known are as good as malformed ones.
    let encrypted = EncryptedPrivateKeyInfo::from_der(document).map_err(|_| KeyError::Encryption)?;
    if !is_bounded(&encrypted.encryption_algorithm) {
        return Err(KeyError::Encryption);
    }
    let password = password.ok_or(KeyError::NoPassword)?;
    // What does not decrypt may end like padding by chance, and is no key then.
    let document = encrypted.decrypt(password).map_err(|_| KeyError::Password)?;
    Secret::from_pkcs8(document.as_bytes())
}

/// Returns whether trying a password costs a bounded amount of time and memory.
fn is_bounded(scheme: &EncryptionScheme<'_>) -> bool {
    let EncryptionScheme::Pbes2(parameters) = scheme else { return false };
    match &parameters.kdf {
        Kdf::Pbkdf2(parameters) => parameters.iteration_count <= ITERATIONS_LIMIT,
        Kdf::Scrypt(parameters) => {
            let memory = 128_u64.checked_mul(parameters.cost_parameter);
            let memory = memory.and_then(|memory| memory.checked_mul(u64::from(parameters.block_size)));
            memory.is_some_and(|memory| memory <= MEMORY_LIMIT) && parameters.parallelization <= PARALLELISM_LIMIT
        }
        _ => false,
    }
}
