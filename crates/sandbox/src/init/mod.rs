//! The processes between [`crate::Sandbox`] and the command.
//!
//! The *supervisor* is the program that was started: it makes the namespaces, starts the *first* process of the process namespace, sees to it that limits are kept,
//! and ends with it or with the process that asked, whichever is first. The first process mounts what the command sees, starts the *command*, and reaps what the
//! command leaves behind; when it ends, the kernel kills everything in the namespace, and it ends when the supervisor does. Only the first process and the command have
//! mounts of their own.
//!
//! Work on unpacked layers is done by the program that was started itself, in a user namespace.

mod below;
mod beneath;
mod command;
mod connector;
mod copy;
mod fault;
mod filter;
mod first;
mod ids;
mod jobs;
mod kernel;
mod look;
mod mark;
mod mounts;
mod network;
mod pack;
mod process;
mod remove;
mod supervisor;
mod unpack;
mod watch;
mod xattr;

use crate::order::Report;
use std::io::Write;
use std::os::unix::net::UnixStream;

/// The argument that asks a program to be init.
pub(crate) const REQUEST: &str = "__sandbox-init";

/// Becomes a sandbox's init, and never returns, if that is what this process was started for. To be called first thing in `main`, while there is one thread.
pub fn main_if_requested() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|argument| argument == REQUEST) && arguments.next().is_none() {
        process::exit(supervisor::run());
    }
}

/// Tells the process that asked how it went, and returns the exit code. If it is gone, nobody is left to tell.
fn report(mut channel: &UnixStream, report: &Report) -> i32 {
    let _ = serde_json::to_vec(report).map(|bytes| channel.write_all(&bytes));
    i32::from(matches!(report, Report::Failed(_)))
}
