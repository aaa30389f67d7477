//! The advisory database of a run, and policies in files of their own.

use crate::arguments::DATABASE;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::lock_file::LockFile;
use crate::printer::Printer;
use crate::reading::read_text;
use crate::session::on_a_thread;
use consign_plan::Lock;
use consign_plan::configuration::{AdvisorySettings, IgnoreFile, PolicyFile, PolicySettings, SourceFile, Spanned};
use consign_receipt::{AdvisoryRules, IgnoredAdvisory, VexDocument};
use consign_report::printable;
use consign_scan::{Database, DatabaseError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest policy that is read, in bytes; the parser has a lower limit and a better message.
const POLICY_LIMIT: u64 = 2 << 20;
/// Largest document of OpenVEX that is read, in bytes.
const VEX_LIMIT: u64 = 16 << 20;

/// Most vulnerabilities that a warning names.
const NAMED: usize = 10;

/// Reads a policy from a file of its own, or from a configuration, with the lists of ignored advisories that it names.
pub(crate) fn policy_file(path: &Path, printer: &Printer) -> Result<PolicyFile, CommandError> {
    let text = read_text(path, POLICY_LIMIT).map_err(|error| {
        CommandError::new(ExitCode::Configuration, format!("cannot read the policy {}", path.display())).cause(error)
    })?;
    let mut policy = PolicyFile::parse(&path.to_string_lossy(), &text)?;
    if let Some(settings) = &mut policy.policy.advisories {
        settings.rules = rules(settings, |name| policy.file.resolve(name), printer)?;
    }
    Ok(policy)
}

/// Reads what a configuration says of a policy and of scanners, if it says anything. Lists of ignored advisories are not read.
pub(crate) fn policy_of_configuration(path: &Path) -> Result<PolicyFile, CommandError> {
    let text = read_text(path, POLICY_LIMIT).map_err(|error| {
        CommandError::new(ExitCode::Configuration, format!("cannot read {}", path.display())).cause(error)
    })?;
    Ok(PolicyFile::parse_configuration(&path.to_string_lossy(), &text)?)
}

/// Returns the rules of a policy, with what stands in the files that it names.
pub(crate) fn rules(
    settings: &AdvisorySettings,
    resolve: impl Fn(&str) -> PathBuf,
    printer: &Printer,
) -> Result<AdvisoryRules, CommandError> {
    let resolved = |names: &[Spanned<String>]| names.iter().map(|name| resolve(name)).collect::<Vec<_>>();
    let mut rules = settings.rules.clone();
    rules.ignore.extend(ignored(&resolved(&settings.ignore_files), printer)?);
    rules.vex.extend(vex(&resolved(&settings.vex), printer)?);
    Ok(rules)
}

/// Reads documents of OpenVEX, and says which of their statements do not count.
pub(crate) fn vex(files: &[PathBuf], printer: &Printer) -> Result<Vec<VexDocument>, CommandError> {
    let mut documents = Vec::new();
    for path in files {
        let failed = || CommandError::new(ExitCode::Configuration, format!("cannot read {}", path.display()));
        let text = read_text(path, VEX_LIMIT).map_err(|error| failed().cause(error))?;
        let document = serde_json::from_str(&text).map_err(|error| failed().cause(error))?;
        let document = VexDocument::read(&document).map_err(|error| failed().cause(error))?;
        if let Some(remark) = unjustified(&document) {
            printer.note(&format!("warning: {}: {remark}", path.display()));
        }
        documents.push(document);
    }
    Ok(documents)
}

/// Says which statements of a document do not count, and names the first of them.
fn unjustified(document: &VexDocument) -> Option<String> {
    let mut names: Vec<String> = document.unjustified().map(|name| printable(&name)).collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        format!(
            "`not_affected` needs a justification or an impact statement, and does not count without: {names}{more}"
        )
    })
}

/// Reads lists of ignored advisories of other tools, and says what of them is left out.
pub(crate) fn ignored(files: &[PathBuf], printer: &Printer) -> Result<Vec<IgnoredAdvisory>, CommandError> {
    let mut entries = Vec::new();
    for path in files {
        let text = read_text(path, POLICY_LIMIT).map_err(|error| {
            CommandError::new(ExitCode::Configuration, format!("cannot read the list {}", path.display())).cause(error)
        })?;
        let file = IgnoreFile::parse(&path.to_string_lossy(), &text)?;
        file.remarks.iter().for_each(|remark| printer.note(&format!("warning: {remark}")));
        entries.extend(file.entries);
    }
    Ok(entries)
}

/// Returns the paths of a policy's databases; none where it does not ask what advisories say.
pub(crate) fn paths(policy: &PolicySettings, file: &SourceFile) -> Vec<PathBuf> {
    let settings = policy.advisories.iter();
    settings.flat_map(|settings| &settings.databases).map(|path| file.resolve(path)).collect()
}

/// Opens the database that is meant where the command line names none: what a policy names, as its lock has it, else the one that lies here. `None`:
/// there is neither.
pub(crate) async fn database_meant(policy: Option<&PolicyFile>) -> Result<Option<Arc<Database>>, CommandError> {
    if let Some(policy) = policy {
        let databases = paths(&policy.policy, &policy.file);
        if !databases.is_empty() {
            let lock_file = LockFile::beside(Path::new(policy.file.name()));
            return pinned(databases, &lock_file, lock_file.read()?.as_ref()).await.map(Some);
        }
    }
    match Database::is_at(Path::new(DATABASE)) {
        true => database(vec![PathBuf::from(DATABASE)]).await.map(Some),
        false => Ok(None),
    }
}

/// Opens the database, or makes one of folders, archives and files. One that cannot be used is as bad as none.
pub(crate) async fn database(paths: Vec<PathBuf>) -> Result<Arc<Database>, CommandError> {
    on_a_thread(move || Database::read(&paths, jiff::Timestamp::now()).map(Arc::new).map_err(unusable)).await
}

/// Opens the database of a policy, which is the one that the lock beside it names, if it names one.
pub(crate) async fn pinned(
    paths: Vec<PathBuf>,
    lock_file: &LockFile,
    lock: Option<&Lock>,
) -> Result<Arc<Database>, CommandError> {
    let Some(locked) = lock.and_then(|lock| lock.advisories.as_ref()) else { return database(paths).await };
    let names = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    let hint = "`consign db update --locked` brings the one that is locked; `consign db update` brings a newer one, and locks that";
    let database = database(paths).await.map_err(|error| error.hint(hint))?;
    if *database.digest() == locked.digest {
        return Ok(database);
    }
    let (found, lock) = (database.digest(), lock_file.path().display());
    let message = format!("{names} is the advisory database {found}, and {lock} names {}", locked.digest);
    Err(CommandError::new(ExitCode::AdvisoryDatabase, message).hint(hint))
}

pub(crate) fn unusable(error: DatabaseError) -> CommandError {
    CommandError::of(ExitCode::AdvisoryDatabase, &error).hint(
        "a database is what `consign db build` made, or feeds of advisories in folders, archives and files: `advisories: databases:` in the policy, or `--db`",
    )
}
