use crate::arguments::Keygen;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::key::{KeyFiles, Passwords};
use crate::session::Session;
use consign_sign::PrivateKey;

pub(crate) fn run(arguments: &Keygen, session: &Session) -> Result<ExitCode, CommandError> {
    let files = KeyFiles::new(&arguments.output_key_prefix)?;
    let passwords = Passwords::new(&session.environment, arguments.password_file.as_deref());
    let password = passwords.get("Password for the new key (may be empty)", true)?;
    let key = PrivateKey::generate_with(arguments.algorithm)?;
    files.write(&key, password.as_bytes())?;
    files.tell(session)?;
    Ok(ExitCode::Done)
}
