//! Finds out how to log in to the registries of a run.

use crate::aws;
use crate::certificates;
use crate::cloud;
use crate::credential_files::CredentialFiles;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use consign_oci::Repository;
use consign_plan::Configuration;
use consign_plan::configuration::{Credentials as Configured, KeyReference, RegistrySettings};
use consign_registry::docker_config::server_of;
use consign_registry::{Credentials, HostOptions, Secret, Tls, credential_helper, mirrored};
use std::collections::btree_map::Entry;
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
    // A helper may ask a person each time.
    let mut helpers = BTreeSet::new();
    let sources =
        LazyLock::new(|| Arc::new(aws::sources(environment, environment.for_helpers(&secrets(configuration)))));
    for repository in repositories {
        let registry = repository.registry();
        let settings = configuration.and_then(|configuration| configuration.registries.get(registry));
        let host = match hosts.entry(registry.to_owned()) {
            Entry::Occupied(known) => known.into_mut(),
            // Certificates are read once for all repositories.
            Entry::Vacant(place) => {
                let tls = certificates::of(registry, configuration, environment)?;
                place.insert(HostOptions {
                    plain_http: plain_http(settings, &tls),
                    tls,
                    mirrors: settings.map(|settings| settings.mirrors.clone()).unwrap_or_default(),
                    ecr: aws::ecr(registry, configuration, || Arc::clone(&sources))?,
                    cloud: cloud::of(registry, configuration, environment),
                    ..HostOptions::default()
                })
            }
        };
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
            Some(Configured::Token(token)) => match (environment.get(token), unset) {
                (Some(token), _) => host.credentials = Credentials::Bearer(Secret::new(token)),
                (None, Unset::Anonymous) => {}
                (None, Unset::Refused) => return Err(missing(token, registry)),
            },
            Some(Configured::Helper(name)) => {
                if helpers.insert(registry) {
                    host.credentials = helped(name, registry, environment, configuration, unset).await?;
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

/// Returns whether a registry is spoken to in plain HTTP, as far as somebody says so: who has certificates for it does not.
pub(crate) fn plain_http(settings: Option<&RegistrySettings>, tls: &Tls) -> Option<bool> {
    settings.and_then(|settings| settings.plain_http).or((!tls.is_empty()).then_some(false))
}

/// Asks the credential helper that the configuration names for a registry.
async fn helped(
    name: &str,
    registry: &str,
    environment: &Environment,
    configuration: Option<&Configuration>,
    unset: Unset,
) -> Result<Credentials, CommandError> {
    let for_helpers = environment.for_helpers(&secrets(configuration));
    let known = credential_helper::get(name, server_of(registry), &for_helpers).await;
    let hint = || format!("`credential-helper` under `registries: {registry}` names it");
    match (known.map_err(|error| CommandError::of(ExitCode::Failed, &error).hint(hint()))?, unset) {
        (Some(credentials), _) => Ok(credentials),
        (None, Unset::Anonymous) => Ok(Credentials::Anonymous),
        (None, Unset::Refused) => {
            let message = format!("docker-credential-{name} knows no credentials for {registry}");
            Err(CommandError::new(ExitCode::Configuration, message).hint(hint()))
        }
    }
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
        names.extend(settings.credentials.variables());
    }
    let signing = configuration.and_then(|configuration| configuration.signing.as_ref());
    if let Some(KeyReference::Environment(name)) = signing.and_then(|signing| Some(&signing.key()?.value)) {
        names.insert(name);
    }
    names
}
