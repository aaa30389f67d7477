//! What is mounted for one command alone.

use super::{Kitchen, RunError, target};
use crate::agent::AgentSocket;
use crate::build::{Builder, State, StepError};
use crate::glob::rooted;
use crate::instruction::{MountKind, Resolved, Run, Sharing};
use crate::stage::Base;
use crate::syntax::Lines;
use consign_oci::Digest;
use consign_oci::layer::Layer;
use consign_sandbox::{Layers, MemoryFile, Mount, MountKind as Kind, Upper};
use consign_store::Store;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

/// Largest temporary file system, in bytes, where nothing else is said.
const TEMPORARY_SIZE: u64 = 1 << 30;

/// A mount whose source is known, before anything is unpacked.
pub(super) struct Found {
    pub(super) mount: Resolved,
    pub(super) target: String,
    source: Source,
}

enum Source {
    /// Files of the context, of a stage or of an image, and the path in them.
    Layers(Vec<Layer>, String),
    /// A folder that is kept, by name.
    Cache(String),
    /// What is changed of files of a stage or an image, in a folder that is kept by name; and the path in them.
    CacheOf(String, Vec<Layer>, String),
    Temporary,
    /// A secret, if it is given.
    Secret(Option<Vec<u8>>),
    /// The socket of an agent, if there is one.
    Agent(Option<PathBuf>),
}

impl Builder<'_> {
    /// Finds what a command's mounts are.
    pub(super) async fn mounts(
        &self,
        run: &Run,
        place: usize,
        lines: Lines,
        state: &mut State,
    ) -> Result<Vec<Found>, StepError> {
        let (variables, expander) = (state.variables(), self.expander());
        let mut found = Vec::new();
        for mount in &run.mounts {
            let mount = mount.resolve(|text| Ok::<_, StepError>(expander.expand(text, &variables)?.text))?;
            found.push(self.mount(mount, place, lines, state).await?);
        }
        Ok(found)
    }

    async fn mount(&self, mount: Resolved, place: usize, lines: Lines, state: &mut State) -> Result<Found, StepError> {
        // As if nothing were there: a folder that is missing would be made, and what it leads to taken for missing, too.
        let cleaned = |target: &str| format!("/{}", rooted(target));
        let target = mount.target.as_deref().map(|target| cleaned(&state.absolute(target)));
        let id = |mount: &Resolved| mount.id.clone().or_else(|| mount.source.clone());
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let (source, target) = match mount.kind {
            MountKind::Bind => {
                let path = mount.source.clone().unwrap_or_else(|| "/".to_owned());
                let source = self.files(mount.from.as_deref(), &path, place, lines, state).await?;
                (source, target)
            }
            MountKind::Cache => {
                let key = mount.id.clone().or_else(|| target.clone()).unwrap_or_default();
                // What one platform's programs put there is of no use to another's.
                let key = format!("{key}\0{}", state.platform);
                let path = mount.source.clone().unwrap_or_else(|| "/".to_owned());
                let source = match (&mount.from, mount.uid, mount.gid, mount.mode) {
                    (Some(from), ..) => match self.files(Some(from), &path, place, lines, state).await? {
                        Source::Layers(layers, path) => {
                            let digests = layers.iter().map(|layer| format!("\0{}", layer.descriptor.digest));
                            Source::CacheOf(format!("{key}\0{path}{}", digests.collect::<String>()), layers, path)
                        }
                        other => other,
                    },
                    (None, None, None, None) => Source::Cache(key),
                    // A folder that belongs to somebody else is another.
                    (None, uid, gid, mode) => Source::Cache(format!("{key}\0{uid:?} {gid:?} {mode:?}")),
                };
                (source, target)
            }
            MountKind::Temporary => (Source::Temporary, target),
            MountKind::Secret => {
                let id = id(&mount).or_else(|| mount.target.as_deref().map(name)).unwrap_or_default();
                let secret = self.recipe.secrets.get(&id).cloned();
                if secret.is_none() && mount.required {
                    return Err(RunError::Secret { id }.into());
                }
                (Source::Secret(secret), target.or_else(|| Some(cleaned(&format!("/run/secrets/{}", name(&id))))))
            }
            MountKind::Ssh => {
                let id = mount.id.clone().unwrap_or_else(|| "default".to_owned());
                let agent = self.recipe.agents.get(&id).cloned();
                if agent.is_none() && mount.required {
                    return Err(RunError::Agent { id }.into());
                }
                (Source::Agent(agent), target.or_else(|| Some("/run/buildkit/ssh_agent.0".to_owned())))
            }
        };
        let Some(target) = target else {
            return Err(crate::instruction::InstructionProblem::Missing { what: "`target` of the mount" }.into());
        };
        target::check(&target)?;
        Ok(Found { mount, target, source })
    }

    /// Returns files of the context, of a stage or of an image, as layers.
    async fn files(
        &self,
        from: Option<&str>,
        path: &str,
        place: usize,
        lines: Lines,
        state: &mut State,
    ) -> Result<Source, StepError> {
        let other = match from.filter(|from| !from.is_empty()) {
            None => {
                let (layer, path) = self.context_layer(path).await?;
                return Ok(Source::Layers(vec![layer], path));
            }
            Some(name) => match self.source(place, name, lines)? {
                Base::Stage(stage) => self.other(stage).await?,
                Base::Scratch => Arc::new(State::scratch(state.platform.clone(), self.request.first_time())),
                Base::Context(name) | Base::Image(name) => self.image(&name).await?,
            },
        };
        state.dependencies.extend(other.dependencies.iter().cloned());
        Ok(Source::Layers(other.layers.clone(), path.to_owned()))
    }
}

