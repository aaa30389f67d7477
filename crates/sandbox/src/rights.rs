use serde::{Deserialize, Serialize};

/// What a command may do as root. An ordinary user has no capability in effect either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Capabilities {
    /// Nothing beyond what an ordinary user may.
    None,
    /// What container engines grant by default, inside the sandbox's own user namespace.
    Default,
    /// All, inside the sandbox's own user namespace. Where root runs the sandbox, that is enough to get out of it.
    All,
}

/// What a command may ask of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SystemCalls {
    /// What container engines let through by default: no namespaces, mounts, keys, kernel modules, tracing of the machine, or calls unheard of.
    Usual,
    /// Everything.
    All,
}

/// What a command reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// A loopback interface of its own, and nothing else.
    None,
    /// What the machine reaches in networks, by connections of the command's own making: nothing of the machine's loopback interface, no addresses of the link, and no
    /// abstract sockets. Raw sockets, which could go around that, are not for the command either. See [`crate::has_private_network`].
    Private,
    /// All that the machine reaches, with the machine's loopback interface and abstract sockets.
    Host,
}
