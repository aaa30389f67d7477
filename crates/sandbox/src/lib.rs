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
pub mod init;
mod machine;
mod order;
mod output;
mod program;
mod run;

pub use command::{Command, Exit, Outcome, User};
pub use emulation::{Emulation, EmulationError, Host, emulator};
pub use error::SandboxError;
pub use order::Step;
pub use run::Sandbox;
