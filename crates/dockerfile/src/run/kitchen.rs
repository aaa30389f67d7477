use super::trees::Trees;
use crate::cache::{Record, Sources};
use consign_oci::Digest;
use consign_sandbox::{Host, Sandbox, has_private_network};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::OnceCell;

/// What commands are run with.
#[derive(Clone, Debug)]
pub struct KitchenOptions {
    /// Runs them.
    pub sandbox: Sandbox,
    /// The machine that they run on.
    pub host: Host,
    /// The folder for unpacked layers, and for the folders that are kept between builds (`--mount=type=cache`).
    pub folder: PathBuf,
    /// How names of hosts are resolved where a command has the machine's network (resolv.conf(5)).
    pub resolver: Vec<u8>,
}

/// Where commands are run: what builds for several platforms share.
#[derive(Debug)]
pub struct Kitchen {
    pub(super) options: KitchenOptions,
    pub(super) trees: Arc<Trees>,
    /// Caches elsewhere.
    pub(crate) sources: Sources,
    /// Commands that are run, or were, by what they follow from: each once, for however many platforms.
    steps: Mutex<BTreeMap<Digest, Arc<OnceCell<Record>>>>,
    private_network: OnceLock<bool>,
}

impl Kitchen {
    /// Makes one. Nothing is written before a command is run.
    pub fn new(options: KitchenOptions) -> Self {
        let trees = Arc::new(Trees::new(options.folder.join("trees"), options.sandbox.clone()));
        Self { options, trees, sources: Sources::default(), steps: Mutex::default(), private_network: OnceLock::new() }
    }

    /// Returns the place for what a step makes.
    pub(super) fn step(&self, key: &Digest) -> Arc<OnceCell<Record>> {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.entry(key.clone()).or_default().clone()
    }

    /// Returns whether commands can have a network of their own here.
    pub(super) fn has_private_network(&self) -> bool {
        *self.private_network.get_or_init(has_private_network)
    }
}
