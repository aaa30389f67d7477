use crate::arguments::{Keygen, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, password};
use consign_sign::PrivateKey;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub(crate) fn run(arguments: &Keygen, session: &Session) -> Result<ExitCode, CommandError> {
    let private = with_ending(&arguments.output_key_prefix, ".key");
    let public = with_ending(&arguments.output_key_prefix, ".pub");
    for path in [&private, &public] {
        if path.exists() {
            let error = CommandError::new(ExitCode::Conflict, format!("{} exists already", path.display()));
            return Err(error.hint("name other files with `--output-key-prefix PREFIX`"));
        }
    }
    let password = password(&session.environment, "Password for the new key (may be empty)", true)?;
    let key = PrivateKey::generate()?;
    write_new(&private, 0o600, key.to_encrypted_pem(password.as_bytes())?.as_bytes())?;
    write_new(&public, 0o644, key.public().to_pem().as_bytes())?;
    let (private, public) = (private.display().to_string(), public.display().to_string());
    match session.output {
        Output::Json => session.printer.json(&json!({ "privateKey": private, "publicKey": public }))?,
        Output::Table => {
            session.printer.note(&format!("The private key is in {private}, the public key in {public}."));
        }
    }
    Ok(ExitCode::Done)
}

/// Adds an ending; a dot in the prefix begins none.
fn with_ending(prefix: &Path, ending: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn write_new(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), CommandError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let written = file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written
        .map_err(|error| CommandError::new(ExitCode::Failed, format!("cannot write {}", path.display())).cause(error))
}
