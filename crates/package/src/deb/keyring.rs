use super::OpenPgpError;
use super::armor::{COLON_LIMIT, has_many_headers};
use pgp::composed::{Deserializable, SignedPublicKey};
use pgp::types::KeyDetails;
use std::fmt;
use std::path::{Path, PathBuf};

/// Largest keyring file, in bytes.
const SIZE_LIMIT: usize = 16 * 1024 * 1024;
/// Most keys of one file.
const COUNT_LIMIT: usize = 1000;
/// What begins an armored key (RFC 9580, section 6.2.1).
const ARMOR: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
/// What ends it.
const ARMOR_END: &str = "-----END PGP PUBLIC KEY BLOCK-----";

/// OpenPGP keys whose holders are trusted with a repository.
#[derive(Clone, Default)]
pub struct Keyring {
    paths: Vec<PathBuf>,
    pub(crate) keys: Vec<SignedPublicKey>,
}

/// A file that is not a keyring.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file is too large, or holds too many keys.
    #[error("{path}: more than {SIZE_LIMIT} bytes or {COUNT_LIMIT} keys")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Its armor has too many headers.
    #[error("{path}: a key has headers with more than {COLON_LIMIT} colons")]
    TooManyHeaders {
        /// The file.
        path: PathBuf,
    },
    /// There is no key in it.
    #[error("{path}: no OpenPGP public key, neither binary nor armored")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It is damaged.
    #[error("{path}: not a valid OpenPGP keyring")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: OpenPgpError,
    },
}

impl Keyring {
    /// Reads a keyring of binary or armored keys (RFC 9580, section 10.1). `path` is how messages call it.
    pub fn read(path: &Path, bytes: &[u8]) -> Result<Self, KeyringError> {
        let path = path.to_owned();
        if bytes.len() > SIZE_LIMIT {
            return Err(KeyringError::TooLarge { path });
        }
        let blocks = armored(bytes);
        if blocks.iter().any(|block| has_many_headers(block)) {
            return Err(KeyringError::TooManyHeaders { path });
        }
        let keys = if blocks.is_empty() { read_binary(bytes) } else { read_armored(&blocks) };
        let keys = match keys {
            Ok(keys) => keys,
            Err(source) => return Err(KeyringError::Damaged { path, source: source.into() }),
        };
        match keys.len() {
            0 => Err(KeyringError::Empty { path }),
            1..=COUNT_LIMIT => Ok(Self { paths: vec![path], keys }),
            _ => Err(KeyringError::TooLarge { path }),
        }
    }

    /// Adds the keys of another keyring.
    pub fn extend(&mut self, other: Self) {
        self.paths.extend(other.paths);
        self.keys.extend(other.keys);
    }

    /// Returns the files that the keys come from.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Returns the fingerprints of the primary keys, as upper-case hexadecimal digits.
    pub fn fingerprints(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.fingerprint().to_string().to_ascii_uppercase()).collect()
    }

    /// Returns the keyring with only the keys of these fingerprints, of the primary key or a subkey, as `Signed-By` may ask for.
    pub fn restricted_to(mut self, fingerprints: &[String]) -> Self {
        let asked =
            |found: String| fingerprints.iter().any(|asked| asked.trim_end_matches('!').eq_ignore_ascii_case(&found));
        self.keys.retain(|key| {
            asked(key.fingerprint().to_string())
                || key.public_subkeys.iter().any(|subkey| asked(subkey.key.fingerprint().to_string()))
        });
        self
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keyring").field("paths", &self.paths).field("keys", &self.fingerprints()).finish()
    }
}

/// Returns the armored keys of a file: several are often joined, with text between them.
fn armored(bytes: &[u8]) -> Vec<&[u8]> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let mut starts = text.match_indices(ARMOR).map(|(start, _)| start).take(COUNT_LIMIT + 1).peekable();
    let mut blocks = Vec::new();
    while let Some(start) = starts.next() {
        let block = &text[start..starts.peek().copied().unwrap_or(text.len())];
        let end = block.find(ARMOR_END).map_or(block.len(), |place| place + ARMOR_END.len());
        blocks.push(&block.as_bytes()[..end]);
    }
    blocks
}

fn read_binary(bytes: &[u8]) -> Result<Vec<SignedPublicKey>, pgp::errors::Error> {
    SignedPublicKey::from_bytes_many(bytes)?.take(COUNT_LIMIT + 1).collect()
}

fn read_armored(blocks: &[&[u8]]) -> Result<Vec<SignedPublicKey>, pgp::errors::Error> {
    let mut keys = Vec::new();
    for block in blocks {
        let (found, _) = SignedPublicKey::from_armor_many_buf(*block)?;
        for key in found.take(COUNT_LIMIT + 1) {
            keys.push(key?);
        }
    }
    Ok(keys)
}
