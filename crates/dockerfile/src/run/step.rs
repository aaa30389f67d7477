use super::command::{SCRIPT, Words};
use super::mounts::Found;
use super::trees::Trees;
use super::{Kitchen, RunError};
use crate::build::{Builder, Left, Record, State, StepError};
use crate::files::Accounts;
use crate::instruction::{Network as Asked, Run, Security};
use crate::syntax::Lines;
use consign_image::StoredSegments;
use consign_oci::layer::{Layer, compress_stream};
use consign_oci::{Descriptor, Digest, media_type};
use consign_sandbox::{
    Capabilities, Command, Exit, Layers, Limits, MemoryFile, Mount, MountKind, Network, PackOptions, Sandbox, Upper,
    User, emulator,
};
use consign_store::Store;
use serde_json::json;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Names how commands are run: raise it when the same command could end otherwise.
const FORMAT: u32 = 1;
/// Longest that a command may take.
const TIME: Duration = Duration::from_secs(6 * 3600);
/// Most output that is shown, in bytes.
const OUTPUT_LIMIT: u64 = 64 << 20;
/// Most that a command may leave, in bytes.
const LAYER_LIMIT: u64 = 64 << 30;
/// What a command knows of hosts' names.
const HOSTS: &str = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

/// A command, as far as it is decided before anything is unpacked.
struct Order {
    words: Words,
    environment: BTreeMap<String, String>,
    user: User,
    folder: String,
    network: Network,
    mounts: Vec<Found>,
}

impl Builder<'_> {
    /// Runs a command, unless an earlier build ran the same.
    pub(crate) async fn run(
        &self,
        run: &Run,
        place: usize,
        lines: Lines,
        state: &mut State,
    ) -> Result<Left, StepError> {
        if run.security == Security::Insecure {
            return Err(StepError::NotSupported { what: "RUN --security=insecure" });
        }
        if !run.devices.is_empty() {
            return Err(StepError::NotSupported { what: "RUN --device" });
        }
        let order = self.order(run, place, lines, state).await?;
        let key = self.key(&order, state);
        let store = self.request.store;
        let kept = if self.request.reuse { store.step::<Option<Record>>(&key)? } else { None };
        let reused = match kept {
            Some(None) => Some(None),
            Some(Some(record)) => record.layer(store).map(Some),
            None => None,
        };
        let (layer, reused) = match reused {
            Some(layer) => (layer, true),
            None => {
                let cell = self.request.kitchen.step(&key);
                let cook = || self.cook(&order, run, &key, state);
                (cell.get_or_try_init(cook).await?.clone(), false)
            }
        };
        Ok(match layer {
            None => Left::Settings,
            Some(layer) => {
                state.add_layer(layer, None);
                Left::Layer { reused }
            }
        })
    }

    async fn order(&self, run: &Run, place: usize, lines: Lines, state: &mut State) -> Result<Order, StepError> {
        let mounts = self.mounts(run, place, lines, state).await?;
        let written = state.config.user.clone();
        let owner = match written.as_str() {
            "" => Default::default(),
            written => Accounts::of(&*state.tree(self.request.store)?)
                .find(written)
                .ok_or_else(|| RunError::User { user: written.to_owned() })?,
        };
        let mut environment = state.variables();
        // As runc has it.
        let home = owner.home.unwrap_or_else(|| if owner.uid == 0 { "/root" } else { "/" }.to_owned());
        environment.entry("HOME".to_owned()).or_insert(home);
        let network = match (run.network, self.recipe.network) {
            (Asked::Host, _) | (Asked::Default, Asked::Host) => Network::Host,
            _ => Network::None,
        };
        let folder = if state.config.working_dir.is_empty() { "/" } else { &state.config.working_dir };
        Ok(Order {
            words: Words::of(run, state),
            environment,
            user: User { uid: owner.uid, gid: owner.gid, groups: owner.groups },
            folder: folder.to_owned(),
            network,
            mounts,
        })
    }

    /// Returns the digest of all that decides what a command does, as far as that can be known. What is secret is no part of it.
    fn key(&self, order: &Order, state: &State) -> Digest {
        let layers: Vec<&Digest> = state.layers.iter().map(|layer| &layer.diff_id).collect();
        let Order { words, environment, user, folder, network, mounts } = order;
        let mounts: Vec<_> = mounts.iter().map(Found::key).collect();
        let all = json!({
            "step": "run",
            "format": FORMAT,
            "version": env!("CARGO_PKG_VERSION"),
            "layers": layers,
            "platform": state.platform,
            "command": words.arguments,
            "script": words.script,
            "environment": environment,
            "user": user,
            "folder": folder,
            "network": network,
            "mounts": mounts,
            "time": self.request.time(),
        });
        Digest::of(all.to_string().as_bytes())
    }

    async fn cook(&self, order: &Order, run: &Run, key: &Digest, state: &State) -> Result<Option<Layer>, StepError> {
        let (kitchen, store) = (self.request.kitchen, self.request.store);
        let emulation = emulator(&state.platform, &kitchen.options.host).map_err(RunError::from)?;
        let lower = kitchen.trees.of(&state.layers, store).await?;
        let upper = Cleared { trees: kitchen.trees.clone(), uppers: vec![kitchen.trees.upper()?] };
        let (mut used, mut locks) = (upper, Vec::new());
        let changes = used.uppers[0].clone();
        let layers = Layers { lower: lower.clone(), upper: Some(changes.clone()) };
        let mut command = Command::new(layers, order.words.arguments.clone());
        command.environment = order.environment.clone();
        command.environment.extend(order.mounts.iter().filter_map(Found::variable));
        command.user = order.user.clone();
        command.working_directory = order.folder.clone();
        command.capabilities = Capabilities::Default;
        command.emulation = emulation;
        command.network = order.network;
        command.mounts = standard_mounts(order, kitchen);
        command.limits = Limits { time: TIME, output: OUTPUT_LIMIT, kept_output: 16 << 10, ..Limits::default() };
        for mount in &order.mounts {
            command.mounts.extend(mount.make(kitchen, store, &mut locks, &mut used.uppers).await?);
        }
        let output = self.request.output;
        let mut lines = |line: &[u8]| output(String::from_utf8_lossy(line).trim_end_matches(['\n', '\r']));
        let outcome = kitchen.options.sandbox.stream(&command, &mut lines).await.map_err(RunError::from)?;
        if outcome.exit != Exit::Code(0) {
            let offline = order.network == Network::None && run.network == Asked::Default;
            return Err(RunError::Failed { exit: outcome.exit, output: outcome.text().into_owned(), offline }.into());
        }
        let options = PackOptions { lower, latest: Some(self.request.time()), settle: true };
        let (sandbox, store_of_thread, folder) =
            (kitchen.options.sandbox.clone(), store.clone(), changes.folder.clone());
        let work = move || pack(&sandbox, &folder, &options, &store_of_thread);
        let packed = tokio::task::spawn_blocking(work).await.map_err(|source| RunError::Worker { source })?;
        let layer = packed?;
        let blobs: Vec<Digest> = layer.iter().map(|layer| layer.descriptor.digest.clone()).collect();
        store.put_step("layer", key, &blobs, &layer.as_ref().map(Record::of))?;
        if let Some(layer) = &layer {
            kitchen.trees.keep(&changes, &state.layers, layer);
        }
        Ok(layer)
    }
}

