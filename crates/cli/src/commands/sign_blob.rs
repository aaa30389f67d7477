use crate::arguments::{Output, SignBlob};
use crate::attaching::signatory;
use crate::blob::read;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::outlet;
use crate::session::Session;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consign_attach::{Forms, Signatory};
use consign_sign::sign_blob;
use serde_json::json;

pub(crate) async fn run(arguments: &SignBlob, session: &Session) -> Result<ExitCode, CommandError> {
    let bytes = read(&arguments.blob)?;
    let forms = Forms::Bundle;
    let (bundle, signature) =
        match signatory(arguments.key.as_ref(), &arguments.keyless, arguments.habits, forms, session)? {
            Signatory::Key(key) => {
                let signed = sign_blob(&bytes, &*key).map_err(|error| CommandError::of(ExitCode::Failed, &error))?;
                (signed.bundle, signed.signature)
            }
            Signatory::Keyless(keyless) => {
                let signed = keyless.sign_blob(&bytes).await?;
                (signed.bundle, signed.signature)
            }
        };
    let signature = STANDARD.encode(signature);
    if let Some(path) = &arguments.bundle {
        outlet::write(Some(path), &bundle)?;
    }
    if let Some(path) = &arguments.output_signature {
        outlet::write(Some(path), signature.as_bytes())?;
    }
    let is_written = arguments.bundle.is_some() || arguments.output_signature.is_some();
    match session.output {
        Output::Json => session.printer.json(&json!({ "signature": signature }))?,
        Output::Table if !is_written => session.printer.data(&signature)?,
        Output::Table => {}
    }
    Ok(ExitCode::Done)
}
