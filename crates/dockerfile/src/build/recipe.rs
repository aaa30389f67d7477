use super::{Daemon, NamedContext, Program, Secrets};
use crate::buildkit::Cache;
use crate::context::Context;
use crate::instruction::{Dockerfile, Network};
use crate::stage::{Given, Graph, GraphError, global, place_of};
use crate::syntax;
use crate::{BuildError, Expander, Variables};
use consign_oci::Platform;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A Dockerfile, and what it is to be built with.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Where it was read from, for messages.
    pub path: PathBuf,
    /// Its text.
    pub text: Vec<u8>,
    /// What it says.
    pub file: Dockerfile,
    /// What COPY and ADD take files from.
    pub context: Context,
    /// Contexts with names, which come before the names of stages and images.
    pub contexts: BTreeMap<String, NamedContext>,
    /// The stage to build; otherwise the last.
    pub target: Option<String>,
    /// Build arguments.
    pub arguments: BTreeMap<String, String>,
    /// Stages, by name or number, whose steps are done although nothing has changed.
    pub anew: Vec<String>,
    /// The greatest age of what a command made that had the network; nothing ages without it.
    pub max_age: Option<Duration>,
    /// Caches that steps are taken from that are not known here.
    pub cache_from: Vec<Cache>,
    /// Caches that the steps of a build are left in: see [`crate::Export`].
    pub cache_to: Vec<Cache>,
    /// What commands reach that say nothing of it.
    pub network: Network,
    /// Whether commands may ask for all rights (`RUN --security=insecure`).
    pub insecure: bool,
    /// Secrets, by what a Dockerfile calls them.
    pub secrets: Secrets,
    /// Sockets of SSH agents, by what a Dockerfile calls them.
    pub agents: BTreeMap<String, PathBuf>,
    /// Labels over those that it sets.
    pub labels: BTreeMap<String, String>,
    /// BuildKit daemons that build in consign's place. Each platform is built by one, natively where there is one for it.
    pub builders: Vec<Daemon>,
    /// A program that builds in consign's place; no daemon does then.
    pub program: Option<Program>,
    /// What programs see that build, or that reach into containers and pods of builders.
    pub builder_environment: BTreeMap<String, String>,
    /// What the program `git` sees, which fetches repositories: see [`consign_fetch::GitAccess`].
    pub git_environment: BTreeMap<String, String>,
}

impl Recipe {
    /// Reads a Dockerfile. `context` is the folder that its files come from.
    pub fn read(path: &Path, text: &[u8], context: &Path) -> Result<Self, BuildError> {
        let in_file = |source| BuildError::Syntax { path: path.to_owned(), source };
        let source = syntax::read(text).map_err(in_file)?;
        let in_file = |source| BuildError::Instruction { path: path.to_owned(), source };
        let file = Dockerfile::new(source).map_err(in_file)?;
        let context = Context::open(context, path)?;
        Ok(Self {
            path: path.to_owned(),
            text: text.to_vec(),
            file,
            context,
            contexts: BTreeMap::new(),
            target: None,
            arguments: BTreeMap::new(),
            anew: Vec::new(),
            max_age: None,
            cache_from: Vec::new(),
            cache_to: Vec::new(),
            network: Network::Default,
            insecure: false,
            secrets: Secrets::default(),
            agents: BTreeMap::new(),
            labels: BTreeMap::new(),
            builders: Vec::new(),
            program: None,
            builder_environment: BTreeMap::new(),
            git_environment: BTreeMap::new(),
        })
    }

    /// Returns whether consign builds it itself.
    pub fn is_built_here(&self) -> bool {
        self.builders.is_empty() && self.program.is_none()
    }

    /// Returns the folders that files are taken from.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Context> {
        let named = self.contexts.values().filter_map(|context| match context {
            NamedContext::Folder(context) => Some(context),
            _ => None,
        });
        named.chain([&self.context])
    }

    /// Keeps a file, such as a signing key, out of every image.
    pub fn keep_out(&mut self, path: &Path) {
        self.context.keep_out(path);
        for context in self.contexts.values_mut() {
            if let NamedContext::Folder(context) = context {
                context.keep_out(path);
            }
        }
    }

    /// Finds the stages that a build for `platform` needs, on a machine of platform `host`.
    pub(crate) fn graph(&self, platform: &Platform, host: &Platform) -> Result<(Graph, Variables), BuildError> {
        let given = self.given(platform, host);
        let expander = Expander::new(self.file.directives.escape);
        let in_scope = |source| BuildError::Scope { path: self.path.clone(), source };
        let variables = global(self.file.global_arguments(), &given, &expander).map_err(in_scope)?;
        let in_file = |source: GraphError| BuildError::Graph { path: self.path.clone(), source };
        let graph =
            Graph::new(&self.file, self.target.as_deref(), &variables, &self.context_names()).map_err(in_file)?;
        Ok((graph, variables))
    }

    /// Returns the places of the stages whose steps are done in any case.
    pub(crate) fn places_anew(&self) -> Result<BTreeSet<usize>, BuildError> {
        let place = |name: &String| place_of(&self.file, name);
        let in_file = |source| BuildError::Graph { path: self.path.clone(), source };
        self.anew.iter().map(place).collect::<Result<_, _>>().map_err(in_file)
    }

    /// Returns the names of contexts that have some.
    pub(crate) fn context_names(&self) -> BTreeSet<String> {
        self.contexts.keys().cloned().collect()
    }

    /// Returns what every build knows, and what this one is given.
    pub(crate) fn given(&self, platform: &Platform, host: &Platform) -> Given {
        let mut automatic = Variables::new();
        for (prefix, platform) in [("TARGET", platform), ("BUILD", host)] {
            automatic.insert(format!("{prefix}PLATFORM"), platform.to_string());
            automatic.insert(format!("{prefix}OS"), platform.os().to_owned());
            automatic.insert(format!("{prefix}ARCH"), platform.architecture().to_owned());
            automatic.insert(format!("{prefix}VARIANT"), platform.variant().unwrap_or_default().to_owned());
        }
        automatic.insert("TARGETSTAGE".to_owned(), self.target.clone().unwrap_or_else(|| "default".to_owned()));
        Given { arguments: self.arguments.clone(), automatic }
    }
}
