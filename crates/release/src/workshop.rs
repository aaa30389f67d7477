use crate::{EmbeddedRegistry, Event, Observer, Outcome, ReleaseError, Scanner, Stage, Steps};
use consign_build::{DebianSources, Runner};
use consign_dockerfile::Kitchen;
use consign_fetch::Fetcher;
use consign_oci::Platform;
use consign_receipt::Policy;
use consign_registry::{Client, HostOptions};
use consign_sandbox::{Host, Sandbox};
use consign_store::Store;
use consign_trust::Authority;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What every stage of every image is given.
pub struct Workshop {
    /// Where everything is kept.
    pub store: Store,
    /// Fetches packages.
    pub fetcher: Fetcher,
    /// Where packages come from.
    pub debian: DebianSources,
    /// Runs the commands of image files.
    pub runner: Runner,
    /// Runs the commands of Dockerfiles.
    pub kitchen: Kitchen,
    /// Runs trials.
    pub sandbox: Sandbox,
    /// The machine that trials run on.
    pub host: Host,
    /// What is particular about registries, by host.
    pub hosts: BTreeMap<String, HostOptions>,
    /// Registries that are served for the time of a release.
    pub embedded: Vec<EmbeddedRegistry>,
    /// Says who asks.
    pub user_agent: String,
    /// The folder in which large uploads that broke off leave where they go on.
    pub uploads: PathBuf,
    /// What an image must show.
    pub policy: Policy,
    /// Who says what is known against packages; `None`: nobody asks.
    pub scanner: Option<Scanner>,
    /// The keys of those whom the policy names.
    pub identities: Vec<Authority>,
    /// The latest time of anything in an image (`SOURCE_DATE_EPOCH`), in seconds since 1970.
    pub epoch: Option<u64>,
    /// The time by which signatures of package archives are judged.
    pub now: jiff::Timestamp,
    /// Most platforms that are worked on at the same time.
    pub jobs: usize,
    /// Whether results of earlier runs are used.
    pub reuse: bool,
    /// What became of the steps of Dockerfiles.
    pub steps: Steps,
    /// Told what happens.
    pub observer: Observer,
}

impl Workshop {
    /// Makes a client that speaks to the registries as configured.
    pub fn client(&self, hosts: BTreeMap<String, HostOptions>) -> Result<Client, ReleaseError> {
        let options = consign_registry::Options {
            hosts,
            user_agent: self.user_agent.clone(),
            uploads: Some(self.uploads.clone()),
            ..consign_registry::Options::default()
        };
        Ok(Client::new(options).map_err(consign_image::ImageError::from)?)
    }

    /// Returns the day, in UTC, by which the policy is judged.
    pub(crate) fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }

    pub(crate) fn tell(&self, event: Event) {
        (self.observer)(event);
    }

    pub(crate) fn started(&self, image: &str, platform: Option<&Platform>, stage: Stage) {
        self.tell(Event::Started { image: image.to_owned(), platform: platform.cloned(), stage });
    }

    pub(crate) fn finished(
        &self,
        image: &str,
        platform: Option<&Platform>,
        stage: Stage,
        outcome: Outcome,
        detail: impl Into<String>,
    ) {
        let detail = detail.into();
        self.tell(Event::Finished { image: image.to_owned(), platform: platform.cloned(), stage, outcome, detail });
    }

    /// Tells what a command of an image file wrote.
    pub(crate) fn wrote(&self, image: &str, platform: &Platform, line: &str) {
        let (image, platform, line) = (image.to_owned(), platform.clone(), line.to_owned());
        self.tell(Event::Output { image, platform, line });
    }

    pub(crate) fn warn(&self, image: &str, platforms: &[Platform], message: impl Into<String>) {
        self.tell(Event::Warning { image: image.to_owned(), platforms: platforms.to_vec(), message: message.into() });
    }
}
