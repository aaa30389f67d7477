//! Runs a process in a root file system, of this machine's architecture or, by emulation, another.
//!
//! [`Sandbox::run`] starts the caller's own program a second time as the sandbox's init ([`init`]), which makes the namespaces, mounts what
//! belongs in them, gives up every capability and becomes the command. So all that happens in between is ordinary code in a process
//! with one thread. The command sees the root file system, a fresh `/proc`, a few devices, temporary folders, and no network but loopback.
//!
//! The user namespace is made for root and ordinary users alike. Root's sandbox knows every id; an ordinary user's knows one: the command's user
//! and group stand for the caller's own, and there are no supplementary groups.
//! What `/proc` shows of the machine, and lets root set on it, is hidden or read-only, and no further user namespaces can be made. Processes are bounded
//! for ordinary users from Linux 5.14 on, for root from 6.14; memory and disk are not.
//! Needs Linux 5.2 (mounts by descriptor), and 6.7 for an emulator that is not registered on the whole machine.

mod command;
mod emulation;
mod error;
mod group;
mod ids;
pub mod init;
mod jobs;
mod layer;
mod limits;
mod machine;
mod mechanisms;
mod mount;
mod order;
mod outcome;
mod output;
mod program;
mod rights;
mod root;
mod run;
mod user;

pub use command::Command;
pub use emulation::{Emulation, EmulationError, Host, emulator};
pub use error::SandboxError;
pub use ids::{IdRange, Ids};
pub use jobs::Packing;
pub use layer::{LayerFault, PackOptions, Packed, UnpackOptions, Unpacked};
pub use limits::Limits;
pub use mechanisms::{Mechanism, Mechanisms, Stacking};
pub use mount::{MemoryFile, Mount, MountKind};
pub use order::Step;
pub use outcome::{Exit, Outcome};
pub use rights::{Capabilities, Network, SystemCalls};
pub use root::{Layers, Root, Upper};
pub use run::Sandbox;
pub use user::User;
