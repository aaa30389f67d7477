//! Finds out how to log in to the registries of a run.

use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::read_text;
use consign_oci::Repository;
use consign_plan::configuration::{Credentials as Configured, RegistrySettings};
use consign_registry::credential_helper;
use consign_registry::docker_config::{DockerConfig, Found};
use consign_registry::{Credentials, HostOptions, Secret};
use std::collections::BTreeMap;

/// Largest file of credentials, in bytes.
const CREDENTIALS_LIMIT: u64 = 4 << 20;

/// Returns what is particular about the registries of these repositories.
pub(crate) async fn hosts(
    repositories: &[Repository],
    settings: &BTreeMap<String, RegistrySettings>,
    environment: &Environment,
) -> Result<BTreeMap<String, HostOptions>, CommandError> {
    let mut hosts = BTreeMap::new();
    for repository in repositories {
        let registry = repository.registry();
        if hosts.contains_key(registry) {
            continue;
        }
        let settings = settings.get(registry);
        let credentials = match settings.map(|settings| &settings.credentials) {
            Some(Configured::Anonymous) => Credentials::Anonymous,
            Some(Configured::Environment { username, password }) => Credentials::Basic {
                username: variable(environment, username, registry)?,
                password: Secret::new(variable(environment, password, registry)?),
            },
            Some(Configured::DockerConfig) | None => from_files(repository, environment).await?,
        };
        let plain_http = settings.and_then(|settings| settings.plain_http);
        hosts.insert(registry.to_owned(), HostOptions { plain_http, credentials });
    }
    Ok(hosts)
}

fn variable(environment: &Environment, name: &str, registry: &str) -> Result<String, CommandError> {
    environment.get(name).map(str::to_owned).ok_or_else(|| {
        let message = format!("the environment variable {name}, with which to log in to {registry}, is not set");
        CommandError::new(ExitCode::Configuration, message)
            .hint(format!("set it, or take it out of `registries: {registry}`"))
    })
}

/// Looks a repository up in docker's and podman's files. A file that is not there says nothing; one that cannot be read is an error.
async fn from_files(repository: &Repository, environment: &Environment) -> Result<Credentials, CommandError> {
    for path in environment.credential_files() {
        let text = match read_text(&path, CREDENTIALS_LIMIT) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                let message = format!("cannot read the credentials in {}", path.display());
                return Err(CommandError::new(ExitCode::Failed, message).cause(error));
            }
        };
        let file = DockerConfig::parse(&text).map_err(|error| {
            CommandError::new(ExitCode::Failed, format!("{} is not a file of credentials", path.display())).cause(error)
        })?;
        let found = match file.find(repository) {
            Found::None => continue,
            Found::Basic { username, password } => Credentials::Basic { username, password },
            Found::Helper { name, server } => {
                let asked = credential_helper::get(&name, &server, environment.all()).await;
                let asked = asked.map_err(|error| CommandError::of(ExitCode::Failed, &error))?;
                match asked {
                    Some(credentials) => credentials,
                    None => continue,
                }
            }
        };
        return Ok(found);
    }
    Ok(Credentials::Anonymous)
}
