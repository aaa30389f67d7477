//! Makes of the list `sync` what is to be mirrored.

use crate::arguments::Looking;
use crate::error::CommandError;
use crate::proof::Gate;
use crate::registries::Unset;
use crate::session::Session;
use consign_image::{Place, Sink};
use consign_oci::{Reference, Repository};
use consign_plan::Configuration;
use consign_plan::configuration::{Destination, SelectionSettings, SyncSettings};
use consign_registry::Client;
use consign_transfer::{Admission, Backup, Mirror, Options, Prune, Selection};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is to be mirrored, and with what.
pub(crate) struct Mirrors {
    pub(crate) client: Client,
    /// Everything that is spoken to.
    pub(crate) repositories: BTreeSet<Repository>,
    /// One for each destination of an entry.
    pub(crate) mirrors: Vec<Mirror>,
}

impl Mirrors {
    /// Reads the configuration, and finds out how to log in.
    pub(crate) async fn read(session: &Session, looking: &Looking) -> Result<Self, CommandError> {
        let configuration = session.configuration_for_sync()?;
        let entries = &configuration.mirrors;
        let sources = entries.iter().map(|entry| &entry.source.value.repository);
        let destinations = entries.iter().flat_map(|entry| &entry.destinations);
        let repositories: BTreeSet<Repository> =
            sources.chain(destinations.map(|destination| &destination.repository)).cloned().collect();
        let client = session.client_that_creates(&repositories, Some(&configuration), Unset::Refused).await?;
        session.recall(&client, &repositories);
        let mirrors = mirrors(&configuration, &client, looking, session)?;
        Ok(Self { client, repositories, mirrors })
    }
}

fn mirrors(
    configuration: &Configuration,
    client: &Client,
    looking: &Looking,
    session: &Session,
) -> Result<Vec<Mirror>, CommandError> {
    let now = jiff::Timestamp::now();
    let mut mirrors = Vec::new();
    for entry in &configuration.mirrors {
        let gate = entry.require.as_ref().map(|require| Gate::read(require, configuration, session.today()));
        let admission = gate.transpose()?.map(|gate| Arc::new(gate) as Arc<dyn Admission>);
        for destination in &entry.destinations {
            mirrors.push(Mirror {
                source: Place::Registry { client: client.clone(), reference: entry.source.value.clone() },
                sink: Sink::Registry { client: client.clone(), reference: reference(destination) },
                selection: entry.tags.as_ref().map(selection),
                immutable: entry.immutable.clone(),
                admission: admission.clone(),
                prune: entry
                    .prune
                    .as_ref()
                    .map(|prune| Prune { maximum_percent: prune.maximum_percent, keep: prune.keep.clone() }),
                options: options(entry, now, looking),
            });
        }
    }
    Ok(mirrors)
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
        minimum_age: entry.minimum_age,
        backup,
        ..looking.options()
    }
}

fn selection(settings: &SelectionSettings) -> Selection {
    let SelectionSettings { list, matching, excluded, range, newest } = settings.clone();
    Selection { list, matching, excluded, range, newest }
}
