use crate::emulation::kernel_version;
use crate::group::Group;
use crate::{Command, Layers, Sandbox, SandboxError, Step, Upper};
use rustix::process::geteuid;
use std::fmt;
use std::path::Path;

/// A program that no empty folder has.
const NOTHING: &str = "/nothing";
/// The first kernel where each process namespace has a greatest process number of its own; before it, the number is the machine's.
pub(crate) const OWN_PROCESS_NUMBERS: (u32, u32) = (6, 14);
/// The first kernel that counts a user's processes in each user namespace; before it, those outside would count. Root's are not bounded this way.
pub(crate) const OWN_PROCESS_COUNTS: (u32, u32) = (5, 14);

/// What keeps commands within their limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mechanisms {
    /// For processes.
    pub processes: Mechanism,
    /// For memory.
    pub memory: Mechanism,
    /// For disk.
    pub disk: Mechanism,
}

/// What keeps commands within a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// The greatest process number of a process namespace (`kernel.pid_max`, Linux 6.14).
    ProcessNamespace,
    /// A resource limit in the user namespace (`RLIMIT_NPROC`, Linux 5.14).
    ResourceLimit,
    /// A control group of the kernel.
    ControlGroup,
    /// Looking again and again, and killing what has used too much.
    Watcher,
    /// Nothing.
    Nothing,
}

impl fmt::Display for Mechanism {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ProcessNamespace => "the process namespace's kernel.pid_max",
            Self::ResourceLimit => "RLIMIT_NPROC in the user namespace",
            Self::ControlGroup => "a control group",
            Self::Watcher => "a watcher that kills what exceeds it",
            Self::Nothing => "nothing",
        })
    }
}

/// How layers become one tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stacking {
    /// The kernel stacks them, by overlayfs.
    Overlay,
    /// They are copied, for each command again.
    Copy,
}

impl Sandbox {
    /// Returns what keeps commands within their limits here.
    pub fn mechanisms(&self) -> Mechanisms {
        let processes = match (kernel_version(), geteuid().is_root()) {
            (kernel, _) if kernel >= OWN_PROCESS_NUMBERS => Mechanism::ProcessNamespace,
            (kernel, false) if kernel >= OWN_PROCESS_COUNTS => Mechanism::ResourceLimit,
            _ => Mechanism::Nothing,
        };
        let memory = if Group::make(1 << 30).is_ok() {
            Mechanism::ControlGroup
        } else if Path::new("/proc/thread-self/children").exists() {
            Mechanism::Watcher
        } else {
            // A kernel without `CONFIG_PROC_CHILDREN` does not say what belongs to a command.
            Mechanism::Nothing
        };
        Mechanisms { processes, memory, disk: Mechanism::Watcher }
    }

    /// Finds out, in an empty folder, how layers on its file system become one tree.
    pub async fn stacking(&self, folder: &Path) -> Result<Stacking, SandboxError> {
        let [lower, upper, work] = ["lower", "upper", "work"].map(|name| folder.join(name));
        for folder in [&lower, &upper, &work] {
            tokio::fs::create_dir(folder).await.map_err(|source| SandboxError::Work {
                step: Step::Layer,
                path: Some(folder.to_string_lossy().into_owned()),
                source,
            })?;
        }
        let layers = Layers { lower: vec![lower], upper: Some(Upper { folder: upper, work }) };
        match self.attempt(&Command::new(layers, vec![NOTHING.to_owned()]), false, &mut |_| {}).await {
            Err(SandboxError::NotFound { .. }) | Ok(_) => Ok(Stacking::Overlay),
            Err(SandboxError::Setup { step: Step::Overlay, .. }) => Ok(Stacking::Copy),
            Err(error) => Err(error),
        }
    }
}
