use crate::arguments::StoreDf;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, on_a_thread};
use crate::store_usage::Report;
use consign_store::Usage;
use std::time::SystemTime;

pub(crate) async fn run(arguments: &StoreDf, session: &Session) -> Result<ExitCode, CommandError> {
    report(arguments.age.since(), session).await?.print("prunable", session)?;
    Ok(ExitCode::Done)
}

/// Says what there is, and what pruning would remove.
pub(crate) async fn report(since: Option<SystemTime>, session: &Session) -> Result<Report, CommandError> {
    let (store, downloads) = (session.store().await?, session.downloads());
    let found = on_a_thread(move || {
        let usage: Usage = store.usage(since)?;
        Ok::<_, CommandError>((usage, consign_fetch::prune(&downloads, since, false)?))
    });
    let (usage, downloads) = found.await?;
    Ok(Report::of(&usage, downloads))
}
