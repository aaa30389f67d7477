use serde::{Deserialize, Serialize};

/// What a command may do as root. An ordinary user has no capability in effect either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Capabilities {
    /// Nothing beyond what an ordinary user may.
    None,
    /// What container engines grant by default, inside the sandbox's own user namespace.
    Default,
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
    /// All that the machine reaches, with the machine's loopback interface and abstract sockets.
    Host,
}
