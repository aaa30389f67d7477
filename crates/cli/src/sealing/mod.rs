//! Signs what is mirrored where it arrives, and states from where it came and what is in it.

mod at;
mod sealer;

pub(crate) use sealer::Sealer;

use crate::advisories::{database_meant, policy_of_configuration};
use crate::attaching::{forms, legacy_repository};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::scanner::scanner;
use crate::session::Session;
use crate::signing;
use consign_attach::{Before, Forms, Signatory};
use consign_oci::Repository;
use consign_plan::Configuration;
use consign_plan::configuration::{MirrorStatement, SyncSettings};
use consign_release::Scanner;
use consign_store::Store;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::{OnceCell, Semaphore};

/// Images that are looked into at once: what is in them is in memory.
const LOOKED_INTO: usize = 2;

/// What all entries share that sign.
pub(crate) struct Sealing {
    signatory: Signatory,
    forms: Forms,
    /// Where cosign's older form is kept, where that is not beside the image.
    legacy: Option<Repository>,
    /// Where is kept what is in images, if somebody asks for that.
    store: Option<Store>,
    scanner: Option<Scanner>,
    room: Semaphore,
    /// What was attached to images before this run signed them. What several names name is signed once.
    signed: Mutex<HashMap<String, Arc<OnceCell<Before>>>>,
}

impl Sealing {
    /// Finds whoever signs, and the advisories, if one of the entries asks for that. Nothing is asked of a registry.
    pub(crate) async fn read(
        entries: &[&SyncSettings],
        configuration: &Configuration,
        session: &Session,
    ) -> Result<Option<Self>, CommandError> {
        let asks = |statement| entries.iter().any(|entry| entry.attest.contains(&statement));
        let is_asked = entries.iter().any(|entry| entry.sign || !entry.attest.is_empty());
        let (Some(settings), true) = (&configuration.signing, is_asked) else { return Ok(None) };
        let Some(read) = signing::key_reader(session, configuration)? else { return Ok(None) };
        let is_compared = asks(MirrorStatement::Vulnerabilities);
        let is_looked_into = is_compared || asks(MirrorStatement::Sbom);
        Ok(Some(Self {
            forms: forms(settings.format),
            legacy: legacy_repository(session)?,
            store: if is_looked_into { Some(session.store().await?) } else { None },
            scanner: if is_compared { Some(whoever_compares(session).await?) } else { None },
            // Read after everything that may start another program.
            signatory: read()?,
            room: Semaphore::new(LOOKED_INTO),
            signed: Mutex::default(),
        }))
    }

    /// Returns where cosign's older form is kept, where that is not beside the image.
    pub(crate) fn legacy(&self) -> Option<&Repository> {
        self.legacy.as_ref().filter(|_| self.forms.has_legacy())
    }
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
