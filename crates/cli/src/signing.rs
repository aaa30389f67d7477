//! The key to sign with: looked at before any work begins, read only after the last child process has ended.

use crate::attaching::forms;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::key::{NamedKey, PLACES, Passwords};
use crate::keyless::Keyless;
use crate::session::Session;
use consign_attach::{Forms, Signatory};
use consign_keyless::Visibility;
use consign_plan::Configuration;
use consign_plan::configuration::{KeyReference, SigningBy, SigningSettings};
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
    let passwords = Passwords::new(&session.environment, None).without_input();
    reader_of(signing, forms(signing.format), passwords, session, configuration).map(Some)
}

/// Returns the same for signatures in some forms, whatever the configuration says of them, that are made at once.
pub(crate) fn key_reader_for<'a>(
    forms: Forms,
    signing: &'a SigningSettings,
    session: &'a Session,
    configuration: &'a Configuration,
) -> Result<KeyReader<'a>, CommandError> {
    reader_of(signing, forms, Passwords::new(&session.environment, None), session, configuration)
}

fn reader_of<'a>(
    signing: &'a SigningSettings,
    forms: Forms,
    passwords: Passwords<'a>,
    session: &'a Session,
    configuration: &'a Configuration,
) -> Result<KeyReader<'a>, CommandError> {
    let key = match &signing.by {
        SigningBy::Key(key) => key,
        SigningBy::Keyless(settings) => {
            let keyless = Keyless::configured(settings, configuration);
            return signs_keyless(keyless, forms, session);
        }
    };
    let key = NamedKey::new(key, |path| configuration.resolve(path), &session.environment, passwords);
    checked(key, passwords)
}

/// Returns the same where the configuration says nothing of it: whom the CI names signs, if that may be known to everybody. Else says why nobody does.
pub(crate) async fn by_default(session: &Session) -> Result<(Option<KeyReader<'_>>, Option<String>), CommandError> {
    let keyless = Keyless::default();
    let Some(token) = keyless.token(session).await? else { return Ok((None, None)) };
    if token.visibility() != Some(Visibility::Public) {
        let why = "the configuration has no `signing` section, and what the identity token is for is not known to be public: with \
                   `signing: {keyless: {disclose: true}}` the public Sigstore may show it to everybody; a `key` tells nobody";
        return Ok((None, Some(why.to_owned())));
    }
    Ok((Some(signs_keyless(keyless, Forms::default(), session)?), None))
}

/// Returns the same for a key that the command line names.
pub(crate) fn reader<'a>(session: &'a Session, reference: &KeyReference) -> Result<KeyReader<'a>, CommandError> {
    let passwords = Passwords::new(&session.environment, None);
    checked(NamedKey::new(reference, |path| path.into(), &session.environment, passwords), passwords)
}

/// Returns the same for whom an identity token names. Whoever gives the token is asked when something is signed.
pub(crate) fn signs_keyless<'a>(
    keyless: Keyless,
    forms: Forms,
    session: &'a Session,
) -> Result<KeyReader<'a>, CommandError> {
    let signer = keyless.signer(forms, session)?;
    Ok(Box::new(move || Ok(Signatory::Keyless(Box::new(signer())))))
}

fn checked<'a>(key: NamedKey<'a>, passwords: Passwords<'a>) -> Result<KeyReader<'a>, CommandError> {
    check(&key, passwords)?;
    Ok(Box::new(move || key.signer().map(Signatory::Key).map_err(|error| failed(&key, error))))
}

/// Fails if a key is not there or is none, or if there is no way to its password.
pub(crate) fn check(key: &NamedKey<'_>, passwords: Passwords<'_>) -> Result<(), CommandError> {
    let needs_password = key.check().map_err(|error| failed(key, error))?;
    if needs_password && !passwords.are_there() {
        let message =
            format!("there is no password for the signing key `{}`, and no terminal to ask for it on", key.reference());
        return Err(CommandError::new(ExitCode::Failed, message).hint(PLACES));
    }
    Ok(())
}

fn failed(key: &NamedKey<'_>, source: Box<dyn Error + Send + Sync>) -> ReleaseError {
    ReleaseError::Key { key: key.reference().to_string(), source }
}
