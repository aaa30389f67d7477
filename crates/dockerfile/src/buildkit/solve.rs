use super::cache::Cache;
use super::secret::{Credentials, Secret};
use consign_oci::Platform;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Largest image that is taken, in bytes, if nothing else is said.
const OUTPUT_LIMIT: u64 = 64 << 30;

/// What to build.
#[derive(Clone)]
pub struct Solve {
    /// The Dockerfile's text.
    pub dockerfile: Vec<u8>,
    /// The text of the ignore file that belongs to this Dockerfile alone; without it the context's `.dockerignore` holds.
    pub dockerignore: Option<Vec<u8>>,
    /// The folder that `COPY` and `ADD` take from.
    pub context: PathBuf,
    /// What else they and `FROM` know by name.
    pub contexts: BTreeMap<String, Context>,
    /// The stage to build; `None` for the last.
    pub target: Option<String>,
    /// What to build for; `None` for the daemon's own platform.
    pub platform: Option<Platform>,
    /// Build arguments. They are no place for secrets.
    pub arguments: BTreeMap<String, String>,
    /// Labels beside those of the Dockerfile.
    pub labels: BTreeMap<String, String>,
    /// What to build anew although it was built before.
    pub recompute: Recompute,
    /// Whether to ask registries again what the tags of bases name.
    pub pull: bool,
    /// The network of `RUN`.
    pub network: Network,
    /// Whether `RUN --security=insecure` is granted.
    pub insecure: bool,
    /// Hosts that `RUN` knows beside those of the network, with their addresses.
    pub hosts: BTreeMap<String, String>,
    /// Where else to look for steps that were built before.
    pub cache_from: Vec<Cache>,
    /// Where to leave the steps of this build.
    pub cache_to: Vec<Cache>,
    /// Further settings of the exporter `oci`, such as `compression`.
    pub exporter: BTreeMap<String, String>,
    /// Seconds since 1970 for `SOURCE_DATE_EPOCH`: later times of the context's files become this one, too.
    pub created: Option<i64>,
    /// What `RUN --mount=type=secret` may have, by `id`.
    pub secrets: BTreeMap<String, Secret>,
    /// Sockets of agents that `RUN --mount=type=ssh` may have, by `id`.
    pub agents: BTreeMap<String, PathBuf>,
    /// Knows how to log in to registries; `None` to log in nowhere.
    pub credentials: Option<Credentials>,
    /// Largest archive that is taken, in bytes.
    pub output_limit: u64,
}

/// What a name means in `FROM` and `--from`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    /// A folder of this machine.
    Folder(PathBuf),
    /// An image in a registry, by tag or digest: also what pins a base by digest that the Dockerfile names by tag.
    Image(String),
    /// Anything else that the daemon fetches: the address of a git repository or of an archive.
    Remote(String),
}

/// The network of `RUN`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// The daemon's choice.
    #[default]
    Default,
    /// None.
    None,
    /// The daemon's own.
    Host,
}

/// What to build anew although it was built before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Recompute {
    /// Nothing.
    #[default]
    Nothing,
    /// Everything.
    Everything,
    /// These stages.
    Stages(Vec<String>),
}

impl Solve {
    /// Returns the plainest build of a Dockerfile in a folder.
    pub fn new(dockerfile: impl Into<Vec<u8>>, context: impl Into<PathBuf>) -> Self {
        Self {
            dockerfile: dockerfile.into(),
            dockerignore: None,
            context: context.into(),
            contexts: BTreeMap::new(),
            target: None,
            platform: None,
            arguments: BTreeMap::new(),
            labels: BTreeMap::new(),
            recompute: Recompute::default(),
            pull: false,
            network: Network::default(),
            insecure: false,
            hosts: BTreeMap::new(),
            cache_from: Vec::new(),
            cache_to: Vec::new(),
            exporter: BTreeMap::new(),
            created: None,
            secrets: BTreeMap::new(),
            agents: BTreeMap::new(),
            credentials: None,
            output_limit: OUTPUT_LIMIT,
        }
    }
}

impl fmt::Debug for Solve {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Solve")
            .field("context", &self.context)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
