//! What somebody asks for and does not get is said, so that nobody relies on it.

use crate::arguments::DockerArguments;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::recipe;
use crate::session::Session;
use crate::workshop::{LintedFile, Planned};
use consign_dockerfile::stage::{EPOCH, is_predefined};
use consign_plan::configuration::nearest;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The frontend whose files consign reads: see `docs/dockerfiles.md`.
const FRONTEND: &str = "docker/dockerfile";

/// Says what changes nothing of that which the command line and the Dockerfiles of a plan ask for. Other builders say it themselves.
pub(crate) fn check(session: &Session, planned: &Planned, docker: &DockerArguments) -> Result<(), CommandError> {
    if docker.pull {
        pull(session, planned)?;
    }
    let files: Vec<LintedFile<'_>> = planned.dockerfiles().filter(|file| file.recipe.is_built_here()).collect();
    arguments(session, &files, &recipe::arguments(session, docker)?);
    frontends(session, &files);
    Ok(())
}

/// Says where bases are not looked up again. Fails where they cannot be.
fn pull(session: &Session, planned: &Planned) -> Result<(), CommandError> {
    if session.global.offline {
        let error = CommandError::new(ExitCode::Usage, "`--pull` asks registries, and consign is offline");
        return Err(error.hint("leave out `--offline` or `--pull`"));
    }
    if planned.lock.as_ref().is_some_and(|lock| lock.images.is_some()) {
        session.printer.note(
            "warning: `--pull` changes nothing: consign.lock says what the bases are. `consign lock --update` looks anew",
        );
    }
    Ok(())
}

/// Says which build arguments of the command line no file declares. One that is for some of the images is none of the others' business.
fn arguments(session: &Session, files: &[LintedFile<'_>], given: &BTreeMap<String, String>) {
    let paths: BTreeSet<&Path> = files.iter().map(|file| file.path).collect();
    let place = match paths.iter().next() {
        None => return,
        Some(path) if paths.len() == 1 => path.display().to_string(),
        Some(_) => "the Dockerfiles".to_owned(),
    };
    let declared: BTreeSet<&str> = files.iter().flat_map(|file| file.recipe.file.declared_arguments()).collect();
    for name in given.keys().filter(|name| !declared.contains(name.as_str()) && !is_predefined(name)) {
        if name == EPOCH {
            session
                .printer
                .note(&format!("warning: `--build-arg {name}` is no time of the build here: set the variable {EPOCH}"));
            continue;
        }
        let near = nearest(name, declared.iter().copied());
        let near = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
        session.printer.note(&format!(
            "warning: `--build-arg {name}`: no ARG of {place} declares it{near}; only an ONBUILD of a base can"
        ));
    }
}

/// Says which files ask for a frontend that does not read them here.
fn frontends(session: &Session, files: &[LintedFile<'_>]) {
    let mut said = BTreeSet::new();
    for file in files {
        let Some(written) = file.recipe.file.directives.syntax.as_deref().filter(|written| !is_own(written)) else {
            continue;
        };
        // Several images can be made of one file.
        if said.insert(file.path) {
            session.printer.note(&format!(
                "warning: {}: `# syntax={written}` changes nothing: consign reads the file as `{FRONTEND}` does. \
                 A BuildKit uses that frontend: `--builder ADDRESS`",
                file.path.display()
            ));
        }
    }
}

/// Returns whether what `# syntax=` names is the frontend, in any version and from whichever registry. Further words are the frontend's own.
fn is_own(written: &str) -> bool {
    let image = written.split_whitespace().next().unwrap_or_default();
    let (name, _digest) = image.split_once('@').unwrap_or((image, ""));
    let name = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    name.strip_suffix(FRONTEND).is_some_and(|registry| registry.is_empty() || registry.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frontend_is_the_same_in_any_version() {
        for (written, expected) in [
            ("docker/dockerfile", true),
            ("docker/dockerfile:1", true),
            ("docker/dockerfile:1.7-labs", true),
            ("docker.io/docker/dockerfile:1@sha256:0a1b", true),
            ("localhost:5000/hub/docker/dockerfile", true),
            ("docker/dockerfile:1 more", true),
            ("docker/dockerfile-upstream:master", false),
            ("notdocker/dockerfile:1", false),
            ("example.org/frontend:1", false),
            ("", false),
        ] {
            assert_eq!(is_own(written), expected, "{written}");
        }
    }
}
