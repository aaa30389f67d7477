use super::RunError;
use consign_image::layer::uncompressed;
use consign_oci::Digest;
use consign_oci::layer::Layer;
use consign_sandbox::{Ids, Sandbox, UnpackOptions, Upper};
use consign_store::Store;
use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes, Permissions};
use std::io::{self, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::OnceCell;

/// How long an unpacked layer is kept that nobody uses.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Before the names of what is not whole.
pub(super) const PARTIAL: &str = "partial-";
/// Names how unpacked layers lie: raise it when that changes.
const FORMAT: u32 = 2;
/// What an unpacked layer is called in the folder that has its name.
const UPPER: &str = "upper";

/// Unpacked layers, each by the chain of layers that it ends: a layer looks different on top of others.
///
/// Each lies in a folder of our own: the root of an image may be closed, or belong to somebody else, and then an ordinary user could neither
/// rename it nor note that it is in use.
///
/// They are not flushed to the disk, so what an earlier start of the machine left is not trusted.
#[derive(Debug)]
pub(crate) struct Trees {
    folder: PathBuf,
    sandbox: Sandbox,
    /// What names of whole ones begin with.
    prefix: String,
    known: Mutex<BTreeMap<String, Arc<OnceCell<PathBuf>>>>,
    /// The folder, locked as long as this is there, so that nobody else removes anything.
    used: OnceCell<File>,
}

impl Trees {
    pub(super) fn new(folder: PathBuf, sandbox: Sandbox) -> Self {
        let start = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        // Who owns the files depends on which ids there are.
        let ids = match Ids::of_this_process() {
            Ids::All => "all",
            Ids::Subordinate { .. } => "subordinate",
            Ids::Single => "single",
        };
        let prefix = Digest::of(format!("{ids} {start} {FORMAT} {}", env!("CARGO_PKG_VERSION")).as_bytes());
        Self { folder, sandbox, prefix: format!("{}-", prefix.short()), known: Mutex::default(), used: OnceCell::new() }
    }

    /// Returns the folders of these layers, lowest first. Those that are not there are unpacked.
    pub(super) async fn of(self: &Arc<Self>, layers: &[Layer], store: &Store) -> Result<Vec<PathBuf>, RunError> {
        let trees = self.clone();
        let open = || async move {
            let work = move || trees.open();
            tokio::task::spawn_blocking(work).await.map_err(|source| RunError::Worker { source })?
        };
        self.used.get_or_try_init(open).await?;
        let mut lower = Vec::new();
        let mut chain = String::new();
        for layer in layers {
            chain = self.chain(&chain, layer);
            let cell = self.cell(&chain);
            let (trees, store, layer, below, name) =
                (self.clone(), store.clone(), layer.clone(), lower.clone(), chain.clone());
            let unpack = || async move {
                let work = move || trees.unpack(&layer, &store, below, &name);
                tokio::task::spawn_blocking(work).await.map_err(|source| RunError::Worker { source })?
            };
            lower.push(cell.get_or_try_init(unpack).await?.join(UPPER));
        }
        if lower.is_empty() {
            // Something has to lie below.
            lower.push(self.empty()?);
        }
        Ok(lower)
    }

    /// Returns folders for the changes of a command.
    pub(super) fn upper(&self) -> Result<Upper, RunError> {
        let folder = self.partial()?;
        let make = |name: &str| -> Result<PathBuf, RunError> {
            let path = folder.join(name);
            fs::create_dir(&path).map_err(RunError::folder("make", &path))?;
            Ok(path)
        };
        Ok(Upper { folder: make(UPPER)?, work: make("work")? })
    }

    /// Keeps the changes of a command as the unpacked form of the layer that was made of them.
    pub(super) fn keep(&self, upper: &Upper, below: &[Layer], layer: &Layer) {
        let chain = below.iter().chain([layer]).fold(String::new(), |chain, layer| self.chain(&chain, layer));
        let path = self.folder.join(&chain);
        let Some(partial) = upper.folder.parent() else { return };
        // Where somebody else was faster, theirs is as good.
        if self.sandbox.remove(&upper.work).is_ok() && fs::rename(partial, &path).is_ok() {
            let _ = self.cell(&chain).set(path);
        }
    }

    /// Throws away what a command needed, and what was not kept.
    pub(super) fn discard(&self, upper: &Upper) {
        if let Some(folder) = upper.folder.parent().filter(|folder| folder.exists()) {
            // It is only space, and is tried again later.
            let _ = self.sandbox.remove(folder);
        }
    }

    fn unpack(&self, layer: &Layer, store: &Store, lower: Vec<PathBuf>, name: &str) -> Result<PathBuf, RunError> {
        // Programs of an image, some of them set-user-id, are nothing for other users, and nobody else must have put them there.
        Store::closed_folder(&self.folder)?;
        let path = self.folder.join(name);
        if path.is_dir() {
            touch(&path);
            return Ok(path);
        }
        let digest = &layer.descriptor.digest;
        let unreadable = |source| RunError::Layer { digest: digest.clone(), source };
        let blob = store.open_blob(digest).map_err(|error| unreadable(io::Error::other(error)))?;
        let stream = uncompressed(&layer.descriptor.media_type, blob).map_err(unreadable)?;
        let stream = stream.ok_or_else(|| unreadable(io::ErrorKind::Unsupported.into()))?;
        let partial = self.partial()?;
        let files = partial.join(UPPER);
        let options = UnpackOptions { lower, ..UnpackOptions::default() };
        let made = fs::create_dir(&files).map_err(RunError::folder("make", &files));
        let unpacked = made.and_then(|()| {
            let stream = BufReader::with_capacity(128 << 10, stream);
            self.sandbox.unpack(stream, &files, &options).map_err(RunError::from)
        });
        match unpacked.and_then(|_| fs::rename(&partial, &path).map_err(RunError::folder("make", &path))) {
            Ok(()) => Ok(path),
            Err(error) => {
                let _ = self.sandbox.remove(&partial);
                // Where somebody else was faster, theirs is as good.
                if path.is_dir() { Ok(path) } else { Err(error) }
            }
        }
    }

    /// Makes a folder with nothing in it.
    fn empty(&self) -> Result<PathBuf, RunError> {
        Store::closed_folder(&self.folder)?;
        let path = self.folder.join(format!("{}empty", self.prefix)).join(UPPER);
        fs::create_dir_all(&path).map_err(RunError::folder("make", &path))?;
        // Commands see it as `/`, whoever starts consign.
        fs::set_permissions(&path, Permissions::from_mode(0o755))
            .map_err(RunError::folder("set the mode of", &path))?;
        Ok(path)
    }

    /// Makes a folder for what is not whole yet.
    fn partial(&self) -> Result<PathBuf, RunError> {
        Store::closed_folder(&self.folder)?;
        let folder = tempfile::Builder::new().prefix(PARTIAL).tempdir_in(&self.folder);
        Ok(folder.map_err(RunError::folder("make a folder in", &self.folder))?.keep())
    }

    fn chain(&self, below: &str, layer: &Layer) -> String {
        // By the blob, whose digest was checked. What a base says of its uncompressed layers was not.
        let chain = Digest::of(format!("{below} {}", layer.descriptor.digest).as_bytes());
        format!("{}{}", self.prefix, chain.hex())
    }

    fn cell(&self, name: &str) -> Arc<OnceCell<PathBuf>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(name.to_owned()).or_default().clone()
    }

    /// Sees to it that nobody removes anything from now on. Where nobody else uses the folder, what is of no use is removed first.
    fn open(&self) -> Result<File, RunError> {
        Store::closed_folder(&self.folder)?;
        let folder = File::open(&self.folder).map_err(RunError::folder("open", &self.folder))?;
        if folder.try_lock().is_ok() {
            self.sweep();
            folder.unlock().map_err(RunError::folder("unlock", &self.folder))?;
        }
        folder.lock_shared().map_err(RunError::folder("lock", &self.folder))?;
        Ok(folder)
    }

    /// Removes what nobody has used for some time, what earlier starts of the machine left, and what interrupted builds did.
    fn sweep(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let age = entry.metadata().ok().and_then(|metadata| metadata.accessed().ok()?.elapsed().ok());
            if name.starts_with(&self.prefix) && age.is_none_or(|age| age <= KEPT) {
                continue;
            }
            // Under its name it counts as whole, and this may be interrupted.
            let gone = self.folder.join(format!("{PARTIAL}{name}"));
            let path =
                if name.starts_with(PARTIAL) || fs::rename(entry.path(), &gone).is_err() { entry.path() } else { gone };
            let _ = self.sandbox.remove(&path);
        }
    }
}

/// Notes that a folder is in use: by the time of its last access, which leaves no trace in an image.
pub(super) fn touch(path: &Path) {
    let times = FileTimes::new().set_accessed(SystemTime::now());
    let _ = File::open(path).and_then(|folder| folder.set_times(times));
}
