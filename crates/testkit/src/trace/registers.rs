//! What a stopped thread is asking of the kernel. By machine: the numbers of system calls differ, and the registers that carry arguments.

use super::call::{CallKind, NetworkCall};
use nix::libc;
use nix::sys::ptrace;
use nix::unistd::Pid;
use std::ffi::c_long;

/// Longest path that is read, in bytes.
const PATH_LIMIT: usize = 4096;

/// A system call that is counted, as the kernel is asked for it.
pub(super) struct Asked {
    pub(super) kind: CallKind,
    subject: Subject,
}

/// Where the kernel is told what a call is about.
enum Subject {
    /// By a descriptor.
    Descriptor(u64),
    /// By a path at this address.
    Path(u64),
}

#[cfg(target_arch = "x86_64")]
fn registers(thread: Pid) -> nix::Result<(c_long, [u64; 4])> {
    let registers = ptrace::getregs(thread)?;
    Ok((registers.orig_rax as c_long, [registers.rdi, registers.rsi, registers.rdx, registers.r10]))
}

#[cfg(target_arch = "aarch64")]
fn registers(thread: Pid) -> nix::Result<(c_long, [u64; 4])> {
    let registers = ptrace::getregs(thread)?.regs;
    Ok((registers[8] as c_long, [registers[0], registers[1], registers[2], registers[3]]))
}

/// Calls that only older machines have; what takes folders beside names is everywhere.
#[cfg(target_arch = "x86_64")]
fn older(number: c_long, arguments: [u64; 4]) -> Option<(CallKind, Subject)> {
    match number {
        libc::SYS_rename => Some((CallKind::Rename, Subject::Path(arguments[1]))),
        libc::SYS_link => Some((CallKind::Link, Subject::Path(arguments[1]))),
        libc::SYS_unlink => Some((CallKind::Unlink, Subject::Path(arguments[0]))),
        _ => None,
    }
}

#[cfg(target_arch = "aarch64")]
fn older(number: c_long, arguments: [u64; 4]) -> Option<(CallKind, Subject)> {
    (number == libc::SYS_renameat).then_some((CallKind::Rename, Subject::Path(arguments[3])))
}

/// What a thread asks for that enters a system call.
pub(super) enum Entered {
    /// Something that is counted.
    Counted(Asked),
    /// Something of the network.
    Network(NetworkCall),
}

/// Returns what a thread that enters a system call asks for, if that is of interest.
pub(super) fn entered(thread: Pid) -> nix::Result<Option<Entered>> {
    let (number, arguments) = registers(thread)?;
    Ok(match network(number, arguments) {
        Some(call) => Some(Entered::Network(call)),
        None => asked(number, arguments).map(Entered::Counted),
    })
}

fn network(number: c_long, arguments: [u64; 4]) -> Option<NetworkCall> {
    let name = match number {
        libc::SYS_socket => "socket",
        libc::SYS_socketpair => "socketpair",
        libc::SYS_connect => "connect",
        libc::SYS_bind => "bind",
        libc::SYS_listen => "listen",
        libc::SYS_accept | libc::SYS_accept4 => "accept",
        libc::SYS_sendto => "sendto",
        libc::SYS_sendmsg | libc::SYS_sendmmsg => "sendmsg",
        _ => return None,
    };
    let has_family = matches!(name, "socket" | "socketpair");
    Some(NetworkCall { name, family: i32::try_from(arguments[0]).ok().filter(|_| has_family) })
}

fn asked(number: c_long, arguments: [u64; 4]) -> Option<Asked> {
    let found = match number {
        libc::SYS_fsync | libc::SYS_fdatasync | libc::SYS_sync_file_range => {
            Some((CallKind::Sync, Subject::Descriptor(arguments[0])))
        }
        libc::SYS_renameat2 => Some((CallKind::Rename, Subject::Path(arguments[3]))),
        libc::SYS_linkat => Some((CallKind::Link, Subject::Path(arguments[3]))),
        libc::SYS_unlinkat => Some((CallKind::Unlink, Subject::Path(arguments[1]))),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_renameat => Some((CallKind::Rename, Subject::Path(arguments[3]))),
        _ => older(number, arguments),
    };
    found.map(|(kind, subject)| Asked { kind, subject })
}

impl Asked {
    /// Returns the path that the call is about; what cannot be told is left out.
    pub(super) fn path(&self, thread: Pid) -> String {
        match self.subject {
            Subject::Descriptor(number) => {
                let link = std::fs::read_link(format!("/proc/{thread}/fd/{number}"));
                link.map(|path| path.display().to_string()).unwrap_or_default()
            }
            Subject::Path(address) => text(thread, address),
        }
    }
}

/// Reads a text that ends with a zero from the memory of a stopped thread.
fn text(thread: Pid, address: u64) -> String {
    let mut bytes = Vec::new();
    let mut at = address as usize;
    while bytes.len() < PATH_LIMIT {
        let Ok(word) = ptrace::read(thread, at as ptrace::AddressType) else { break };
        let word = word.to_ne_bytes();
        match word.iter().position(|byte| *byte == 0) {
            Some(end) => {
                bytes.extend(&word[..end]);
                break;
            }
            None => bytes.extend(word),
        }
        at += word.len();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
