use crate::arguments::{Output, PublicKeyOf};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::key::{NamedKey, Passwords};
use crate::outlet;
use crate::session::Session;
use crate::signing::check;
use consign_release::ReleaseError;
use serde_json::json;

pub(crate) fn run(arguments: &PublicKeyOf, session: &Session) -> Result<ExitCode, CommandError> {
    let passwords = Passwords::new(&session.environment, arguments.password_file.as_deref());
    let key = NamedKey::new(arguments.key.reference()?, |path| path.into(), &session.environment, passwords);
    check(&key, passwords)?;
    let signer = key.signer().map_err(|source| ReleaseError::Key { key: key.reference().to_string(), source })?;
    let public = signer.public();
    if let Some(file) = &arguments.outfile {
        outlet::write(Some(file), public.to_pem().as_bytes())?;
    }
    match session.output {
        Output::Json => {
            let fingerprint = public.fingerprint().to_string();
            session.printer.json(&json!({ "publicKey": public.to_pem(), "fingerprint": fingerprint }))?;
        }
        Output::Table if arguments.outfile.is_none() => session.printer.data(&public.to_pem())?,
        Output::Table => {}
    }
    Ok(ExitCode::Done)
}
