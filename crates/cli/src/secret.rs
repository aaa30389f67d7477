//! Secrets for commands of Dockerfiles, read from where the command line or the configuration says that they are.

use crate::session::Session;
use consign_plan::configuration::{SecretPlace, SecretSource};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Largest secret, in bytes, as with Docker.
const LIMIT: u64 = 500 << 10;

/// A secret that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// The variable is not set.
    #[error("the variable `{name}` is not set")]
    Unset {
        /// The variable.
        name: String,
    },
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is too large.
    #[error("{} has more than {LIMIT} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a secret. `resolve` says where a file is.
pub(crate) fn read(
    secret: &SecretSource,
    session: &Session,
    resolve: impl Fn(&str) -> PathBuf,
) -> Result<Vec<u8>, SecretError> {
    let variable = |name: &str| session.environment.get_even_empty(name).map(|value| value.as_bytes().to_vec());
    match &secret.place {
        SecretPlace::Variable(name) => variable(name).ok_or_else(|| SecretError::Unset { name: name.clone() }),
        SecretPlace::File(path) => file(&resolve(path)),
        SecretPlace::Either => match variable(&secret.id) {
            Some(secret) => Ok(secret),
            None => file(&resolve(&secret.id)),
        },
    }
}

fn file(path: &Path) -> Result<Vec<u8>, SecretError> {
    let mut secret = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut secret));
    read.map_err(|source| SecretError::Read { path: path.to_owned(), source })?;
    if secret.len() as u64 > LIMIT {
        return Err(SecretError::TooLarge { path: path.to_owned() });
    }
    Ok(secret)
}
