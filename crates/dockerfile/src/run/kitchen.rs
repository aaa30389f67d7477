use super::RunError;
use super::trees::{Trees, touch};
use crate::cache::{Record, Sources};
use consign_oci::Digest;
use consign_oci::layer::{Entry, EntryPath, Kind, TarWriter};
use consign_sandbox::{Host, Sandbox, UnpackOptions, has_private_network};
use consign_store::Store;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
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

    /// Returns the folder that is kept between builds under a name. One that is made now belongs to `owner`, and has this mode.
    pub(super) fn cache(&self, name: &str, owner: (u32, u32), mode: u32) -> Result<PathBuf, RunError> {
        let folder = self.cache_folder(name);
        self.caches()?;
        match fs::create_dir(&folder) {
            Ok(()) => {}
            Err(source) if source.kind() == ErrorKind::AlreadyExists => {
                touch(&folder);
                return Ok(folder);
            }
            Err(source) => return Err(RunError::folder("make", &folder)(source)),
        }
        let made = give(&self.options.sandbox, &folder, owner, mode);
        if made.is_err() {
            // The next build is to make it as it should be.
            let _ = fs::remove_dir(&folder);
        }
        made.map(|()| folder)
    }

    /// Returns the folder of all that are kept between builds.
    pub(super) fn caches(&self) -> Result<PathBuf, RunError> {
        let caches = self.options.folder.join("caches");
        Store::closed_folder(&caches)?;
        Ok(caches)
    }

    /// Returns where changes of layers go that are kept between builds under a name.
    pub(super) fn upper_of(&self, name: &str) -> Result<PathBuf, RunError> {
        let upper = self.cache(name, (0, 0), 0o755)?.join("upper");
        fs::create_dir_all(&upper).map_err(RunError::folder("make", &upper))?;
        Ok(upper)
    }

    /// Returns where the folder is, or would be, that is kept between builds under a name.
    pub(super) fn cache_folder(&self, name: &str) -> PathBuf {
        self.options.folder.join("caches").join(Digest::of(name.as_bytes()).hex())
    }
}

/// Gives an empty folder, or one that was just unpacked, its mode and its owner, who is one of the image's: which of this machine's ids that is, the sandbox knows.
pub(super) fn give(sandbox: &Sandbox, folder: &Path, (uid, gid): (u32, u32), mode: u32) -> Result<(), RunError> {
    let look = Entry { uid, gid, mode, ..Entry::new(EntryPath::default(), Kind::Directory) };
    let mut layer = TarWriter::new(Vec::new());
    let layer = layer.append(&look).and_then(|()| layer.finish()).map_err(RunError::folder("give away", folder))?;
    sandbox.unpack(&layer[..], folder, &UnpackOptions::default())?;
    Ok(())
}
