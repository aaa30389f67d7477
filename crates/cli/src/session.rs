use crate::arguments::{Global, Output};
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::printer::Printer;
use crate::registries;
use consign_image::{ImageReference, Place};
use consign_oci::{Descriptor, Platform};
use consign_plan::Configuration;
use consign_registry::Client;
use consign_store::Store;
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
        let output = global.output;
        Self { printer, environment, global, output }
    }

    /// Reads the configuration.
    pub(crate) fn configuration(&self) -> Result<Configuration, CommandError> {
        let path = &self.global.file;
        let text = read_text(path, CONFIGURATION_LIMIT).map_err(|error| {
            let hint = "name another file with `-f FILE`, or another folder with `-C DIR`";
            CommandError::new(ExitCode::Configuration, format!("cannot read {}", path.display()))
                .cause(error)
                .hint(hint)
        })?;
        Ok(Configuration::parse(&path.to_string_lossy(), &text)?)
    }

    /// Opens the store.
    pub(crate) fn store(&self) -> Result<Store, CommandError> {
        Ok(Store::open(self.store_folder().join("store"))?)
    }

    /// Returns the folder for everything that can be made again.
    pub(crate) fn store_folder(&self) -> PathBuf {
        self.global.store.clone().unwrap_or_else(|| self.environment.cache_folder())
    }

    /// Makes a client for commands that need no configuration, but use what it says about registries where there is one.
    pub(crate) async fn client(&self, reference: &ImageReference) -> Result<Client, CommandError> {
        let configuration = self.global.file.exists().then(|| self.configuration().ok()).flatten();
        let settings = configuration.map(|configuration| configuration.registries).unwrap_or_default();
        let repositories = match reference {
            ImageReference::Registry(reference) => vec![reference.repository.clone()],
            _ => Vec::new(),
        };
        let hosts = registries::hosts(&repositories, &settings, &self.environment).await?;
        let options = consign_registry::Options { hosts, certificates: Vec::new(), user_agent: USER_AGENT.to_owned() };
        Ok(Client::new(options).map_err(consign_image::ImageError::from)?)
    }

    /// Opens an image that has to be there.
    pub(crate) async fn open(&self, reference: &ImageReference) -> Result<(Place, Descriptor), CommandError> {
        let place = Place::open(reference, &self.client(reference).await?, &self.store()?)?;
        let root = place.root().await?;
        let missing = || CommandError::new(ExitCode::Failed, format!("there is no image {reference}"));
        Ok((place, root.ok_or_else(missing)?))
    }
}

/// Reads a text of at most `limit` bytes.
pub(crate) fn read_text(path: &std::path::Path, limit: u64) -> std::io::Result<String> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path)?.take(limit).read_to_string(&mut text)?;
    Ok(text)
}

/// Returns the password of a key: from `COSIGN_PASSWORD`, else asked for on the terminal.
pub(crate) fn password(environment: &Environment, prompt: &str, twice: bool) -> Result<String, CommandError> {
    if let Some(password) = environment.get_even_empty("COSIGN_PASSWORD") {
        return Ok(password.to_owned());
    }
    let ask = |prompt: &str| {
        rpassword::prompt_password(format!("{prompt}: ")).map_err(|error| {
            CommandError::new(ExitCode::Failed, "cannot ask for the key's password")
                .cause(error)
                .hint("set COSIGN_PASSWORD")
        })
    };
    let password = ask(prompt)?;
    if twice && ask("Again")? != password {
        return Err(CommandError::new(ExitCode::Failed, "the two passwords differ"));
    }
    Ok(password)
}

/// Returns the platform that this program runs on.
pub(crate) fn host_platform() -> Result<Platform, CommandError> {
    Ok(consign_sandbox::Host::of_this_machine().map_err(|error| CommandError::of(ExitCode::Failed, &error))?.platform)
}

/// Ends when the user or the system asks this program to end.
pub(crate) async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
