//! Makes of the list `sync` what is to be mirrored.

use crate::arguments::Looking;
use crate::catalog;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::proof::Gate;
use crate::registries::Unset;
use crate::sealing::sealing;
use crate::session::Session;
use consign_image::{Place, Sink};
use consign_oci::{Reference, RegistryPath, Repository};
use consign_plan::configuration::{AgeSettings, Destination, Route, SelectionSettings, SyncSettings};
use consign_registry::Client;
use consign_release::Sealer;
use consign_transfer::{Admission, Backup, MinimumAge, Mirror, Options, Prune, Seal, Selection};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is to be mirrored, and with what.
pub(crate) struct Mirrors {
    pub(crate) client: Client,
    /// Everything that is spoken to.
    pub(crate) repositories: BTreeSet<Repository>,
    /// One for each repository and destination of an entry.
    pub(crate) mirrors: Vec<Mirror>,
    /// Entries of which it was not found out what they are.
    pub(crate) unlisted: Vec<Unlisted>,
    /// Entries, by their sources, whose time it is not.
    pub(crate) closed: Vec<String>,
    /// Repositories from which nothing is deleted now, since an entry that also goes there is not looked at.
    pub(crate) spared: BTreeSet<String>,
}

/// Something of which it was not found out which repositories it means.
pub(crate) struct Unlisted {
    pub(crate) source: String,
    pub(crate) error: CommandError,
}

/// The repositories or images that a route means.
#[derive(Default)]
pub(crate) struct Named {
    pub(crate) names: Vec<Names>,
    pub(crate) unlisted: Vec<Unlisted>,
}

/// A name, and those that are to be like it.
pub(crate) type Names = (Reference, Vec<Reference>);

impl Mirrors {
    /// Reads the configuration, finds out how to log in, and which repositories there are.
    pub(crate) async fn read(session: &Session, looking: &Looking) -> Result<Self, CommandError> {
        let configuration = session.configuration_for_sync()?;
        let entries = &configuration.mirrors;
        if entries.is_empty() {
            let error = CommandError::new(ExitCode::Configuration, "the configuration lists nothing to mirror");
            return Err(error.hint("list images under `sync:`"));
        }
        let now = jiff::Timestamp::now();
        let is_open =
            |entry: &&SyncSettings| entry.windows.is_empty() || entry.windows.iter().any(|window| window.holds(now));
        let (open, closed): (Vec<&SyncSettings>, Vec<&SyncSettings>) = entries.iter().partition(is_open);
        let log_in = async |repositories: &BTreeSet<Repository>| {
            session.client_that_creates(repositories, Some(&configuration), Unset::Refused).await
        };
        let sealing = sealing(&open, &configuration, session).await?.map(Arc::new);
        let mut repositories: BTreeSet<Repository> =
            entries.iter().flat_map(|entry| entry.route.repositories()).collect();
        repositories.extend(sealing.iter().filter_map(|sealing| sealing.legacy().cloned()));
        let mut client = log_in(&repositories).await?;
        let named = futures::future::join_all(open.iter().map(|entry| names(&entry.route, &client))).await;
        if open.iter().any(|entry| matches!(entry.route, Route::Namespace { .. })) {
            // In docker's and podman's files each of them may have credentials of its own.
            let names = named.iter().flat_map(|named| &named.names);
            let all = names.flat_map(|(from, to)| std::iter::once(from).chain(to));
            repositories.extend(all.map(|reference| reference.repository.clone()));
            client = log_in(&repositories).await?;
        }
        let client = looking.limited(client);
        session.recall(&client, &repositories);
        let unseen = open.iter().zip(&named).filter(|(_, named)| !named.unlisted.is_empty()).map(|(entry, _)| *entry);
        let unseen: Vec<&SyncSettings> = unseen.chain(closed.iter().copied()).collect();
        let (mut mirrors, mut unlisted, mut spared) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (entry, named) in open.into_iter().zip(named) {
            let gate = Gate::read(&entry.require, &configuration, session)?;
            let seal = sealing.as_ref().and_then(|sealing| {
                let (always, verified_by) = (entry.always || looking.always, gate.as_ref().and_then(Gate::identity));
                Sealer::new(sealing, entry, verified_by, always, looking.dry_run)
            });
            let admission = gate.map(|gate| Arc::new(gate) as Arc<dyn Admission>);
            let seal = seal.map(|sealer| Arc::new(sealer) as Arc<dyn Seal>);
            unlisted.extend(named.unlisted);
            for (source, destinations) in named.names {
                for to in destinations {
                    let is_spared = unseen.iter().any(|entry| entry.route.goes_to(&to.repository));
                    let name = to.repository.to_string();
                    let mut mirror =
                        mirror(entry, &client, (&source, to), admission.clone(), options(entry, now, looking));
                    mirror.seal.clone_from(&seal);
                    if is_spared && mirror.prune.take().is_some() {
                        spared.insert(name);
                    }
                    mirrors.push(mirror);
                }
            }
        }
        let closed = closed.into_iter().map(|entry| entry.route.to_string()).collect();
        Ok(Self { client, repositories, mirrors, unlisted, closed, spared })
    }
}

