use crate::arguments::StoreDf;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, on_a_thread};
use crate::store_usage::Report;
use consign_dockerfile::Upkeep;
use consign_sandbox::Sandbox;
use consign_store::Usage;
use std::path::Path;
use std::time::SystemTime;

pub(crate) async fn run(arguments: &StoreDf, session: &Session) -> Result<ExitCode, CommandError> {
    report(arguments.age.since(), session).await?.print("prunable", session)?;
    Ok(ExitCode::Done)
}

/// Says what there is, and what pruning would remove.
pub(crate) async fn report(since: Option<SystemTime>, session: &Session) -> Result<Report, CommandError> {
    let (store, downloads, folder) = (session.store().await?, session.downloads(), session.store_folder());
    let found = on_a_thread(move || {
        let usage: Usage = store.usage(since)?;
        let downloads = consign_fetch::prune(&downloads, since, false)?;
        Ok::<_, CommandError>(Report::of(&usage, downloads, upkeep(&folder, since, false)?))
    });
    found.await
}

/// Counts what commands of Dockerfiles are run with, and with `remove` removes what is too old.
pub(crate) fn upkeep(folder: &Path, since: Option<SystemTime>, remove: bool) -> Result<Upkeep, CommandError> {
    let sandbox = Sandbox { init: "/proc/self/exe".into() };
    Upkeep::of(folder, &sandbox, since, remove).map_err(|error| CommandError::of(ExitCode::Failed, &error))
}
