use crate::ids;
use std::fs::OpenOptions;
use std::path::PathBuf;

/// The program that gives a sandbox a network of its own (slirp4netns(1)).
pub(crate) const PROGRAM: &str = "slirp4netns";
/// What it makes the sandbox's interface with.
const DEVICE: &str = "/dev/net/tun";
/// The address at which it answers for names of hosts, in the network that it makes.
pub const RESOLVER: &str = "10.0.2.3";

/// Returns whether this machine gives sandboxes a network of their own ([`crate::Network::Private`]) to this user: `slirp4netns` is installed, and
/// the user may open `/dev/net/tun`.
pub fn has_private_network() -> bool {
    program().is_some() && OpenOptions::new().read(true).write(true).open(DEVICE).is_ok()
}

pub(crate) fn program() -> Option<PathBuf> {
    ids::program(PROGRAM)
}
