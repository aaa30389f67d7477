use super::KeyError;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::{Aead as _, KeyInit as _};
use crypto_secretbox::{Key, Nonce, XSalsa20Poly1305};
use p256::elliptic_curve::rand_core::{OsRng, RngCore as _};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const DERIVATION: &str = "scrypt";
const CIPHER: &str = "nacl/secretbox";
const SALT_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 24;
const KEY_LENGTH: usize = 32;

/// Some bytes encrypted under a password, as cosign's key files hold them (go-securesystemslib, package `encrypted`).
#[derive(Serialize, Deserialize)]
struct Encrypted {
    kdf: Derivation,
    cipher: Cipher,
    #[serde(with = "bytes")]
    ciphertext: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Derivation {
    name: String,
    params: Cost,
    #[serde(with = "bytes")]
    salt: Vec<u8>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Cost {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    #[serde(with = "bytes")]
    nonce: Vec<u8>,
}

impl Cost {
    /// What cosign writes: 64 MiB of memory.
    const WRITTEN: Self = Self { n: 65536, r: 8, p: 1 };

    /// Returns scrypt's parameters. Only the two costs that cosign ever wrote are taken, since a file could ask for any amount of memory.
    fn parameters(self) -> Result<scrypt::Params, KeyError> {
        let Self { n, r, p } = self;
        let error = || KeyError::Cost { n, r, p };
        let logarithm = match (n, r, p) {
            (32768, 8, 1) => 15,
            (65536, 8, 1) => 16,
            _ => return Err(error()),
        };
        scrypt::Params::new(logarithm, r, p, KEY_LENGTH).map_err(|_| error())
    }
}

/// Decrypts the content of a key file.
pub(super) fn decrypt(content: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let Encrypted { kdf, cipher, ciphertext } =
        serde_json::from_slice(content).map_err(|source| KeyError::Json { source })?;
    expect_name("key derivation", &kdf.name, DERIVATION)?;
    expect_name("cipher", &cipher.name, CIPHER)?;
    expect_length("salt", &kdf.salt, SALT_LENGTH)?;
    expect_length("nonce", &cipher.nonce, NONCE_LENGTH)?;
    let plain = secretbox(kdf.params, &kdf.salt, password)?
        .decrypt(Nonce::from_slice(&cipher.nonce), ciphertext.as_slice())
        .map_err(|_| KeyError::Password)?;
    Ok(Zeroizing::new(plain))
}

/// Encrypts the content of a key file, with a fresh salt and nonce.
pub(super) fn encrypt(plain: &[u8], password: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut salt = vec![0; SALT_LENGTH];
    let mut nonce = vec![0; NONCE_LENGTH];
    fill(&mut salt)?;
    fill(&mut nonce)?;
    let ciphertext = secretbox(Cost::WRITTEN, &salt, password)?
        .encrypt(Nonce::from_slice(&nonce), plain)
        .map_err(|_| KeyError::TooLong { length: plain.len() })?;
    let encrypted = Encrypted {
        kdf: Derivation { name: DERIVATION.to_owned(), params: Cost::WRITTEN, salt },
        cipher: Cipher { name: CIPHER.to_owned(), nonce },
        ciphertext,
    };
    serde_json::to_vec(&encrypted).map_err(|source| KeyError::Json { source })
}

/// Fills `bytes` from the operating system's generator.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), KeyError> {
    OsRng.try_fill_bytes(bytes).map_err(|source| KeyError::Randomness { source })
}

fn secretbox(cost: Cost, salt: &[u8], password: &[u8]) -> Result<XSalsa20Poly1305, KeyError> {
    let parameters = cost.parameters()?;
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    scrypt::scrypt(password, salt, &parameters, key.as_mut_slice()).map_err(|_| KeyError::Cost {
        n: cost.n,
        r: cost.r,
        p: cost.p,
    })?;
    Ok(XSalsa20Poly1305::new(Key::from_slice(key.as_slice())))
}

fn expect_name(what: &'static str, name: &str, expected: &'static str) -> Result<(), KeyError> {
    if name == expected {
        return Ok(());
    }
    Err(KeyError::Unsupported { what, name: name.chars().take(80).collect(), expected })
}

fn expect_length(what: &'static str, bytes: &[u8], expected: usize) -> Result<(), KeyError> {
    if bytes.len() == expected { Ok(()) } else { Err(KeyError::Length { what, length: bytes.len(), expected }) }
}

/// Go's JSON form of bytes: padded Base64.
mod bytes {
    use super::STANDARD;
    use base64::Engine as _;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
