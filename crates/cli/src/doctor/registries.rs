//! The registries that a release writes to, and those of base images.

use super::{Finding, PATIENCE, clock};
use crate::registries::{self, Unset};
use crate::registry_hint::registry_hint;
use crate::session::{Session, USER_AGENT};
use crate::workshop::Planned;
use consign_image::ImageReference;
use consign_oci::Repository;
use consign_plan::Configuration;
use consign_registry::{Client, Credentials, ErrorKind, Options, Probe, RegistryError};
use futures::future::{Either, join_all};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};
use tokio::time::timeout;

const AREA: &str = "registry";

pub(super) async fn registries(
    session: &Session,
    configuration: &Configuration,
    planned: Option<&Planned>,
) -> Vec<Finding> {
    let written = configuration.images.iter().flat_map(|image| &image.destinations);
    let mut repositories: BTreeMap<Repository, bool> = BTreeMap::new();
    repositories.extend(written.map(|destination| (destination.repository.clone(), true)));
    for (_, base) in planned.iter().flat_map(|planned| planned.bases()) {
        if let Ok(ImageReference::Registry(reference)) = base {
            repositories.entry(reference.repository).or_insert(false);
        }
    }
    let mut served = BTreeSet::new();
    let mut asked = Vec::new();
    for (repository, is_written) in &repositories {
        let host = repository.registry();
        asked.push(match configuration.registries.get(host).and_then(|settings| settings.serve.as_ref()) {
            Some(_) if !served.insert(host) => continue,
            Some(folder) => Either::Left(embedded(repository, folder)),
            None => Either::Right(registry(session, configuration, repository, *is_written)),
        });
    }
    // All at the same time: one that does not answer keeps the others from nothing.
    join_all(asked).await
}

/// Looks at whether `release` could serve a registry.
async fn embedded(repository: &Repository, folder: &str) -> Finding {
    let host = repository.registry();
    let port = host.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()).unwrap_or(0);
    // No name server is asked for what this machine is called.
    let is_free = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let served = format!("{host} is served from {folder} while `release` runs");
    if is_free {
        return Finding::ok(AREA, served);
    }
    let mut options = Options { user_agent: USER_AGENT.to_owned(), ..Options::default() };
    match timeout(PATIENCE, probe(repository, &mut options, false)).await {
        Ok(Ok(_)) => Finding::ok(AREA, format!("{host} is being served, and `release` uses it as it is")),
        _ => {
            let next = "end the program that listens there, or serve it on another port: `registries:`";
            Finding::fail(AREA, format!("the port of {host} is taken by something that is no registry")).next(next)
        }
    }
}

async fn registry(
    session: &Session,
    configuration: &Configuration,
    repository: &Repository,
    is_written: bool,
) -> Finding {
    let one = BTreeSet::from([repository.clone()]);
    // A base image may be read by anybody; a destination is written to with credentials.
    let unset = if is_written { Unset::Refused } else { Unset::Anonymous };
    let hosts = match registries::hosts(&one, Some(configuration), &session.environment, unset).await {
        Ok(hosts) => hosts,
        Err(error) => return Finding::error(AREA, &error),
    };
    let credentials = hosts.get(repository.registry()).map(|host| host.credentials_of(repository.path()));
    // Identities of clouds are looked for when they are needed.
    let is_cloud = hosts.get(repository.registry()).is_some_and(|host| host.ecr.is_some() || host.cloud.is_some());
    let is_anonymous = !is_cloud && credentials.is_none_or(|credentials| *credentials == Credentials::Anonymous);
    let login = if is_anonymous { "without logging in" } else { "with credentials" };
    let answered = match session.global.offline {
        true => None,
        false => {
            let mut options = Options { hosts, user_agent: USER_AGENT.to_owned(), ..Options::default() };
            match timeout(PATIENCE, probe(repository, &mut options, is_written)).await {
                Ok(Ok(probe)) => Some(probe),
                Ok(Err(error)) => return refused(repository, is_written, &error),
                Err(_) => return Finding::unanswered(AREA, repository),
            }
        }
    };
    if is_written && is_anonymous && !repository.is_loopback() {
        let message = format!("{repository}: no credentials are known, and few registries take images from anybody");
        let next = format!("`consign login {0}`, or name them under `registries:`", repository.registry());
        return Finding::warn(AREA, message).next(next);
    }
    let Some(Probe { referrers, date }) = answered else {
        return Finding::skip(AREA, format!("{repository}: not asked, offline; {login}"));
    };
    if let Some(skew) = date.and_then(|date| clock::skew(&date, jiff::Timestamp::now())) {
        let message = format!("this machine's clock is {skew} of that of {}", repository.registry());
        return Finding::warn(AREA, message).next("set the clock: tokens and release records have times");
    }
    let referrers = match referrers {
        Some(true) => "lists referrers",
        Some(false) => "has no referrers API, so attestations are listed under a tag",
        None => "has nothing there yet",
    };
    Finding::ok(AREA, format!("{repository}: answers {login}, {referrers}"))
}

async fn probe(repository: &Repository, options: &mut Options, is_written: bool) -> Result<Probe, RegistryError> {
    let client = Client::new(std::mem::take(options))?;
    let probe = client.probe(repository).await?;
    // Nobody writes without a login, even where anybody reads.
    if is_written {
        client.check_identity(repository).await?;
    }
    Ok(probe)
}

fn refused(repository: &Repository, is_written: bool, error: &RegistryError) -> Finding {
    // Some registries say this of a repository that is made by the first push.
    if is_written && error.kind() == ErrorKind::Denied && error.missing_action().is_none() {
        let message = format!("{repository} may not be read: it is not there yet, or the credentials do not allow it");
        return Finding::warn(AREA, message).next("see whether the credentials may push to it");
    }
    let finding = Finding::fail(AREA, error.to_string());
    registry_hint(error).map_or(finding.clone(), |hint| finding.next(hint))
}
