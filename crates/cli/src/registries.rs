//! Finds out how to log in to the registries of a run.

use crate::aws;
use crate::credential_files::CredentialFiles;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use consign_oci::Repository;
use consign_plan::Configuration;
use consign_plan::configuration::{Credentials as Configured, SigningKey};
use consign_registry::{Credentials, HostOptions, mirrored};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

/// What becomes of a registry whose credentials stand in variables that are not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unset {
    /// The command fails.
    Refused,
    /// It is spoken to without logging in: many can be read from by anybody.
    Anonymous,
}

/// Returns what is particular about the registries of these repositories. Nothing is looked up for others.
pub(crate) async fn hosts(
    repositories: &BTreeSet<Repository>,
    configuration: Option<&Configuration>,
    environment: &Environment,
    unset: Unset,
) -> Result<BTreeMap<String, HostOptions>, CommandError> {
    let mut hosts: BTreeMap<String, HostOptions> = BTreeMap::new();
    let mut files = None;
    let sources =
        LazyLock::new(|| Arc::new(aws::sources(environment, environment.for_helpers(&secrets(configuration)))));
    for repository in repositories {
        let registry = repository.registry();
        let settings = configuration.and_then(|configuration| configuration.registries.get(registry));
        let host = hosts.entry(registry.to_owned()).or_default();
        host.plain_http = settings.and_then(|settings| settings.plain_http);
        host.mirrors = settings.map(|settings| settings.mirrors.clone()).unwrap_or_default();
        host.ecr = aws::ecr(registry, configuration, || Arc::clone(&sources))?;
        match settings.map(|settings| &settings.credentials) {
            // What `release` serves takes the token of that run, and lets anybody read.
            _ if settings.is_some_and(|settings| settings.serve.is_some()) => {}
            Some(Configured::Anonymous) => {}
            Some(Configured::Environment { username, password }) => {
                match (environment.get(username), environment.get(password), unset) {
                    (Some(username), Some(password), _) => host.credentials = Credentials::named(username, password),
                    (_, _, Unset::Anonymous) => {}
                    (None, _, Unset::Refused) => return Err(missing(username, registry)),
                    (_, None, Unset::Refused) => return Err(missing(password, registry)),
                }
            }
            Some(Configured::DockerConfig) | None => {
                let files = match &mut files {
                    Some(files) => files,
                    none => none.insert(CredentialFiles::read(environment, &secrets(configuration))?),
                };
                // In these files parts of a registry have credentials of their own.
                host.repositories.insert(repository.path().to_owned(), files.find(repository).await?);
            }
        }
    }
    Ok(hosts)
}

fn missing(name: &str, registry: &str) -> CommandError {
    let message = format!("the environment variable {name}, with which to log in to {registry}, is not set");
    CommandError::new(ExitCode::Configuration, message)
        .hint(format!("set it, or take it out of `registries: {registry}`"))
}

/// Returns where the mirrors of a repository's registry have it.
pub(crate) fn mirrors(repository: &Repository, configuration: &Configuration) -> Vec<Repository> {
    let settings = configuration.registries.get(repository.registry());
    let mirrors = settings.iter().flat_map(|settings| &settings.mirrors);
    mirrors.filter_map(|mirror| mirrored(mirror, repository)).collect()
}

/// Returns the environment variables that the configuration says are secrets.
pub(crate) fn secrets(configuration: Option<&Configuration>) -> BTreeSet<&str> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for settings in configuration.iter().flat_map(|configuration| configuration.registries.values()) {
        if let Configured::Environment { username, password } = &settings.credentials {
            names.extend([username.as_str(), password.as_str()]);
        }
    }
    let signing = configuration.and_then(|configuration| configuration.signing.as_ref());
    if let Some(SigningKey::Environment(name)) = signing.map(|signing| &signing.key.value) {
        names.insert(name);
    }
    names
}
