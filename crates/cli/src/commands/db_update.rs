use super::db_status::counts_text;
use crate::advisories::policy_file;
use crate::arguments::{CONFIGURATION, DATABASE, DbUpdate, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::lock_file::LockFile;
use crate::session::{Session, USER_AGENT};
use consign_fetch::Fetcher;
use consign_image::{ImageReference, Place};
use consign_oci::{Digest, Reference};
use consign_plan::configuration::PolicyFile;
use consign_plan::{Lock, LockedDatabase};
use consign_release::{DatabaseSource, DatabaseUpdate, UpdatedDatabase};
use consign_report::age_text;
use consign_scan::{Database, PublishedFeed};
use serde_json::json;
use std::path::{Path, PathBuf};

/// What is to be brought up to date.
struct Wanted {
    to: PathBuf,
    sources: Vec<DatabaseSource>,
    mirrors: Vec<String>,
    /// The lock, if the configuration says what the database is made of.
    lock: Option<(LockFile, Lock)>,
}

pub(crate) async fn run(arguments: &DbUpdate, session: &Session) -> Result<ExitCode, CommandError> {
    let now = jiff::Timestamp::now();
    let year = now.to_zoned(jiff::tz::TimeZone::UTC).year();
    // A configuration that was named, and is not there, is an error.
    let is_there = session.global.file.exists() || session.global.file != Path::new(CONFIGURATION);
    let stated = arguments.sources.is_empty() && arguments.to.is_none() && is_there;
    let stated = stated.then(|| policy_file(&session.global.file, &session.printer)).transpose();
    let mut wanted = match stated {
        Ok(Some(policy)) => of_policy(&policy, year)?,
        Ok(None) => of_arguments(arguments, year)?,
        Err(error) => return Err(error),
    };
    wanted.mirrors.splice(0..0, arguments.mirrors.iter().cloned());
    let locked = match arguments.locked {
        true => Some(locked(&wanted)?),
        false => None,
    };
    if let Some(locked) = &locked
        && let Ok(database) = Database::open(&wanted.to, now)
        && database.digest() == &locked.digest
    {
        let before = Some(locked.digest.clone());
        return tell(&wanted, &UpdatedDatabase { before, database, artifact: locked.artifact.clone() }, session);
    }
    let told = |feed: &str| session.printer.note(&format!("fetching {feed}"));
    let update = DatabaseUpdate {
        to: wanted.to.clone(),
        wanted: locked.as_ref().map(|locked| locked.digest.clone()),
        mirrors: &wanted.mirrors,
        published: arguments.published,
        now,
        scratch: session.scratch()?,
        told: &told,
    };
    let updated = match &wanted.sources[..] {
        [DatabaseSource::Published(reference)] => {
            let reference = match locked.as_ref().and_then(|locked| locked.artifact.as_ref()) {
                Some(artifact) => at(reference, artifact),
                None => reference.clone(),
            };
            update.from_artifact(&place(&reference, session).await?).await?
        }
        sources => update.from_feeds(sources, &fetcher(session)?).await?,
    };
    // What is locked stays so. The lock is read again, as somebody may have written to it meanwhile.
    if let Some((file, _)) = wanted.lock.take().filter(|_| !arguments.locked) {
        let mut lock = file.read()?.unwrap_or_default();
        let found = LockedDatabase { digest: updated.database.digest().clone(), artifact: updated.artifact.clone() };
        if lock.advisories.as_ref() != Some(&found) {
            lock.advisories = Some(found);
            file.write(&lock)?;
        }
    }
    tell(&wanted, &updated, session)
}

/// Returns what the configuration says of its database.
fn of_policy(policy: &PolicyFile, year: i16) -> Result<Wanted, CommandError> {
    let nowhere = || {
        let message = format!("{} does not say where its advisory database comes from", policy.file.name());
        let hint = "add `from:` beside `databases:` in `policy: advisories:`; or name feeds and a file: `consign db update debian kev --to advisories.db`";
        CommandError::new(ExitCode::Usage, message).hint(hint)
    };
    let settings =
        policy.policy.advisories.as_ref().filter(|settings| !settings.from.is_empty()).ok_or_else(nowhere)?;
    let [to] = &settings.databases[..] else { return Err(nowhere()) };
    let source = |text: &consign_plan::configuration::Spanned<String>| {
        DatabaseSource::parse(text, policy.file.folder(), year)
            .map_err(|error| CommandError::of(ExitCode::Configuration, &error))
    };
    let sources = settings.from.iter().map(source).collect::<Result<_, _>>()?;
    let file = LockFile::beside(Path::new(policy.file.name()));
    let lock = file.read()?.unwrap_or_default();
    let mirrors = settings.mirrors.iter().map(|mirror| mirror.value.clone()).collect();
    Ok(Wanted { to: policy.file.resolve(to), sources, mirrors, lock: Some((file, lock)) })
}

fn of_arguments(arguments: &DbUpdate, year: i16) -> Result<Wanted, CommandError> {
    let usual = || PublishedFeed::USUAL.into_iter().map(str::to_owned);
    let texts: Vec<String> = match arguments.sources.is_empty() {
        true => usual().collect(),
        false => arguments.sources.clone(),
    };
    let source = |text: &String| {
        DatabaseSource::parse(text, Path::new(""), year).map_err(|error| CommandError::of(ExitCode::Usage, &error))
    };
    let sources = texts.iter().map(source).collect::<Result<_, _>>()?;
    let to = arguments.to.clone().unwrap_or_else(|| PathBuf::from(DATABASE));
    Ok(Wanted { to, sources, mirrors: Vec::new(), lock: None })
}

fn locked(wanted: &Wanted) -> Result<LockedDatabase, CommandError> {
    let locked = wanted.lock.as_ref().and_then(|(_, lock)| lock.advisories.clone());
    locked.ok_or_else(|| {
        let error = CommandError::new(ExitCode::Usage, "no lock says which advisory database is wanted");
        error.hint("`consign db update` without `--locked` writes it to the lock, for a configuration with `from:`")
    })
}

/// Returns the manifest that the lock names, in the place that the configuration names.
fn at(reference: &ImageReference, artifact: &Digest) -> ImageReference {
    match reference {
        ImageReference::Registry(reference) => {
            ImageReference::Registry(Reference { digest: Some(artifact.clone()), ..reference.clone() })
        }
        other => other.clone(),
    }
}

async fn place(reference: &ImageReference, session: &Session) -> Result<Place, CommandError> {
    if session.global.offline && matches!(reference, ImageReference::Registry(_)) {
        let message = format!("{reference} is on a registry, and consign is offline");
        return Err(CommandError::new(ExitCode::Failed, message));
    }
    let client = session.client(reference).await?;
    session.place(reference, &client, CommandError::from).await
}

fn fetcher(session: &Session) -> Result<Fetcher, CommandError> {
    let options = consign_fetch::Options {
        cache: session.downloads(),
        offline: session.global.offline,
        user_agent: USER_AGENT.to_owned(),
    };
    Fetcher::new(options).map_err(|error| CommandError::of(ExitCode::Failed, &error))
}

fn tell(wanted: &Wanted, updated: &UpdatedDatabase, session: &Session) -> Result<ExitCode, CommandError> {
    let UpdatedDatabase { before, database, artifact } = updated;
    let changed = before.as_ref() != Some(database.digest());
    match session.output {
        Output::Json => session.printer.json(&json!({
            "database": wanted.to,
            "digest": database.digest(),
            "before": before,
            "changed": changed,
            "artifact": artifact,
            "records": database.records(),
            "packages": database.packages(),
            "newest": database.newest().to_string(),
        }))?,
        Output::Table => session.printer.data(&format!(
            "{}: {}, {}, {}\n{}\n",
            wanted.to.display(),
            if changed { "updated" } else { "unchanged" },
            counts_text(database),
            age_text(&database.newest().to_string()),
            database.digest(),
        ))?,
    }
    Ok(ExitCode::Done)
}
