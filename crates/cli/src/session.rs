use crate::arguments::{Global, Output};
use crate::certificates;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::printer::Printer;
use crate::reading::read_file;
use crate::recipe;
use crate::registries::{self, Unset};
use consign_image::{ImageError, ImageReference, Place};
use consign_oci::{Descriptor, Platform, RegistryPath, Repository};
use consign_plan::Configuration;
use consign_registry::ecr::Ecr;
use consign_registry::{Client, Credentials, HostOptions, Listings, MemoryFolder, Secret};
use consign_release::ReleaseError;
use consign_report::ReleaseReport;
use consign_store::{Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

/// Says who asks.
pub(crate) const USER_AGENT: &str = concat!("consign/", env!("CARGO_PKG_VERSION"));
/// Largest configuration that is read, in bytes; the parser has the same limit and a better message.
const CONFIGURATION_LIMIT: u64 = 2 << 20;

/// What every command has: the global options, the environment, a way to print.
pub(crate) struct Session {
    pub(crate) printer: Arc<Printer>,
    pub(crate) environment: Environment,
    pub(crate) global: Global,
    pub(crate) output: Output,
}

impl Session {
    pub(crate) fn new(global: Global, environment: Environment, printer: Arc<Printer>) -> Self {
        let output = global.output.into();
        Self { printer, environment, global, output }
    }

    /// Reads the configuration.
    pub(crate) fn configuration(&self) -> Result<Configuration, CommandError> {
        self.configuration_for(&[])
    }

    /// Reads what mirroring needs of the configuration.
    pub(crate) fn configuration_for_sync(&self) -> Result<Configuration, CommandError> {
        let path = &self.global.file;
        Ok(Configuration::parse_for_sync(&path.to_string_lossy(), &self.configuration_text()?)?)
    }

    /// Reads the configuration. A Dockerfile in its place is built for these platforms.
    pub(crate) fn configuration_for(&self, platforms: &[Platform]) -> Result<Configuration, CommandError> {
        let path = &self.global.file;
        if self.is_dockerfile() {
            return Ok(recipe::alone(path, platforms)?);
        }
        Ok(Configuration::parse(&path.to_string_lossy(), &self.configuration_text()?)?)
    }

    fn configuration_text(&self) -> Result<String, CommandError> {
        let path = &self.global.file;
        read_file(path, CONFIGURATION_LIMIT).map_err(|error| {
            let hint = "name another file with `-f FILE`, or another folder with `-C DIR`";
            let is_missing = error.kind() == ErrorKind::NotFound;
            let error = CommandError::new(ExitCode::Configuration, format!("cannot read {}", path.display()))
                .cause(error)
                .hint(hint);
            match is_missing && path.with_file_name("Dockerfile").is_file() {
                true => error.hint("`-f Dockerfile` builds the Dockerfile that is there without a configuration"),
                false => error,
            }
        })
    }

    /// Returns whether a Dockerfile stands in the place of the configuration: by its name, or by what is in it.
    pub(crate) fn is_dockerfile(&self) -> bool {
        let path = &self.global.file;
        recipe::is_dockerfile(path)
            || read_file(path, CONFIGURATION_LIMIT).is_ok_and(|text| recipe::is_dockerfile_s_text(&text))
    }

    /// Returns the day, in UTC, by which policies are judged.
    pub(crate) fn today(&self) -> jiff::civil::Date {
        jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// Opens the store.
    pub(crate) async fn store(&self) -> Result<Store, CommandError> {
        let open = self.opening_of_store();
        on_a_thread(move || Ok(open()?)).await
    }

    /// Returns what opens the store, which may have to wait.
    pub(crate) fn opening_of_store(&self) -> impl FnOnce() -> Result<Store, StoreError> + use<> {
        let (root, printer) = (self.store_root(), self.printer.clone());
        || Store::open_or_wait(root, move || printer.note("The store is being pruned; waiting …"))
    }

    /// Opens what a reference names, and the store only for an image that lies in it: what lies elsewhere needs none.
    pub(crate) async fn place(
        &self,
        reference: &ImageReference,
        client: &Client,
        refusal: fn(ImageError) -> CommandError,
    ) -> Result<Place, CommandError> {
        if let ImageReference::Engine { engine, name } = reference {
            return self.place_in_engine(*engine, name, refusal).await;
        }
        let (reference, client, store) = (reference.clone(), client.clone(), self.opening_of_store());
        on_a_thread(move || Place::open(&reference, &client, store).map_err(refusal)).await
    }

    /// Returns the folder of the store.
    pub(crate) fn store_root(&self) -> PathBuf {
        self.store_folder().join("store")
    }

    /// Returns the folder that downloads are kept in.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.store_folder().join("downloads")
    }

    /// Returns the folder for everything that can be made again.
    pub(crate) fn store_folder(&self) -> PathBuf {
        // An empty variable is as good as none.
        let stated = self.global.store.as_ref().filter(|folder| !folder.is_empty());
        stated.map_or_else(|| self.environment.cache_folder(), PathBuf::from)
    }

    /// Returns a folder for files without a name, with room for images; made if it is not there.
    pub(crate) fn scratch(&self) -> Result<PathBuf, CommandError> {
        let folder = self.store_folder();
        let failed = |error| {
            let error = CommandError::new(ExitCode::Failed, format!("cannot make {}", folder.display())).cause(error);
            error.hint("`--store DIR` names another folder")
        };
        fs::create_dir_all(&folder).map_err(failed)?;
        Ok(folder)
    }

    /// Makes a client for commands that need no configuration, but use what it says about registries where there is one.
    pub(crate) async fn client(&self, reference: &ImageReference) -> Result<Client, CommandError> {
        self.client_for(&[reference]).await
    }

    /// Makes such a client for several images.
    pub(crate) async fn client_for(&self, references: &[&ImageReference]) -> Result<Client, CommandError> {
        let repositories = references.iter().filter_map(|reference| reference.repository()).collect();
        self.client_of(&repositories).await
    }

    /// Makes such a client for repositories.
    pub(crate) async fn client_of(&self, repositories: &BTreeSet<Repository>) -> Result<Client, CommandError> {
        let configuration = self.stated_configuration();
        let hosts = registries::hosts(repositories, configuration.as_ref(), &self.environment, Unset::Anonymous);
        self.make_client(hosts.await?)
    }

    /// Makes a client that logs in to one registry in this way, whatever is kept about it.
    pub(crate) fn client_as(&self, at: &RegistryPath, credentials: Credentials) -> Result<Client, CommandError> {
        let configuration = self.stated_configuration();
        let settings = configuration.as_ref().and_then(|configuration| configuration.registries.get(at.registry()));
        let tls = certificates::of(at.registry(), configuration.as_ref(), &self.environment)?;
        let plain_http = registries::plain_http(settings, &tls);
        let host = HostOptions { plain_http, tls, credentials, ..HostOptions::default() };
        self.make_client(BTreeMap::from([(at.registry().to_owned(), host)]))
    }

    /// Returns the variables that credential helpers may see.
    pub(crate) fn for_helpers(&self) -> BTreeMap<String, String> {
        let configuration = self.stated_configuration();
        self.environment.for_helpers(&registries::secrets(configuration.as_ref()))
    }

    /// Returns the configuration, for commands that need none.
    fn stated_configuration(&self) -> Option<Configuration> {
        self.global.file.exists().then(|| self.configuration().ok()).flatten()
    }

    /// Makes a client for repositories that are made where they are not there and the registry can be asked to: at Amazon ECR.
    pub(crate) async fn client_that_creates(
        &self,
        repositories: &BTreeSet<Repository>,
        configuration: Option<&Configuration>,
        unset: Unset,
    ) -> Result<Client, CommandError> {
        let stated = if configuration.is_none() { self.stated_configuration() } else { None };
        let configuration = configuration.or(stated.as_ref());
        let mut hosts = registries::hosts(repositories, configuration, &self.environment, unset).await?;
        hosts.values_mut().filter_map(|host| host.ecr.as_mut()).for_each(Ecr::create_by_default);
        self.make_client(hosts)
    }

    /// Makes a client that speaks to registries in these ways.
    fn make_client(&self, hosts: BTreeMap<String, HostOptions>) -> Result<Client, CommandError> {
        let token = ["GH_TOKEN", "GITHUB_TOKEN"].into_iter().find_map(|name| self.environment.get(name));
        let options = consign_registry::Options {
            hosts,
            user_agent: USER_AGENT.to_owned(),
            uploads: Some(self.uploads()),
            listings: Listings { github_token: token.map(Secret::new), ..Listings::default() },
        };
        Ok(Client::new(options).map_err(consign_image::ImageError::from)?)
    }

    /// Gives a client what earlier runs left of the registries of these repositories.
    pub(crate) fn recall(&self, client: &Client, repositories: &BTreeSet<Repository>) {
        for repository in of_each_registry(repositories) {
            client.recall(repository, self.memories().read(repository));
        }
    }

    /// Leaves what a client knows of the registries of these repositories to later runs.
    pub(crate) fn remember(&self, client: &Client, repositories: &BTreeSet<Repository>) {
        for repository in of_each_registry(repositories) {
            if let Err(error) = self.memories().write(repository, client.memory(repository)) {
                let registry = repository.registry();
                self.printer.note(&format!("note: what is known of {registry} is not kept for later runs: {error}"));
            }
        }
    }

    /// Returns the folder in which large uploads leave where they go on.
    pub(crate) fn uploads(&self) -> PathBuf {
        self.store_folder().join("uploads")
    }

    fn memories(&self) -> MemoryFolder {
        MemoryFolder::new(self.store_folder().join("registries"))
    }

    /// Prints how the images fared. What went wrong is for the caller to pass on: for programs, both are one document.
    pub(crate) fn conclude(
        &self,
        report: &ReleaseReport,
        result: Result<(), ReleaseError>,
    ) -> Result<(), CommandError> {
        match (self.output, result) {
            (Output::Table, result) => {
                // What became of the release counts for more than who could read it.
                let printed = self.printer.data(&report.text());
                result?;
                printed
            }
            (Output::Json, Ok(())) => self.printer.json(report),
            (Output::Json, Err(error)) => Err(CommandError::from(error).with_report(serde_json::to_value(report)?)),
        }
    }

    /// Opens an image that has to be there.
    pub(crate) async fn open(&self, reference: &ImageReference) -> Result<(Place, Descriptor), CommandError> {
        let place = self.place(reference, &self.client(reference).await?, CommandError::from).await?;
        let root = place.root().await?;
        let missing = || CommandError::new(ExitCode::Failed, format!("there is no image {reference}"));
        Ok((place, root.ok_or_else(missing)?))
    }
}

fn of_each_registry(repositories: &BTreeSet<Repository>) -> impl Iterator<Item = &Repository> {
    let by_registry: BTreeMap<&str, &Repository> =
        repositories.iter().map(|repository| (repository.registry(), repository)).collect();
    by_registry.into_values()
}

/// Does something lengthy where an interruption is heard meanwhile.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CommandError> + Send + 'static,
) -> Result<T, CommandError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| CommandError::of(ExitCode::Failed, &error))?
}

/// Returns the platform that this program runs on.
pub(crate) fn host_platform() -> Result<Platform, CommandError> {
    Ok(consign_sandbox::Host::of_this_machine().map_err(|error| CommandError::of(ExitCode::Failed, &error))?.platform)
}