impl Found {
    /// Returns what decides what a command sees of it: never what a secret is.
    pub(super) fn key(&self) -> Value {
        let source = match &self.source {
            Source::Layers(layers, path) => {
                let layers: Vec<&Digest> = layers.iter().map(|layer| &layer.descriptor.digest).collect();
                json!({ "layers": layers, "path": path })
            }
            Source::Cache(name) | Source::CacheOf(name, ..) => json!({ "cache": name }),
            Source::Temporary => json!("temporary"),
            Source::Secret(secret) => json!({ "secret": secret.is_some() }),
            Source::Agent(agent) => json!({ "agent": agent.is_some() }),
        };
        let Resolved { read_only, environment, size, mode, uid, gid, .. } = &self.mount;
        json!([self.target, source, read_only, environment, size, mode, uid, gid])
    }

    /// Returns the name of the folder that is kept between builds, if it is one.
    pub(super) fn cache(&self) -> Option<&str> {
        match &self.source {
            Source::Cache(name) => Some(name),
            _ => None,
        }
    }

    /// Returns the same, with the owner and the mode that the folder gets where it is made.
    pub(super) fn cache_made(&self) -> Option<(&str, (u32, u32), u32)> {
        let Resolved { uid, gid, mode, .. } = &self.mount;
        Some((self.cache()?, (uid.unwrap_or(0), gid.unwrap_or(0)), mode.unwrap_or(0o755)))
    }

    /// Returns the variable that it sets.
    pub(super) fn variable(&self) -> Option<(String, String)> {
        match (&self.source, &self.mount.environment) {
            (Source::Secret(Some(secret)), Some(name)) => {
                Some((name.clone(), String::from_utf8_lossy(secret).into_owned()))
            }
            (Source::Agent(Some(_)), _) => Some(("SSH_AUTH_SOCK".to_owned(), self.target.clone())),
            _ => None,
        }
    }

    /// Returns the folder of a cache.
    fn folder(&self, name: &str, kitchen: &Kitchen) -> Result<PathBuf, RunError> {
        let Resolved { mode, uid, gid, .. } = &self.mount;
        kitchen.cache(name, (uid.unwrap_or(0), gid.unwrap_or(0)), mode.unwrap_or(0o755))
    }

