use crate::arguments::ImportKeyPair;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::key::{KeyFiles, Passwords, read_secret};
use crate::session::Session;
use consign_sign::{KeyError, PrivateKey};
use std::path::Path;

pub(crate) fn run(arguments: &ImportKeyPair, session: &Session) -> Result<ExitCode, CommandError> {
    let files = KeyFiles::new(&arguments.output_key_prefix)?;
    let key = read(&arguments.key, arguments.key_password_file.as_deref(), session)?;
    let passwords = Passwords::new(&session.environment, arguments.password_file.as_deref());
    let password = passwords.get("Password for the imported key (may be empty)", true)?;
    files.write(&key, password.as_bytes())?;
    files.tell(session)?;
    Ok(ExitCode::Done)
}

/// Reads the key. The password that the file has already is never COSIGN_PASSWORD, which is the new one.
fn read(path: &Path, password_file: Option<&Path>, session: &Session) -> Result<PrivateKey, CommandError> {
    let failed = || CommandError::new(ExitCode::Failed, format!("cannot import the key in {}", path.display()));
    let text = read_secret(path).map_err(|error| failed().cause(error))?;
    let imported = match PrivateKey::import(&text, None) {
        Err(KeyError::NoPassword) => {
            let environment = session.environment.without("COSIGN_");
            let password = Passwords::new(&environment, password_file)
                .without_input()
                .get(&format!("Password of {}", path.display()), false);
            let password = password.map_err(|error| {
                failed().because(CommandError::of(ExitCode::Failed, &error)).hint("`--key-password-file FILE` names it")
            })?;
            PrivateKey::import(&text, Some(password.as_bytes()))
        }
        imported => imported,
    };
    imported.map_err(|error| failed().cause(error))
}
