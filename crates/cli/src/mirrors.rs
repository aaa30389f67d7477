//! Makes of the list `sync` what is to be mirrored.

use crate::arguments::Looking;
use crate::catalog;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::proof::Gate;
use crate::registries::Unset;
use crate::session::Session;
use consign_image::{Place, Sink};
use consign_oci::{Reference, RegistryPath, Repository};
use consign_plan::configuration::{AgeSettings, Destination, Route, SelectionSettings, SyncSettings};
use consign_registry::Client;
use consign_transfer::{Admission, Backup, MinimumAge, Mirror, Options, Prune, Selection};
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
}

/// An entry of which it was not found out which repositories it means.
pub(crate) struct Unlisted {
    pub(crate) source: String,
    pub(crate) error: CommandError,
}

/// A name, and those that are to be like it.
type Names = (Reference, Vec<Reference>);

impl Mirrors {
    /// Reads the configuration, finds out how to log in, and which repositories there are.
    pub(crate) async fn read(session: &Session, looking: &Looking) -> Result<Self, CommandError> {
        let configuration = session.configuration_for_sync()?;
        let entries = &configuration.mirrors;
        if entries.is_empty() {
            let error = CommandError::new(ExitCode::Configuration, "the configuration lists nothing to mirror");
            return Err(error.hint("list images under `sync:`"));
        }
        let repositories: BTreeSet<Repository> = entries.iter().flat_map(|entry| entry.route.repositories()).collect();
        let client = session.client_that_creates(&repositories, Some(&configuration), Unset::Refused).await?;
        let client = looking.limited(client);
        session.recall(&client, &repositories);
        let now = jiff::Timestamp::now();
        let (mut mirrors, mut unlisted) = (Vec::new(), Vec::new());
        let is_open =
            |entry: &&SyncSettings| entry.windows.is_empty() || entry.windows.iter().any(|window| window.holds(now));
        let (open, closed): (Vec<&SyncSettings>, Vec<&SyncSettings>) = entries.iter().partition(is_open);
        let closed = closed.into_iter().map(|entry| entry.route.to_string()).collect();
        let named = futures::future::join_all(open.iter().map(|entry| names(&entry.route, &client))).await;
        for (entry, named) in open.into_iter().zip(named) {
            let gate = entry.require.as_ref().map(|require| Gate::read(require, &configuration, session.today()));
            let admission = gate.transpose()?.map(|gate| Arc::new(gate) as Arc<dyn Admission>);
            match named {
                Err(error) => unlisted.push(error),
                Ok(named) => mirrors.extend(named.into_iter().flat_map(|(source, destinations)| {
                    let mirror =
                        |to| mirror(entry, &client, (&source, to), admission.clone(), options(entry, now, looking));
                    destinations.into_iter().map(mirror).collect::<Vec<_>>()
                })),
            }
        }
        Ok(Self { client, repositories, mirrors, unlisted, closed })
    }
}

/// Returns the names that a route means.
async fn names(route: &Route, client: &Client) -> Result<Vec<Names>, Unlisted> {
    match route {
        Route::Repository { source, destinations } => {
            Ok(vec![(source.value.clone(), destinations.iter().map(reference).collect())])
        }
        Route::Namespace { source, destinations, repositories } => {
            let failed = |error| Unlisted { source: route.to_string(), error };
            let found = catalog::list(client, &source.value).await.map_err(failed)?;
            let rest = |repository: &Repository| source.value.rest_of(repository).map(str::to_owned);
            let chosen = found.into_iter().filter_map(|repository| Some((rest(&repository)?, repository)));
            let chosen = chosen.filter(|(rest, _)| repositories.holds(rest));
            let mut named = Vec::new();
            for (rest, repository) in chosen {
                let destinations = destinations.iter().map(|path| below(&path.value, &rest).map(whole));
                named.push((whole(repository), destinations.collect::<Result<_, _>>().map_err(failed)?));
            }
            Ok(named)
        }
    }
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
        immutable: entry.immutable.clone(),
        admission,
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
