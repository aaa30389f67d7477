//! Who is asked for what is needed to sign without a key.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::kept_trust;
use crate::reading::read_bytes;
use crate::session::Session;
use consign_attach::Forms;
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

/// Fails if signatures in these forms cannot be made with the services that were read, and says where they are named. Found out before a certificate is
/// asked for: the public Sigstore shows that to everybody, for ever.
pub(crate) fn check_forms(
    services: &Services,
    forms: Forms,
    session: &Session,
    signing_config: Option<&Path>,
) -> Result<(), CommandError> {
    if !forms.has_legacy() || services.has_legacy_log() {
        return Ok(());
    }
    let named_in = match (signing_config, kept_trust::read(session)?) {
        (Some(path), _) => path.display().to_string(),
        (None, Some(repository)) => repository.mirror().to_string(),
        (None, None) => "the list of the public services".to_owned(),
    };
    let message = format!(
        "{named_in} names no log of version 1 (Rekor 1), which is what shows that signatures in cosign's older form (`{}`) were made in time",
        forms.word()
    );
    Err(CommandError::new(ExitCode::Configuration, message)
        .hint("bundles need none: `--signature-format bundle`, or `signing: {format: bundle}` in the configuration")
        .hint(
            "or name services that have one: `--signing-config FILE`, or `signing: {keyless: {signing-config: FILE}}`",
        ))
}