/// Folders for changes, which go when this does.
struct Cleared {
    trees: Arc<Trees>,
    uppers: Vec<Upper>,
}

impl Drop for Cleared {
    fn drop(&mut self) {
        self.uppers.iter().for_each(|upper| self.trees.discard(upper));
    }
}

/// Returns what every command finds: who it is, and what it may ask for names.
fn standard_mounts(order: &Order, kitchen: &Kitchen) -> Vec<Mount> {
    let file = |target: &str, contents: &[u8], mode: u32| Mount {
        target: target.to_owned(),
        kind: MountKind::File(MemoryFile { contents: contents.to_vec(), uid: 0, gid: 0, mode }),
        read_only: true,
    };
    let mut mounts = vec![
        Mount { target: "/sys".to_owned(), kind: MountKind::System, read_only: true },
        file("/etc/hosts", HOSTS.as_bytes(), 0o644),
    ];
    if order.network == Network::Host {
        mounts.push(file("/etc/resolv.conf", &kitchen.options.resolver, 0o644));
    }
    if let Some(script) = &order.words.script {
        mounts.push(file(SCRIPT, script.as_bytes(), 0o755));
    }
    mounts
}

/// Makes a layer of what a command changed; `None` where that is nothing.
fn pack(sandbox: &Sandbox, folder: &Path, options: &PackOptions, store: &Store) -> Result<Option<Layer>, StepError> {
    let mut packing = sandbox.pack(folder, options).map_err(RunError::from)?;
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let mut blob = store.writer()?;
    let written = compress_stream(&mut packing, &mut blob, &StoredSegments(store), threads, LAYER_LIMIT);
    // Why the stream ended early says more than that it did.
    let packed = packing.finish().map_err(RunError::from)?;
    let (diff_id, _) = written.map_err(|source| StepError::Layer { source })?;
    if packed.entries == 0 {
        return Ok(None);
    }
    let (digest, size) = blob.commit(None)?;
    Ok(Some(Layer { descriptor: Descriptor::new(media_type::LAYER_GZIP, digest, size), diff_id }))
}