/// Returns the names that a route means.
pub(crate) async fn names(route: &Route, client: &Client) -> Named {
    let (source, destinations, repositories) = match route {
        Route::Repository { source, destinations } => {
            let names = vec![(source.value.clone(), destinations.iter().map(reference).collect())];
            return Named { names, ..Named::default() };
        }
        Route::Namespace { source, destinations, repositories } => (source, destinations, repositories),
    };
    let failed = |source: String, error| Named { unlisted: vec![Unlisted { source, error }], ..Named::default() };
    let found = match catalog::list(client, &source.value).await {
        Ok(found) => found,
        Err(error) => return failed(route.to_string(), error),
    };
    let rest = |repository: &Repository| source.value.rest_of(repository).map(str::to_owned);
    let chosen = found.into_iter().filter_map(|repository| Some((rest(&repository)?, repository)));
    let mut named = Named::default();
    for (rest, repository) in chosen.filter(|(rest, _)| repositories.holds(rest)) {
        let to: Result<Vec<Reference>, _> =
            destinations.iter().map(|path| below(&path.value, &rest).map(whole)).collect();
        match to {
            Ok(to) => named.names.push((whole(repository), to)),
            Err(error) => named.unlisted.push(Unlisted { source: repository.to_string(), error }),
        }
    }
    if named.names.is_empty() && named.unlisted.is_empty() {
        let error = CommandError::new(ExitCode::Failed, format!("{route} is no repository, or none that is chosen"));
        return failed(route.to_string(), error.hint("`consign catalog` lists what is there"));
    }
    named
}

/// Returns the repository below a path that goes on so.
fn below(path: &RegistryPath, rest: &str) -> Result<Repository, CommandError> {
    let message = || format!("there can be no repository `{rest}` below {path}: its path would be too long");
    path.below(rest).ok_or_else(|| CommandError::new(ExitCode::Failed, message()))
}

fn mirror(
    entry: &SyncSettings,
    client: &Client,
    (from, to): (&Reference, Reference),
    admission: Option<Arc<dyn Admission>>,
    options: Options,
) -> Mirror {
    let prune = entry.prune.as_ref();
    Mirror {
        source: Place::Registry { client: client.clone(), reference: from.clone() },
        sink: Sink::Registry { client: client.clone(), reference: to },
        selection: entry.tags.as_ref().map(selection),
        may_be_empty: matches!(entry.route, Route::Namespace { .. }),
        immutable: entry.immutable.clone(),
        admission,
        seal: None,
        prune: prune.map(|prune| Prune { maximum_percent: prune.maximum_percent, keep: prune.keep.clone() }),
        options,
    }
}

fn whole(repository: Repository) -> Reference {
    Reference { repository, tag: None, digest: None }
}

fn reference(destination: &Destination) -> Reference {
    Reference { repository: destination.repository.clone(), tag: destination.tag.clone(), digest: None }
}

fn options(entry: &SyncSettings, now: jiff::Timestamp, looking: &Looking) -> Options {
    let backup = entry.backup.as_ref().map(|template| Backup {
        template: template.clone(),
        date: now.strftime("%Y%m%d").to_string(),
        time: now.strftime("%H%M%S").to_string(),
    });
    Options {
        platforms: entry.platforms.clone(),
        without_referrers: !entry.referrers,
        always: entry.always || looking.always,
        minimum_age: entry.minimum_age.map(|age| match age {
            AgeSettings::Seen(age) => MinimumAge::Seen(age),
            AgeSettings::Created(age) => MinimumAge::Created { age, now },
        }),
        backup,
        ..looking.options()
    }
}

fn selection(settings: &SelectionSettings) -> Selection {
    let SelectionSettings { list, matching, excluded, range, newest } = settings.clone();
    Selection { list, matching, excluded, range, newest }
}
