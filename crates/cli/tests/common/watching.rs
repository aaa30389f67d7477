use super::{TestEnvironment, program_path};
use consign_testkit::trace::{self, NetworkCall, Traced};
use std::process::Command;

/// The family of sockets that lead nowhere but to the same machine, `AF_UNIX`.
const UNIX: i32 = 1;

/// Runs consign in the folder of a test, behind other words, and watches what it asks of the kernel.
pub fn watch(environment: &TestEnvironment, before: &[&str], arguments: &[&str]) -> Traced {
    let words: Vec<_> = before.iter().map(AsRef::as_ref).chain([program_path()]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(arguments).current_dir(environment.folder());
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.env("HOME", environment.beside("home")).env("CONSIGN_STORE", environment.beside("store"));
    trace::run(&command, None).unwrap()
}

/// Returns what was asked of a network. Signals are told to the runtime through a pair of sockets that lead nowhere else.
pub fn network_calls(traced: &Traced) -> Vec<NetworkCall> {
    let calls = traced.network.iter().copied();
    calls.filter(|call| (call.name, call.family) != ("socketpair", Some(UNIX))).collect()
}
