//! Who signs what is mirrored, and what it takes to say what is in it.

use crate::advisories::{database_meant, policy_of_configuration};
use crate::attaching::{forms, legacy_repository};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::scanner::scanner;
use crate::session::Session;
use crate::signing;
use consign_plan::Configuration;
use consign_plan::configuration::{MirrorStatement, SyncSettings};
use consign_release::{Scanner, Sealing};

/// Finds whoever signs, and the advisories, if one of the entries asks for that. Nothing is asked of a registry.
pub(crate) async fn sealing(
    entries: &[&SyncSettings],
    configuration: &Configuration,
    session: &Session,
) -> Result<Option<Sealing>, CommandError> {
    let asks = |statement| entries.iter().any(|entry| entry.attest.contains(&statement));
    let is_asked = entries.iter().any(|entry| entry.sign || !entry.attest.is_empty());
    let (Some(settings), true) = (&configuration.signing, is_asked) else { return Ok(None) };
    let Some(read) = signing::key_reader(session, configuration)? else { return Ok(None) };
    let legacy = legacy_repository(session)?;
    let is_compared = asks(MirrorStatement::Vulnerabilities);
    let is_looked_into = is_compared || asks(MirrorStatement::Sbom);
    let store = if is_looked_into { Some(session.store().await?) } else { None };
    let scanner = if is_compared { Some(whoever_compares(session).await?) } else { None };
    // Read after everything that may start another program.
    let sealing = Sealing::new(read()?, forms(settings.format), legacy);
    let sealing = store.into_iter().fold(sealing, Sealing::looking_into);
    Ok(Some(scanner.into_iter().fold(sealing, Sealing::comparing)))
}

/// Finds who says what is known against packages, as `scan` does.
async fn whoever_compares(session: &Session) -> Result<Scanner, CommandError> {
    let policy = policy_of_configuration(&session.global.file)?;
    if let Some(engine) = policy.engine {
        return scanner(engine, session);
    }
    let missing = || {
        let message =
            "`attest` asks what is known against packages (`vuln`), and nothing says which advisories to compare with";
        CommandError::new(ExitCode::Configuration, message)
            .hint("name them in the policy (`advisories: databases:`), or let `consign db update` make a database here")
    };
    database_meant(Some(&policy)).await?.map(Scanner::Database).ok_or_else(missing)
}
