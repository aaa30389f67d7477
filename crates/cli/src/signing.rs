//! The key to sign with: looked at before any work begins, read only after the last child process has ended.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, password, read_text};
use consign_attach::Signatory;
use consign_plan::Configuration;
use consign_plan::configuration::SigningKey;
use consign_release::ReleaseError;
use consign_sign::PrivateKey;
use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Largest key file, in bytes.
const KEY_LIMIT: u64 = 64 << 10;

/// Reads the key, with its password.
pub(crate) type KeyReader<'a> = Box<dyn Fn() -> Result<Signatory, ReleaseError> + Sync + 'a>;

/// Returns what reads the signing key when it is time to, if the configuration names one. Fails at once if that cannot succeed: the key is not
/// there or is none, or there is no way to its password.
pub(crate) fn key_reader<'a>(
    session: &'a Session,
    configuration: &'a Configuration,
) -> Result<Option<KeyReader<'a>>, CommandError> {
    let Some(signing) = &configuration.signing else { return Ok(None) };
    let key = &signing.key.value;
    let path = match key {
        SigningKey::File(path) => configuration.resolve(path),
        SigningKey::Environment(_) => PathBuf::new(),
    };
    reader(session, key.clone(), path).map(Some)
}

/// Returns the same for a key that is named in another way. `path` is where it lies, if it is a file.
pub(crate) fn reader(session: &Session, key: SigningKey, path: PathBuf) -> Result<KeyReader<'_>, CommandError> {
    let text = text(session, &key, &path)?;
    PrivateKey::check_pem(&text).map_err(|error| failed(&key, error))?;
    if session.environment.get_even_empty("COSIGN_PASSWORD").is_none() && File::open("/dev/tty").is_err() {
        let message = format!("there is no password for the signing key `{key}`, and no terminal to ask for it on");
        return Err(CommandError::new(ExitCode::Failed, message).hint("set COSIGN_PASSWORD"));
    }
    Ok(Box::new(move || read(session, &key, &path).map(Signatory::from)))
}

fn read(session: &Session, key: &SigningKey, path: &Path) -> Result<PrivateKey, ReleaseError> {
    let text = text(session, key, path)?;
    let password = password(&session.environment, "Password of the signing key", false);
    let password = password.map_err(|error| failed(key, error.message))?;
    PrivateKey::from_pem(&text, password.as_bytes()).map_err(|error| failed(key, error))
}

/// Returns the key file's text. The key in it is encrypted.
fn text(session: &Session, key: &SigningKey, path: &Path) -> Result<String, ReleaseError> {
    match key {
        SigningKey::File(_) => read_text(path, KEY_LIMIT).map_err(|error| failed(key, error)),
        SigningKey::Environment(name) => {
            session.environment.get(name).map(str::to_owned).ok_or_else(|| failed(key, "the variable is not set"))
        }
    }
}

fn failed(key: &SigningKey, error: impl Into<Box<dyn Error + Send + Sync>>) -> ReleaseError {
    ReleaseError::Key { key: key.to_string(), source: error.into() }
}
