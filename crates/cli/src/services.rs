//! Who is asked for what is needed to sign without a key.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::kept_trust;
use crate::reading::read_bytes;
use crate::session::Session;
use consign_keyless::Services;
use jiff::Timestamp;
use std::path::Path;

/// Largest `signing_config.json`, in bytes.
const LIMIT: u64 = 1 << 20;

/// Returns the services of a file, else those of the repository that `trust init` chose, else the public ones, as they were when consign was made.
pub(crate) fn services(
    session: &Session,
    signing_config: Option<&Path>,
    now: Timestamp,
) -> Result<Services, CommandError> {
    if let Some(path) = signing_config {
        let failed = || {
            let message = format!("cannot read who is asked for certificates in {}", path.display());
            CommandError::new(ExitCode::Configuration, message)
        };
        let bytes = read_bytes(path, LIMIT).map_err(|error| failed().cause(error))?;
        return Services::read(&bytes, now).map_err(|error| failed().because(error.into()));
    }
    let Some((repository, material)) = kept_trust::material(session, now)? else { return Ok(Services::public(now)?) };
    let failed = |problem: &str| {
        let message = format!("{} {problem}", repository.mirror());
        CommandError::new(ExitCode::Configuration, message)
    };
    match material.signing_config {
        Some(bytes) => Services::read(&bytes, now)
            .map_err(|error| failed("names services that cannot be used").because(error.into())),
        None => Err(failed("says whom to trust, and not whom to ask for signatures")
            .hint("name a `signing_config.json` with `--signing-config`")),
    }
}
