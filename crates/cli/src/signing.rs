//! The key to sign with: looked at before any work begins, read only after the last child process has ended.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::key::{NamedKey, Passwords};
use crate::session::Session;
use consign_attach::Signatory;
use consign_plan::Configuration;
use consign_plan::configuration::KeyReference;
use consign_release::ReleaseError;
use std::error::Error;

/// Reads the key, with its password, or asks the program that has it.
pub(crate) type KeyReader<'a> = Box<dyn Fn() -> Result<Signatory, ReleaseError> + Sync + 'a>;

/// Returns what reads the signing key when it is time to, if the configuration names one. Fails at once if that cannot succeed: the key is not
/// there or is none, or there is no way to its password.
pub(crate) fn key_reader<'a>(
    session: &'a Session,
    configuration: &'a Configuration,
) -> Result<Option<KeyReader<'a>>, CommandError> {
    let Some(signing) = &configuration.signing else { return Ok(None) };
    let passwords = Passwords::new(&session.environment, None);
    let key = NamedKey::new(&signing.key, |path| configuration.resolve(path), &session.environment, passwords);
    checked(key, passwords).map(Some)
}

/// Returns the same for a key that the command line names.
pub(crate) fn reader<'a>(session: &'a Session, reference: &KeyReference) -> Result<KeyReader<'a>, CommandError> {
    let passwords = Passwords::new(&session.environment, None);
    checked(NamedKey::new(reference, |path| path.into(), &session.environment, passwords), passwords)
}

fn checked<'a>(key: NamedKey<'a>, passwords: Passwords<'a>) -> Result<KeyReader<'a>, CommandError> {
    let needs_password = key.check().map_err(|error| failed(&key, error))?;
    if needs_password && !passwords.are_there() {
        let message =
            format!("there is no password for the signing key `{}`, and no terminal to ask for it on", key.reference());
        return Err(CommandError::new(ExitCode::Failed, message).hint("set COSIGN_PASSWORD"));
    }
    Ok(Box::new(move || key.signer().map(Signatory::Key).map_err(|error| failed(&key, error))))
}

fn failed(key: &NamedKey<'_>, source: Box<dyn Error + Send + Sync>) -> ReleaseError {
    ReleaseError::Key { key: key.reference().to_string(), source }
}
