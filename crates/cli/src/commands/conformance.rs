use super::verify_blob::read;
use crate::arguments::VerifyBundle;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use crate::signer::trusted_root;
use consign_trust::{Log, TrustedRoot, read_bundle};

/// Does what the conformance suite of Sigstore asks for: unlike `verify-blob`, it takes any statement, and asks for a log for keys too.
pub(crate) fn run(arguments: &VerifyBundle, session: &Session) -> Result<ExitCode, CommandError> {
    let root = match arguments.staging {
        true => TrustedRoot::staging()?,
        // Without a file it means the public one, whatever was chosen here.
        false if arguments.signer.trusted_root.is_none() => TrustedRoot::public_good()?,
        false => trusted_root(arguments.signer.trusted_root.as_deref(), session)?,
    };
    let signer = arguments.signer.signer_by(root, Log::Required, session)?;
    let bundle = read_bundle(&read(&arguments.bundle, consign_sign::LIMIT)?)?;
    signer.verify(&bundle, arguments.blob.read()?.artifact())?;
    Ok(ExitCode::Done)
}
