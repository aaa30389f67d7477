//! Runs a process in a root file system, of this machine's architecture or, by emulation, another.
//!
//! [`Sandbox::run`] starts the caller's own program a second time as the sandbox's init ([`init`]), which makes the namespaces, mounts what
//! belongs in them, gives up what the command is not to have and becomes the command. So all that happens in between is ordinary code in a process
//! with one thread. The command sees the root file system, a fresh `/proc`, a few devices, what else is mounted for it, and no network but loopback unless asked.
//!
//! # Root file systems
//! A root is a folder, or [`Layers`]: folders that [`Sandbox::unpack`] has made of an image's layers, stacked by overlayfs. What a command changes is in a folder of its
//! own then, which [`Sandbox::pack`] writes as a layer, and which serves as an unpacked layer itself. Mount points that the image lacks are made in a layer between,
//! in memory, so that they leave no trace. Where the kernel does not stack (a container's own root is an overlay, as a rule), the layers are copied, and what
//! changed is found by the files' change times.
//!
//! # Owners
//! The user namespace is made for root and ordinary users alike. Root's sandbox knows every id. An ordinary user's knows, for layers, the ids that were set aside for the
//! user ([`Ids`]), else one, and owners are noted in attributes. In a folder it knows one: the command's user and group stand for the caller's own, and
//! there are no supplementary groups.
//!
//! # Limits
//! What `/proc` shows of the machine, and lets root set on it, is hidden or read-only, and no further user namespaces can be made. [`Limits`] are held by what the machine
//! has ([`Sandbox::mechanisms`]). `no_new_privs` is always set: set-user-id programs run as who calls them, unlike with container engines. Capabilities count in
//! the sandbox's own user namespace alone: with the host's network, not even root opens raw sockets; and no command makes devices.
//!
//! Needs Linux 5.2 (mounts by descriptor); 5.11 to stack layers, 5.12 to mount anything else, and 6.7 for an emulator that is not registered on the whole machine.

mod command;
mod connection;
mod emulation;
mod error;
mod group;
mod handlers;
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
pub use connection::{RESOLVER, has_private_network};
pub use emulation::{Emulation, EmulationError, Host, emulator};
pub use error::SandboxError;
pub use handlers::{Handlers, HandlersError, Registered, Undone};
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
