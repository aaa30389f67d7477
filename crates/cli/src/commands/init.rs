use crate::arguments::{CiService, Init, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::init::{Draft, Forge, Found, NewFile, find, workflow};
use crate::session::Session;
use crate::workshop;
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

pub(crate) fn run(arguments: &Init, session: &Session) -> Result<ExitCode, CommandError> {
    let file = &session.global.file;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (Some(name), true) = (file.file_name().and_then(|name| name.to_str()), folder.is_dir()) else {
        let message = format!("{} cannot be the name of a configuration here", file.display());
        return Err(CommandError::new(ExitCode::Usage, message));
    };
    let found = find(folder).map_err(|error| {
        CommandError::new(ExitCode::Failed, format!("cannot look into {}", folder.display())).cause(error)
    })?;
    let git = workshop::git(folder, session)?;
    let remote = git.as_ref().and_then(|state| state.remote.as_deref());
    let forge = remote.and_then(Forge::of_remote);
    let variables = match (arguments.ci, forge.as_ref().map(|forge| forge.registry)) {
        (Some(CiService::Github), Some("ghcr.io")) => Some(("GHCR_USER", "GHCR_TOKEN")),
        (Some(CiService::Gitlab), Some("registry.gitlab.com")) => Some(("CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD")),
        _ => None,
    };
    let has_commit = git.as_ref().is_some_and(|state| state.head.is_some());
    let own_name = folder.canonicalize().ok().and_then(|folder| Some(folder.file_name()?.to_str()?.to_owned()));
    let own_name = own_name.unwrap_or_default();
    let draft = Draft { name: &own_name, found: &found, forge: forge.as_ref(), has_commit, variables };
    let mut files = draft.files(name);
    let branch = git.as_ref().and_then(|state| state.branch.as_deref()).unwrap_or("main");
    files.extend(arguments.ci.map(|service| workflow(service, branch)));
    let written = write_all(folder, &files)?;
    report(session, &found, &written)?;
    if arguments.ci == Some(CiService::Github) && session.output == Output::Table {
        session.printer.note(&format!("The workflow releases from the branch {branch}, and from tags."));
    }
    Ok(ExitCode::Done)
}

fn report(session: &Session, found: &[Found], written: &[PathBuf]) -> Result<(), CommandError> {
    let written: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    if session.output == Output::Json {
        return session.printer.json(&json!({ "written": written, "found": found }));
    }
    for Found { path, kind } in found {
        session.printer.note(&format!("Found {path}: {kind}."));
    }
    session.printer.note(&format!("Wrote {}.", written.join(", ")));
    session.printer.note("Next: `consign check`, `consign plan`, `consign doctor`.");
    Ok(())
}

/// Writes files that are not there yet: all of them, or none.
fn write_all(folder: &Path, files: &[NewFile]) -> Result<Vec<PathBuf>, CommandError> {
    let paths: Vec<PathBuf> = files.iter().map(|file| in_folder(folder, &file.path)).collect();
    // Also a link that leads nowhere is somebody's.
    if let Some(path) = paths.iter().find(|path| path.symlink_metadata().is_ok()) {
        return Err(exists(path));
    }
    for (number, (path, file)) in paths.iter().zip(files).enumerate() {
        if let Err(error) = write_new(path, &file.text) {
            // What this run has written is complete, and nobody else's.
            paths[..number].iter().for_each(|path| drop(fs::remove_file(path)));
            return Err(match error.kind() {
                ErrorKind::AlreadyExists => exists(path),
                _ => CommandError::new(ExitCode::Failed, format!("cannot write {}", path.display())).cause(error),
            });
        }
    }
    Ok(paths)
}

fn in_folder(folder: &Path, path: &str) -> PathBuf {
    if folder == Path::new(".") { PathBuf::from(path) } else { folder.join(path) }
}

fn exists(path: &Path) -> CommandError {
    CommandError::new(ExitCode::Conflict, format!("{} is there already, and nothing is overwritten", path.display()))
        .hint("move it away, or name another configuration with `-f`")
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        drop(fs::remove_file(path));
    }
    written
}
