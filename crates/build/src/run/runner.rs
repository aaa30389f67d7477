use consign_oci::Digest;
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::process::{Child, Command};

/// Runs the commands of image files, one at a time.
#[derive(Default)]
pub struct Runner {
    /// Variables that every command sees.
    given: BTreeMap<String, String>,
    /// Variables that image files may name.
    named: BTreeMap<String, String>,
    /// What was run already, by key; whoever holds it may run a command.
    turn: tokio::sync::Mutex<BTreeSet<Digest>>,
    running: Arc<Mutex<Running>>,
}

/// The process groups of the commands that run.
#[derive(Debug, Default)]
struct Running {
    groups: BTreeSet<i32>,
    /// Nothing more is started.
    closed: bool,
}

impl Runner {
    /// Makes a runner whose commands see the variables `given`, and those of `named` that their image file names. No others.
    pub fn new(given: BTreeMap<String, String>, named: BTreeMap<String, String>) -> Self {
        Self { given, named, ..Self::default() }
    }

    /// Returns a guard for the time in which commands may run: once it is dropped, none does.
    pub fn children(&self) -> RunChildren {
        lock(&self.running).closed = false;
        RunChildren { running: self.running.clone() }
    }

    /// Waits until no other command runs.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, BTreeSet<Digest>> {
        self.turn.lock().await
    }

    pub(super) fn given(&self) -> &BTreeMap<String, String> {
        &self.given
    }

    pub(super) fn named(&self, name: &str) -> Option<&str> {
        self.named.get(name).map(String::as_str)
    }

    /// Starts a command in a process group of its own.
    pub(super) fn start(&self, mut command: Command) -> io::Result<(Child, Group)> {
        let mut running = lock(&self.running);
        if running.closed {
            return Err(io::ErrorKind::Interrupted.into());
        }
        // Away from the terminal: what Ctrl-C means for it is decided here.
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).ok_or(io::ErrorKind::NotFound)?;
        running.groups.insert(id);
        Ok((child, Group { id, running: self.running.clone() }))
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secrets.
        let names = |variables: &BTreeMap<String, String>| variables.keys().cloned().collect::<Vec<_>>();
        formatter
            .debug_struct("Runner")
            .field("given", &names(&self.given))
            .field("named", &names(&self.named))
            .finish_non_exhaustive()
    }
}

/// The time in which commands may run. Dropping it ends those that do, with everything that they started.
#[derive(Debug)]
#[must_use = "commands end when this is dropped"]
pub struct RunChildren {
    running: Arc<Mutex<Running>>,
}

impl Drop for RunChildren {
    fn drop(&mut self) {
        let mut running = lock(&self.running);
        running.closed = true;
        running.groups.iter().for_each(|id| kill(*id));
    }
}

/// The processes that a command consists of, but for those that left its group.
#[derive(Debug)]
pub(super) struct Group {
    id: i32,
    running: Arc<Mutex<Running>>,
}

impl Group {
    /// Ends them.
    pub(super) fn kill(&self) {
        kill(self.id);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let mut running = lock(&self.running);
        self.kill();
        running.groups.remove(&self.id);
    }
}

fn kill(id: i32) {
    if let Some(id) = Pid::from_raw(id) {
        // That there is nobody left is what is wanted.
        let _ = kill_process_group(id, Signal::KILL);
    }
}

fn lock(running: &Mutex<Running>) -> MutexGuard<'_, Running> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}
