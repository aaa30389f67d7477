use super::command::Words;
use super::error::{speaks_of_ids, speaks_of_networks};
use super::mounts::{Found, lock_all};
use super::trees::Trees;
use super::{Kitchen, RunError};
use crate::build::{Builder, Left, State, StepError};
use crate::cache::{Parts, Question, Record, Why};
use crate::instruction::{Instruction, Network as Asked, Run, Security};
use crate::stage::EPOCH;
use crate::syntax::Lines;
use consign_image::layer::LayerBlob;
use consign_oci::Digest;
use consign_oci::layer::{Layer, WatchedLayer};
use consign_sandbox::{
    Capabilities, Command, Exit, Ids, Layers, Limits, MemoryFile, Mount, MountKind, Network, PackOptions, RESOLVER,
    Sandbox, SystemCalls, Upper, User, emulator,
};
use consign_store::Store;
use serde_json::json;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Names how commands are run: raise it when the same command could end otherwise.
const FORMAT: u32 = 2;
/// Longest that a command may take.
const TIME: Duration = Duration::from_secs(6 * 3600);
/// Most output that is shown, in bytes.
const OUTPUT_LIMIT: u64 = 64 << 20;
/// Bytes that commands leave free on the disk, for whoever else works there.
const FREE: u64 = 256 << 20;
/// Most of a line that is shown, in characters.
const LINE_LIMIT: usize = 900;
/// Most that a command may leave, in bytes.
const LAYER_LIMIT: u64 = 64 << 30;
/// What a command knows of hosts' names: its own machine's.
const HOSTS: &str = "127.0.0.1\tlocalhost consign\n::1\tlocalhost ip6-localhost ip6-loopback\n";
/// The name of the machine that it sees.
const HOST_NAME: &str = "consign";

/// A command, as far as it is decided before anything is unpacked.
struct Order {
    words: Words,
    environment: BTreeMap<String, String>,
    /// Proxies that are given without ARG: how files are had from the web, so no part of what a command is known by.
    proxies: BTreeMap<String, String>,
    user: User,
    folder: String,
    network: Asked,
    /// Whether it has all rights.
    insecure: bool,
    mounts: Vec<Found>,
}

