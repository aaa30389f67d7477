use super::store_df;
use crate::arguments::StorePrune;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, on_a_thread};
use crate::store_usage::Report;
use consign_store::{ExclusiveStore, StoreError};

pub(crate) async fn run(arguments: &StorePrune, session: &Session) -> Result<ExitCode, CommandError> {
    let since = arguments.age.since();
    if arguments.dry_run {
        store_df::report(since, session).await?.print("prunable", session)?;
        return Ok(ExitCode::Done);
    }
    let (root, downloads, folder) = (session.store_root(), session.downloads(), session.store_folder());
    let store = match ExclusiveStore::open(&root, false) {
        Err(error @ StoreError::InUse { .. }) if arguments.wait => {
            session.printer.note(&format!("{error}; waiting …"));
            on_a_thread(move || Ok::<_, CommandError>(ExclusiveStore::open(root, true)?)).await?
        }
        store => store?,
    };
    let pruned = on_a_thread(move || {
        let usage = store.prune(since)?;
        let downloads = consign_fetch::prune(&downloads, since, true)?;
        // Whoever builds uses the store, so nobody uses these folders.
        Ok::<_, CommandError>(Report::of(&usage, downloads, store_df::upkeep(&folder, since, true)?))
    });
    pruned.await?.print("pruned", session)?;
    Ok(ExitCode::Done)
}