    /// Returns the folder of a cache, locked where only one command at a time may have it. The lock ends when the file is closed.
    fn shared(
        &self,
        name: &str,
        sharing: Sharing,
        kitchen: &Kitchen,
        locks: &mut Vec<File>,
    ) -> Result<PathBuf, RunError> {
        let (mut tried, mut number) = (name.to_owned(), 0);
        loop {
            let files = self.folder(&tried, kitchen)?;
            match sharing {
                // See `lock_all`.
                Sharing::Shared | Sharing::Locked => return Ok(files),
                // The first that nobody has; there are more numbers than commands.
                Sharing::Private => {
                    let folder = kitchen.cache_folder(&tried);
                    let file = File::open(&folder).map_err(RunError::folder("open", &folder))?;
                    if file.try_lock().is_ok() {
                        locks.push(file);
                        return Ok(files);
                    }
                }
            }
            number += 1;
            tried = format!("{name}\0{number}");
        }
    }

    /// Makes it. What cannot be mounted, because it is not given, is left out.
    pub(super) async fn make(
        &self,
        kitchen: &Kitchen,
        store: &Store,
        locks: &mut Vec<File>,
        uppers: &mut Vec<Upper>,
        agents: &mut Vec<AgentSocket>,
    ) -> Result<Option<Mount>, RunError> {
        let Resolved { read_only, size, mode, uid, gid, environment, sharing, .. } = &self.mount;
        let kind = match &self.source {
            Source::Layers(layers, path) => {
                let lower = kitchen.trees.of(layers, store).await?;
                let mut layers = Layers { lower, upper: None };
                if !read_only {
                    let upper = kitchen.trees.upper()?;
                    uppers.push(upper.clone());
                    layers.upper = Some(upper);
                }
                Kind::Layers { layers, path: path.clone() }
            }
            Source::Cache(name) => Kind::Bind(self.shared(name, *sharing, kitchen, locks)?),
            Source::CacheOf(name, layers, path) => {
                let lower = kitchen.trees.of(layers, store).await?;
                // The kernel takes each work folder once: what it wrote there was not flushed.
                let scratch = kitchen.trees.upper()?;
                uppers.push(scratch.clone());
                let upper = Some(Upper { folder: kitchen.upper_of(name)?, work: scratch.work });
                Kind::Layers { layers: Layers { lower, upper }, path: path.clone() }
            }
            Source::Temporary => Kind::Temporary { size: size.unwrap_or(TEMPORARY_SIZE) },
            Source::Secret(Some(secret)) if environment.is_none() || self.mount.target.is_some() => {
                Kind::File(MemoryFile {
                    contents: secret.clone(),
                    uid: uid.unwrap_or(0),
                    gid: gid.unwrap_or(0),
                    mode: mode.unwrap_or(0o400),
                })
            }
            Source::Agent(Some(socket)) => {
                let scratch = kitchen.trees.upper()?;
                uppers.push(scratch.clone());
                let owner = (uid.unwrap_or(0), gid.unwrap_or(0));
                let agent = AgentSocket::open(&scratch.folder, socket, owner, mode.unwrap_or(0o600));
                let agent = agent.map_err(RunError::folder("make the socket of an agent in", &scratch.folder))?;
                let path = agent.path.clone();
                agents.push(agent);
                Kind::Bind(path)
            }
            Source::Secret(_) | Source::Agent(None) => return Ok(None),
        };
        Ok(Some(Mount { target: self.target.clone(), kind, read_only: *read_only }))
    }
}

/// Waits for the folders that a command is to have for itself. Commands wait in the same order, so that none waits for one that waits for it. The locks end when the
/// files are closed.
pub(super) async fn lock_all(mounts: &[Found], kitchen: &Kitchen) -> Result<Vec<File>, RunError> {
    let mut wanted: BTreeMap<&str, &Found> = BTreeMap::new();
    for found in mounts {
        match (&found.source, found.mount.sharing) {
            // Layers are changed by one command at a time.
            (Source::Cache(name), Sharing::Locked) | (Source::CacheOf(name, ..), _) => {
                wanted.entry(name).or_insert(found);
            }
            _ => {}
        }
    }
    let mut locks = Vec::new();
    for (name, found) in wanted {
        found.folder(name, kitchen)?;
        let folder = kitchen.cache_folder(name);
        let file = File::open(&folder).map_err(RunError::folder("open", &folder))?;
        let lock = move || file.lock().map(|()| file);
        let locked = tokio::task::spawn_blocking(lock).await.map_err(|source| RunError::Worker { source })?;
        locks.push(locked.map_err(RunError::folder("lock", &folder))?);
    }
    Ok(locks)
}
