//! Whom to trust and whom to ask, as `trust init` keeps it for a person: one file, so that it is all there or not at all, verified whenever it counts.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::keyless::web;
use crate::reading::read_bytes;
use crate::session::Session;
use consign_keyless::{Repository, TrustMaterial, UpdateError, UpdateProblem};
use jiff::Timestamp;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Largest file, in bytes.
const LIMIT: u64 = 32 << 20;

/// Returns the file.
pub(crate) fn path(session: &Session) -> PathBuf {
    session.environment.data_folder().join("trust.json")
}

/// Reads the repository that was chosen, if one was. What it says is not verified yet.
pub(crate) fn read(session: &Session) -> Result<Option<Repository>, CommandError> {
    let path = path(session);
    let bytes = match read_bytes(&path, LIMIT) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => {
            let message = format!("cannot read whom to trust in {}", path.display());
            return Err(CommandError::new(ExitCode::Configuration, message).cause(error));
        }
    };
    Repository::read(&bytes).map(Some).map_err(|error| unusable(&path, &error))
}

/// Returns what it says, if one was chosen.
pub(crate) fn material(session: &Session, now: Timestamp) -> Result<Option<(Repository, TrustMaterial)>, CommandError> {
    let Some(repository) = read(session)? else { return Ok(None) };
    let material = repository.material(now).map_err(|error| unusable(&path(session), &error))?;
    Ok(Some((repository, material)))
}

/// Makes an error of what is kept.
fn unusable(path: &Path, error: &UpdateError) -> CommandError {
    let this = CommandError::of(ExitCode::Configuration, error);
    match error {
        UpdateError::Kept { problem: UpdateProblem::Expired { .. }, .. } => {
            this.hint("`consign trust update` asks for what holds now; files do not expire: `--trusted-root FILE`")
        }
        _ => this.hint(format!("{} is not as it was kept: `consign trust init` keeps it anew", path.display())),
    }
}

/// Keeps a repository with what it said, in place of what was kept.
pub(crate) fn keep(session: &Session, repository: &Repository) -> Result<PathBuf, CommandError> {
    let path = path(session);
    let bytes = repository.write().map_err(|error| CommandError::of(ExitCode::Failed, &error))?;
    replace(&path, &bytes).map_err(|error| {
        let message = format!("cannot keep whom to trust in {}", path.display());
        CommandError::new(ExitCode::Failed, message).cause(error)
    })?;
    Ok(path)
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".trust-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// Asks a repository what it says now.
pub(crate) async fn ask(
    repository: &Repository,
    session: &Session,
    now: Timestamp,
) -> Result<(Repository, TrustMaterial), CommandError> {
    if session.global.offline && repository.is_remote() {
        let message = format!("{} is asked through a network, and consign is offline", repository.mirror());
        return Err(
            CommandError::new(ExitCode::Failed, message).hint("a copy in a folder is not: `--mirror file:///…`")
        );
    }
    let updated = repository.update(&web()?, now).await.map_err(|error| refused(&error))?;
    let material = updated.material(now).map_err(|error| refused(&error))?;
    Ok((updated, material))
}

/// Makes an error of what a repository says.
pub(crate) fn refused(error: &UpdateError) -> CommandError {
    let code = match error {
        UpdateError::Address(_) => ExitCode::Usage,
        UpdateError::Root { .. } | UpdateError::Form { .. } => ExitCode::Configuration,
        UpdateError::Repository { problem, .. } | UpdateError::Kept { problem, .. } => match problem {
            UpdateProblem::Web(_) | UpdateProblem::File { .. } | UpdateProblem::Missing { .. } => ExitCode::Failed,
            _ => ExitCode::NotAuthentic,
        },
    };
    let this = CommandError::of(code, error);
    match error {
        UpdateError::Root { .. } => {
            this.hint("`--root` names the `root.json` that whoever runs the repository handed out")
        }
        UpdateError::Repository { problem: UpdateProblem::Signature { .. }, .. } => {
            this.hint("is it the repository that you mean? One that is not the public one needs its own `--root FILE`")
        }
        UpdateError::Repository { problem: UpdateProblem::Expired { .. }, .. } => {
            this.hint("is the clock of this machine right? A mirror that is no longer brought up to date is of no use")
        }
        UpdateError::Repository { problem: UpdateProblem::Rollback { .. }, .. } => this.hint(
            "a mirror that lags behind soon has it; if it was set up anew, `consign trust init` begins anew, too",
        ),
        _ => this,
    }
}
