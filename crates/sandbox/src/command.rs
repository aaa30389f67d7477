use crate::{Capabilities, Emulation, Limits, Mount, Network, Root, SystemCalls, User};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What to run, and in what surroundings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// What becomes `/`.
    pub root: Root,
    /// The program and its arguments. A program without a slash is looked up in the `PATH` of `environment`.
    pub arguments: Vec<String>,
    /// The whole environment.
    pub environment: BTreeMap<String, String>,
    /// Who runs it.
    pub user: User,
    /// Folder that it starts in.
    pub working_directory: String,
    /// Whether that folder is made where it is missing, for root.
    pub makes_working_directory: bool,
    /// Name of the machine that it sees, at most 64 bytes.
    pub hostname: String,
    /// Whether everything but what is mounted is read-only.
    pub read_only_root: bool,
    /// What is mounted beside `/proc` and `/dev`, in this order.
    pub mounts: Vec<Mount>,
    /// How programs of the root file system run on this machine.
    pub emulation: Emulation,
    /// What it reaches.
    pub network: Network,
    /// What it may do as root.
    pub capabilities: Capabilities,
    /// What it may ask of the kernel.
    pub system_calls: SystemCalls,
    /// What it may use up.
    pub limits: Limits,
}

impl Command {
    /// Makes a command with an empty environment that runs as root in `/`, natively, without network and capabilities, with temporary folders at
    /// `/tmp` and `/run`, within [`Limits::default`].
    pub fn new(root: impl Into<Root>, arguments: Vec<String>) -> Self {
        Self {
            root: root.into(),
            arguments,
            environment: BTreeMap::new(),
            user: User::default(),
            working_directory: "/".to_owned(),
            makes_working_directory: false,
            hostname: "consign".to_owned(),
            read_only_root: false,
            mounts: vec![Mount::temporary("/tmp"), Mount::temporary("/run")],
            emulation: Emulation::Native,
            network: Network::None,
            capabilities: Capabilities::None,
            system_calls: SystemCalls::Usual,
            limits: Limits::default(),
        }
    }
}
