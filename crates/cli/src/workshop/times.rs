//! When sources last changed, by what git says, and SOURCE_DATE_EPOCH.

use super::{Planned, folder_of};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::runner;
use crate::session::Session;
use consign_context::Git;
use consign_release::{Changed, Recipe};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

impl Planned {
    /// Returns what says when files of a Dockerfile's context last changed: by the commits that touched them, each asked for once.
    pub(super) fn changed(&self, session: &Session, path: &Path, recipe: &Recipe) -> Result<Changed, CommandError> {
        if self.git.is_none() || recipe.image_file().is_some() {
            return Ok(Arc::new(|_| None));
        }
        let git = Git::open(&folder_of(path), session.environment.all())?;
        let known: Mutex<BTreeMap<PathBuf, Option<u64>>> = Mutex::default();
        Ok(Arc::new(move |paths| {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            let times = paths.iter().map(|path| {
                let time = || {
                    let path = std::path::absolute(path).ok()?;
                    // What git cannot say is not known.
                    git.last_commit(&path).ok()?.and_then(|seconds| u64::try_from(seconds).ok())
                };
                *known.entry(path.clone()).or_insert_with(time)
            });
            times.max().flatten()
        }))
    }

    /// Returns when the image's own files last changed, as far as git knows; `None` if it knows nothing of any of them.
    ///
    /// Each is asked for by itself: that one is not committed says nothing about the others. Files that differ by platform are left out.
    pub(super) fn source_time(
        &self,
        session: &Session,
        path: &Path,
        recipe: &Recipe,
    ) -> Result<Option<u64>, CommandError> {
        if self.git.is_none() {
            return Ok(None);
        }
        let git = Git::open(&folder_of(path), session.environment.all())?;
        let own = path.file_name().map(PathBuf::from);
        let (named, run) = match recipe {
            Recipe::ImageFile(file) => {
                (file.files.iter().map(|file| file.source.as_str()).collect(), file.run.as_ref())
            }
            Recipe::Dockerfile(recipe) => return context_time(&git, &own, recipe),
        };
        let named: Vec<&str> = named;
        let named = named.into_iter().filter(|source| !source.contains('{'));
        let (mut newest, mut unknown) = (None, None);
        for file in own.into_iter().chain(named.map(PathBuf::from)) {
            let time = git.last_change(&[&file])?;
            newest = newest.max(time);
            unknown = unknown.or(time.is_none().then_some(file));
        }
        for input in run.into_iter().flat_map(runner::inputs) {
            newest = newest.max(git.last_commit(&input)?);
        }
        if let (Some(file), true, None) = (unknown, git.is_shallow(), epoch(session)?) {
            session.printer.note(&format!(
                "The clone is shallow, so git may not know when {} last changed: times, and with them digests, may differ from those of a full clone. \
                 Fetch all commits (`git fetch --unshallow`; `fetch-depth: 0` for actions/checkout), or set SOURCE_DATE_EPOCH",
                file.display()
            ));
        }
        Ok(newest.and_then(|seconds| u64::try_from(seconds).ok()))
    }
}

/// Returns the time of what is built from a Dockerfile, RFC 3339: SOURCE_DATE_EPOCH, else that of the last commit that changed its files.
pub(super) fn created(
    session: &Session,
    has_git: bool,
    path: &Path,
    recipe: &consign_dockerfile::Recipe,
) -> Result<String, CommandError> {
    let time = match epoch(session)? {
        Some(epoch) => Some(epoch),
        None if has_git => {
            let git = Git::open(&folder_of(path), session.environment.all())?;
            context_time(&git, &path.file_name().map(PathBuf::from), recipe)?
        }
        None => None,
    };
    consign_image::rfc3339(time.unwrap_or(0)).map_err(|error| CommandError::of(ExitCode::Usage, &error))
}

/// Returns when a Dockerfile or something in its context was last changed by a commit.
fn context_time(
    git: &Git,
    own: &Option<PathBuf>,
    recipe: &consign_dockerfile::Recipe,
) -> Result<Option<u64>, CommandError> {
    let context = std::path::absolute(recipe.context.folder()).unwrap_or_else(|_| recipe.context.folder().to_owned());
    let mut newest = git.last_commit(&context)?;
    if let Some(own) = own {
        newest = newest.max(git.last_commit(own)?);
    }
    Ok(newest.and_then(|seconds| u64::try_from(seconds).ok()))
}

/// Returns `SOURCE_DATE_EPOCH` (reproducible-builds.org, "SOURCE_DATE_EPOCH specification").
pub(super) fn epoch(session: &Session) -> Result<Option<u64>, CommandError> {
    let Some(text) = session.environment.get("SOURCE_DATE_EPOCH") else { return Ok(None) };
    let epoch = text.parse().map_err(|_| {
        let message = format!("SOURCE_DATE_EPOCH is `{text}`: expected seconds since 1970");
        CommandError::new(ExitCode::Usage, message)
    })?;
    Ok(Some(epoch))
}
