use crate::{Command, Exit, LayerFault, PackOptions, Packed, UnpackOptions, Unpacked};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// What init is asked to do. One line of JSON; a layer to unpack follows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Run a command.
    Run {
        command: Box<Command>,
        /// Whether nothing else keeps it within its memory.
        watch_memory: bool,
        /// Whether layers are copied rather than stacked.
        copy: bool,
    },
    /// Unpack a layer into a folder.
    Unpack { folder: PathBuf, options: UnpackOptions },
    /// Write what a folder holds to standard output, as a layer.
    Pack { folder: PathBuf, options: PackOptions },
    /// Remove a folder.
    Remove { folder: PathBuf },
}

/// What init tells the process that started it. One report as JSON, then the channel closes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The command ran and ended.
    Ended(Exit),
    /// A layer was unpacked.
    Unpacked(Unpacked),
    /// A layer cannot be unpacked, or a folder not be packed.
    Refused {
        /// Path of the entry.
        path: String,
        fault: LayerFault,
    },
    /// A folder was packed.
    Packed(Packed),
    /// A folder was removed.
    Removed,
    /// The sandbox could not be made.
    Failed(Failure),
    /// The sandbox was made, but the program could not be executed.
    NotExecuted {
        /// The system's error number.
        errno: i32,
    },
}

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) step: Step,
    /// What the step was about.
    pub(crate) path: Option<String>,
    /// The system's error number.
    pub(crate) errno: i32,
}

/// Says at which step something failed.
pub(crate) trait At<T> {
    fn at(self, step: Step) -> Result<T, Failure>;
    fn at_path(self, step: Step, path: &str) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, step: Step) -> Result<T, Failure> {
        self.map_err(|error| Failure { step, path: None, errno: number(error.into()) })
    }

    fn at_path(self, step: Step, path: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure { step, path: Some(path.to_owned()), errno: number(error.into()) })
    }
}

fn number(error: io::Error) -> i32 {
    error.raw_os_error().unwrap_or(nix::errno::Errno::EIO as i32)
}

/// A step on the way into a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Reading what to do.
    Order,
    /// Making namespaces.
    Namespaces,
    /// Telling the user namespace which ids it knows.
    Ids,
    /// Starting a process.
    Process,
    /// Leaving the keyring of the session outside.
    Keyring,
    /// Bringing up the loopback interface.
    Loopback,
    /// Connecting to a network.
    Connection,
    /// Setting the host name.
    HostName,
    /// Cutting the mounts off from those outside.
    Propagation,
    /// Making the mount of a new file system.
    FileSystem,
    /// Borrowing a device from outside.
    Device,
    /// Registering an emulator.
    Emulator,
    /// Changing to the new root.
    Root,
    /// Putting a mount in its place.
    Mount,
    /// Handing standard output to the user.
    Output,
    /// Starting a session.
    Session,
    /// Setting resource limits.
    Limits,
    /// Giving up capabilities.
    Capabilities,
    /// Becoming the user.
    User,
    /// Changing to the working directory.
    WorkingDirectory,
    /// Opening the folder of a layer.
    Layer,
    /// Opening what is to be mounted.
    Source,
    /// Preparing mounts.
    Stage,
    /// Making a file in memory.
    File,
    /// Stacking layers.
    Overlay,
    /// Copying layers.
    Copy,
    /// Filtering system calls.
    Filter,
    /// Unpacking a layer.
    Unpack,
    /// Packing a layer.
    Pack,
    /// Removing a folder.
    Remove,
    /// Waiting for the command to end.
    Wait,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Order => "read the order",
            Self::Namespaces => "make namespaces",
            Self::Ids => "map user and group ids",
            Self::Process => "start a process",
            Self::Keyring => "make a session keyring",
            Self::Loopback => "bring up the loopback interface",
            Self::Connection => "connect to a network",
            Self::HostName => "set the host name",
            Self::Propagation => "make mounts private",
            Self::FileSystem => "make a file system",
            Self::Device => "borrow a device",
            Self::Emulator => "register the emulator",
            Self::Root => "change the root folder",
            Self::Mount => "mount a file system",
            Self::Output => "hand over standard output",
            Self::Session => "start a session",
            Self::Limits => "set resource limits",
            Self::Capabilities => "give up capabilities",
            Self::User => "become the user",
            Self::WorkingDirectory => "enter the working directory",
            Self::Layer => "open the folder of a layer",
            Self::Source => "open what is to be mounted",
            Self::Stage => "prepare mounts",
            Self::File => "make a file in memory",
            Self::Overlay => "stack layers by overlayfs",
            Self::Copy => "copy layers",
            Self::Filter => "filter system calls",
            Self::Unpack => "unpack a layer",
            Self::Pack => "pack a layer",
            Self::Remove => "remove a folder",
            Self::Wait => "wait for the command",
        })
    }
}