impl Builder<'_> {
    /// Runs a command, unless an earlier build ran the same.
    pub(crate) async fn run(
        &self,
        run: &Run,
        instruction: &Instruction,
        place: usize,
        state: &mut State,
    ) -> Result<Left, StepError> {
        if !run.devices.is_empty() {
            return Err(RunError::Device.into());
        }
        let order = self.order(run, place, instruction.lines, state).await?;
        let key = self.key(&order, state);
        let mounts = order.mounts.iter().filter_map(|mount| mount.cache().map(str::to_owned)).collect();
        let (ages, parts) = (self.network(order.network) != Network::None, self.parts(&order, state));
        let question = Question { at: &state.position, key: &key, parts, ages, mounts };
        let (record, why) = match self.look(&question).await? {
            (Some(record), why) => (record, why),
            (None, why) => {
                let cell = self.request.kitchen.step(&key);
                let mut is_own = false;
                let cook = || {
                    is_own = true;
                    self.cook(&order, instruction, &key, state)
                };
                let record = cell.get_or_try_init(cook).await?.clone();
                (record, if is_own { why } else { Why::Shared })
            }
        };
        let reused = why.is_cached();
        self.note(question, &record, why);
        Ok(match record.layer() {
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
        let owner = state.accounts(self.request.store)?.find(&written);
        let owner = owner.ok_or_else(|| RunError::User { user: written.clone() })?;
        let mut environment = state.variables();
        // As runc has it.
        let home = owner.home.unwrap_or_else(|| if owner.uid == 0 { "/root" } else { "/" }.to_owned());
        environment.entry("HOME".to_owned()).or_insert(home);
        if let Some(time) = state.told_time() {
            environment.entry(EPOCH.to_owned()).or_insert(time);
        }
        let network = match (run.network, self.recipe.network) {
            // Whoever builds has the last word where less is asked for.
            (_, Asked::None) | (Asked::None, _) => Asked::None,
            (Asked::Default, default) => default,
            (Asked::Host, _) => Asked::Host,
        };
        let folder = if state.config.working_dir.is_empty() { "/" } else { &state.config.working_dir };
        Ok(Order {
            words: Words::of(run, state)?,
            proxies: self.given.proxies().filter(|(name, _)| !environment.contains_key(name)).collect(),
            environment,
            user: User { uid: owner.uid, gid: owner.gid, groups: owner.groups },
            folder: folder.to_owned(),
            network,
            insecure: self.insecure(run)?,
            mounts,
        })
    }

    /// Returns whether a command has all rights: where it asks for them, and is allowed to. An ordinary user has none that could be given.
    fn insecure(&self, run: &Run) -> Result<bool, RunError> {
        match run.security {
            Security::Sandbox => Ok(false),
            Security::Insecure if !self.recipe.insecure => Err(RunError::NotAllowed),
            Security::Insecure if Ids::of_this_process() != Ids::All => Err(RunError::NotRoot),
            Security::Insecure => Ok(true),
        }
    }

    /// Returns the digest of all that decides what a command does, as far as that can be known. What is secret is no part of it.
    fn key(&self, order: &Order, state: &State) -> Digest {
        // By their blobs, whose digests were checked. What a base says of its uncompressed layers was not.
        let layers: Vec<&Digest> = state.layers.iter().map(|layer| &layer.descriptor.digest).collect();
        let Order { words, environment, proxies: _, user, folder, network, insecure, mounts } = order;
        let mounts: Vec<_> = mounts.iter().map(Found::key).collect();
        let all = json!({
            "step": "run",
            "format": FORMAT,
            "version": env!("CARGO_PKG_VERSION"),
            "layers": layers,
            "platform": state.platform,
            // With one id, programs may go on where they cannot give something away.
            "ids": self.request.kitchen.options.sandbox.ids() == Ids::Single,
            "command": words.arguments,
            "script": words.script,
            "environment": environment,
            "user": user,
            "folder": folder,
            // What was asked for, not what this machine has: otherwise a build where nothing is reached could use nothing of one before.
            "network": network.word(),
            "insecure": insecure,
            "mounts": mounts,
            "time": state.time,
        });
        Digest::of(all.to_string().as_bytes())
    }

    /// Returns what a command reaches that asks for this. Without a network of its own it reaches nothing, unless it asks for the machine's.
    fn network(&self, asked: Asked) -> Network {
        match asked {
            Asked::Host => Network::Host,
            Asked::Default if !self.request.offline && self.request.kitchen.has_private_network() => Network::Private,
            Asked::Default | Asked::None => Network::None,
        }
    }

    /// Returns the parts of that which people may want to know.
    fn parts(&self, order: &Order, state: &State) -> Parts {
        let mut parts = Parts::default();
        let layers: Vec<&Digest> = state.layers.iter().map(|layer| &layer.diff_id).collect();
        parts.add_below(&layers);
        let Order { words, environment, proxies: _, user, folder, network, insecure, mounts } = order;
        parts.add("command", "", json!([words.arguments, words.script]).to_string());
        for (name, value) in environment {
            parts.add(if state.arguments.contains_key(name) { "arg" } else { "env" }, name, value);
        }
        for mount in mounts {
            parts.add("mount", &mount.target, mount.key().to_string());
        }
        parts.add("user", "", json!(user).to_string());
        parts.add("folder", "", folder);
        parts.add("network", "", network.word());
        parts.add("insecure", "", insecure.to_string());
        parts.add("time", "", state.time.to_string());
        parts.add("the version of consign", "", env!("CARGO_PKG_VERSION"));
        parts
    }

    async fn cook(
        &self,
        order: &Order,
        instruction: &Instruction,
        key: &Digest,
        state: &State,
    ) -> Result<Record, StepError> {
        let (kitchen, store) = (self.request.kitchen, self.request.store);
        let emulation = emulator(&state.platform, &kitchen.options.host).map_err(RunError::from)?;
        let lower = kitchen.trees.of(&state.layers, store).await?;
        let upper = Cleared { trees: kitchen.trees.clone(), uppers: vec![kitchen.trees.upper()?] };
        let (mut used, mut locks, mut agents) = (upper, Vec::new(), Vec::new());
        let changes = used.uppers[0].clone();
        let layers = Layers { lower: lower.clone(), upper: Some(changes.clone()) };
        let mut command = Command::new(layers, order.words.arguments.clone());
        command.environment = order.environment.clone();
        command.environment.extend(order.proxies.clone());
        command.environment.extend(order.mounts.iter().filter_map(Found::variable));
        command.user = order.user.clone();
        command.working_directory = order.folder.clone();
        // An earlier command may have removed it.
        command.makes_working_directory = true;
        command.hostname = HOST_NAME.to_owned();
        command.capabilities = if order.insecure { Capabilities::All } else { Capabilities::Default };
        command.system_calls = if order.insecure { SystemCalls::All } else { SystemCalls::Usual };
        command.emulation = emulation;
        command.network = self.network(order.network);
        command.mounts = standard_mounts(order, command.network, kitchen);
        command.limits =
            Limits { free: Some(FREE), time: TIME, output: OUTPUT_LIMIT, kept_output: 16 << 10, ..Limits::default() };
        for (name, owner, mode) in order.mounts.iter().filter_map(Found::cache_made) {
            self.import_mount(name, owner, mode).await?;
        }
        locks.extend(lock_all(&order.mounts, kitchen).await?);
        for mount in &order.mounts {
            command.mounts.extend(mount.make(kitchen, store, &mut locks, &mut used.uppers, &mut agents).await?);
        }
        let output = self.request.output;
        // Several commands may be running, of this stage's neighbours.
        let number = instruction.lines.first;
        output(&format!("line {number}: {}", instruction.text));
        let mut lines = |line: &[u8]| output(&format!("line {number}: {}", shown(line)));
        let outcome = kitchen.options.sandbox.stream(&command, &mut lines).await.map_err(RunError::from)?;
        if outcome.exit != Exit::Code(0) {
            let output = outcome.text().into_owned();
            let missed = command.network == Network::None && order.network == Asked::Default;
            let offline = missed && speaks_of_networks(&output);
            let lacks_ids = Ids::of_this_process() == Ids::Single && speaks_of_ids(&output);
            return Err(RunError::Failed { exit: outcome.exit, output, offline, lacks_ids }.into());
        }
        let options = PackOptions { lower, latest: Some(state.time), settle: true };
        let (sandbox, store_of_thread, folder) =
            (kitchen.options.sandbox.clone(), store.clone(), changes.folder.clone());
        let watched = self.watched(state);
        let work = move || pack(&sandbox, &folder, &options, &store_of_thread, watched);
        let packed = tokio::task::spawn_blocking(work).await.map_err(|source| RunError::Worker { source })?;
        let layer = packed?;
        let record = Record::new(layer.as_ref(), self.request.now);
        self.keep(key, &record)?;
        if let Some(layer) = &layer {
            kitchen.trees.keep(&changes, &state.layers, layer);
        }
        Ok(record)
    }
}

/// Returns a line that a command wrote, or the part of it that can be shown.
fn shown(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    line.trim_end_matches(['\n', '\r']).chars().take(LINE_LIMIT).collect()
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
fn standard_mounts(order: &Order, network: Network, kitchen: &Kitchen) -> Vec<Mount> {
    let file = |target: &str, contents: &[u8], mode: u32| Mount {
        target: target.to_owned(),
        kind: MountKind::File(MemoryFile { contents: contents.to_vec(), uid: 0, gid: 0, mode }),
        // Programs may write to them, as in other engines; nothing of it stays.
        read_only: false,
    };
    let resolver = match network {
        Network::None => Vec::new(),
        Network::Private => private_resolver(&kitchen.options.resolver),
        Network::Host => kitchen.options.resolver.clone(),
    };
    let mut mounts = vec![
        Mount { target: "/sys".to_owned(), kind: MountKind::System, read_only: true },
        file("/etc/hosts", HOSTS.as_bytes(), 0o644),
        file("/etc/resolv.conf", &resolver, 0o644),
    ];
    if let Words { arguments, script: Some(script) } = &order.words {
        mounts.extend(arguments.first().map(|path| file(path, script.as_bytes(), 0o755)));
    }
    mounts
}

/// Returns how names are resolved in a private network: as on the machine, but by whoever asks there in the command's stead.
fn private_resolver(machine: &[u8]) -> Vec<u8> {
    let mut resolver = format!("nameserver {RESOLVER}\n").into_bytes();
    for line in machine.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"search") || line.starts_with(b"options") {
            resolver.extend(line);
        }
    }
    resolver
}

/// Makes a layer of what a command changed; `None` where that is nothing.
pub(super) fn pack(
    sandbox: &Sandbox,
    folder: &Path,
    options: &PackOptions,
    store: &Store,
    watched: Option<Box<dyn WatchedLayer>>,
) -> Result<Option<Layer>, RunError> {
    let mut packing = sandbox.pack(folder, options)?;
    let mut blob = LayerBlob::new(store, watched)?;
    let written = blob.stream(&mut packing, LAYER_LIMIT);
    let packed = packing.finish().map_err(RunError::from);
    let diff_id = match (written, &packed) {
        (Ok(written), _) => written,
        // Why the stream ended early says more than that it did.
        (Err(source), Err(_)) if source.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(packed.err().unwrap_or(RunError::Write { source }));
        }
        (Err(source), _) => return Err(RunError::Write { source }),
    };
    let packed = packed?;
    if packed.entries == 0 {
        return Ok(None);
    }
    Ok(Some(blob.commit(diff_id)?))
}
