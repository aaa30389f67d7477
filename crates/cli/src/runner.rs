//! What the commands of image files see of the environment.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::registries;
use crate::session::Session;
use consign_build::{RunSpecification, Runner, Specification, Variable};
use consign_plan::Configuration;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Variables that every command sees: where programs, files and their person are, and where toolchains keep their own.
const GIVEN: [&str; 12] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TMPDIR",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "GOCACHE",
    "GOMODCACHE",
    "GOPATH",
    "GOROOT",
    "JAVA_HOME",
];

/// Makes what runs the commands of these image files. A variable that the configuration says is a credential is given to none.
pub(crate) fn runner<'a>(
    session: &Session,
    configuration: &Configuration,
    files: impl Iterator<Item = &'a Specification>,
) -> Result<Runner, CommandError> {
    let value = |name: &str| Some((name.to_owned(), session.environment.get_even_empty(name)?.to_owned()));
    let secrets = registries::secrets(Some(configuration));
    let mut named = BTreeMap::new();
    for variable in files.filter_map(|file| file.run.as_ref()).flat_map(|run| run.environment.values()) {
        let Variable::Environment { env, place } = variable else { continue };
        if secrets.contains(env.as_str()) {
            let message = format!("{place}: `{env}` is a credential of the configuration, and no command sees it");
            return Err(CommandError::new(ExitCode::Configuration, message));
        }
        named.extend(value(env));
    }
    Ok(Runner::new(GIVEN.into_iter().filter_map(value).collect(), named))
}

/// Returns the inputs of a command for which git can be asked: not patterns, and not what differs by platform.
pub(crate) fn inputs(run: &RunSpecification) -> Vec<PathBuf> {
    let Some(inputs) = &run.inputs else { return vec![PathBuf::from(".")] };
    let plain = inputs.iter().map(|input| &input.path).filter(|path| !path.contains(['*', '?', '{']));
    plain.map(PathBuf::from).collect()
}
