//! The advisory database of a run, and policies in files of their own.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{on_a_thread, read_text};
use consign_plan::configuration::{PolicyFile, PolicySettings, SourceFile};
use consign_scan::{Database, DatabaseError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest policy that is read, in bytes; the parser has a lower limit and a better message.
const POLICY_LIMIT: u64 = 2 << 20;

/// Reads a policy from a file of its own, or from a configuration.
pub(crate) fn policy_file(path: &Path) -> Result<PolicyFile, CommandError> {
    let text = read_text(path, POLICY_LIMIT).map_err(|error| {
        CommandError::new(ExitCode::Configuration, format!("cannot read the policy {}", path.display())).cause(error)
    })?;
    Ok(PolicyFile::parse(&path.to_string_lossy(), &text)?)
}

/// Returns the paths of a policy's databases; none where it does not ask what advisories say.
pub(crate) fn paths(policy: &PolicySettings, file: &SourceFile) -> Vec<PathBuf> {
    let settings = policy.advisories.iter();
    settings.flat_map(|settings| &settings.databases).map(|path| file.resolve(path)).collect()
}

/// Opens the database, or makes one of folders, archives and files. One that cannot be used is as bad as none.
pub(crate) async fn database(paths: Vec<PathBuf>) -> Result<Arc<Database>, CommandError> {
    on_a_thread(move || Database::read(&paths, jiff::Timestamp::now()).map(Arc::new).map_err(unusable)).await
}

pub(crate) fn unusable(error: DatabaseError) -> CommandError {
    CommandError::of(ExitCode::AdvisoryDatabase, &error).hint(
        "a database is what `consign db build` made, or feeds of advisories in folders, archives and files: `advisories: databases:` in the policy, or `--db`",
    )
}
