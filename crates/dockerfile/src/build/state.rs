use super::StepError;
use super::spool::Spool;
use crate::Variables;
use crate::cache::Position;
use crate::files::{Accounts, FilesError, Listing, TEXT_LIMIT, Tree};
use consign_image::Base;
use consign_oci::layer::Layer;
use consign_oci::{History, Platform, RuntimeConfig};
use consign_receipt::predicate::ResourceDescriptor;
use consign_store::Store;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// Where programs are looked for unless a base image says otherwise, as Docker has it.
const DEFAULT_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What a config calls the triggers for images that build on it.
pub(crate) const TRIGGERS: &str = "OnBuild";

/// What some of the lowest layers have at which path, and how many they are.
#[derive(Debug, Default)]
struct Seen(Mutex<(Arc<Tree>, usize)>);

impl Clone for Seen {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    }
}

/// A stage, as far as it is built.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) platform: Platform,
    /// Lowest first.
    pub(crate) layers: Vec<Layer>,
    pub(crate) history: Vec<History>,
    pub(crate) config: RuntimeConfig,
    pub(crate) author: Option<String>,
    /// What the layers do, as far as that is known.
    listings: Vec<Option<Arc<Listing>>>,
    /// What the layers have at which path, as far as somebody wanted to know.
    tree: Seen,
    /// Arguments that are in scope, but for those that a variable of the environment took the place of.
    pub(crate) arguments: Variables,
    /// Whether CMD was said in this stage: ENTRYPOINT resets only that of the base.
    pub(crate) has_command: bool,
    /// The image that it builds on.
    pub(crate) base: Option<Arc<Base>>,
    /// Inputs by digest.
    pub(crate) dependencies: Vec<ResourceDescriptor>,
    /// The time of what the next step writes, in seconds since 1970: see [`super::time`].
    pub(crate) time: u64,
    /// The step that is being done.
    pub(crate) position: Position,
}

impl State {
    /// Starts with nothing.
    pub(crate) fn scratch(platform: Platform, time: u64) -> Self {
        Self {
            platform,
            layers: Vec::new(),
            history: Vec::new(),
            config: RuntimeConfig {
                env: Some(vec![DEFAULT_PATH.to_owned()]),
                working_dir: "/".to_owned(),
                ..RuntimeConfig::default()
            },
            author: None,
            listings: Vec::new(),
            tree: Seen::default(),
            arguments: Variables::new(),
            has_command: false,
            base: None,
            dependencies: Vec::new(),
            time,
            position: Position::default(),
        }
    }

    /// Starts with an image.
    pub(crate) fn of_image(base: Base, time: u64) -> Self {
        let layers = base.layers();
        let mut config = base.config.config.clone();
        let environment = config.env.get_or_insert_default();
        if !environment.iter().any(|variable| variable.starts_with("PATH=")) {
            environment.push(DEFAULT_PATH.to_owned());
        }
        Self {
            platform: base.config.platform.clone(),
            listings: vec![None; layers.len()],
            layers,
            history: base.config.history.clone(),
            config,
            author: base.config.author.clone(),
            tree: Seen::default(),
            arguments: Variables::new(),
            has_command: false,
            dependencies: base.dependencies(),
            position: Position::default(),
            base: Some(Arc::new(base)),
            time,
        }
    }

    /// Starts another stage where this one ends.
    pub(crate) fn continued(&self) -> Self {
        Self { has_command: false, ..self.clone() }
    }

    /// Returns what the layers have at which path.
    pub(crate) fn tree(&self, store: &Store) -> Result<Arc<Tree>, FilesError> {
        let mut seen = self.tree.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (tree, count) = &mut *seen;
        for (place, (layer, listing)) in self.layers.iter().zip(&self.listings).enumerate().skip(*count) {
            match listing {
                Some(listing) => Arc::make_mut(tree).apply(listing, place),
                None => {
                    let listing = Listing::of_layer(layer, store)?;
                    Arc::make_mut(tree).apply(&listing, place);
                }
            }
            *count = place + 1;
        }
        Ok(tree.clone())
    }

    /// Returns who has an account, links on the way to the files that say so followed.
    pub(crate) fn accounts(&self, store: &Store) -> Result<Accounts, StepError> {
        let tree = self.tree(store)?;
        Accounts::of(&tree, |file| Spool::read(file, &self.layers, store, TEXT_LIMIT))
    }

    /// Adds a layer. `listing` is what it does, where that is known.
    pub(crate) fn add_layer(&mut self, layer: Layer, listing: Option<Arc<Listing>>) {
        self.layers.push(layer);
        self.listings.push(listing);
    }

    /// Takes the triggers that the base left for this stage.
    pub(crate) fn take_triggers(&mut self) -> Vec<String> {
        let Some(Value::Array(triggers)) = self.config.other.remove(TRIGGERS) else { return Vec::new() };
        triggers.into_iter().filter_map(|trigger| trigger.as_str().map(str::to_owned)).collect()
    }

    /// Returns the variables that instructions see: the environment, and arguments that were declared after it.
    pub(crate) fn variables(&self) -> Variables {
        let mut variables = self.environment();
        variables.extend(self.arguments.clone());
        variables
    }

    /// Returns the environment.
    pub(crate) fn environment(&self) -> Variables {
        let variables = self.config.env.iter().flatten();
        let pair = |variable: &String| {
            let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
            (name.to_owned(), value.to_owned())
        };
        variables.map(pair).collect()
    }

    /// Returns the shell that text commands are given to.
    pub(crate) fn shell(&self) -> Vec<String> {
        let words = self.config.other.get("Shell").and_then(Value::as_array);
        let shell: Option<Vec<String>> =
            words.map(|words| words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect());
        shell.filter(|shell| !shell.is_empty()).unwrap_or_else(|| vec!["/bin/sh".to_owned(), "-c".to_owned()])
    }

    /// Returns a path of an instruction as an absolute one; a slash at its end stays.
    pub(crate) fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        format!("{}/{path}", self.config.working_dir.trim_end_matches('/'))
    }
}
