use crate::order::{At, Failure, Step};
use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{ForkResult, Pid};

/// `KEYCTL_JOIN_SESSION_KEYRING` (keyctl(2)).
const JOIN_SESSION_KEYRING: libc::c_int = 1;

/// Ends this process.
#[expect(clippy::exit, reason = "this process is the sandbox's own, not the caller's")]
pub(super) fn exit(code: i32) -> ! {
    std::process::exit(code)
}

/// Starts a process that runs `child` and ends with the exit code that it returns.
#[expect(unsafe_code, reason = "there is no safe way to fork")]
pub(super) fn fork(child: impl FnOnce() -> i32) -> Result<Pid, Failure> {
    // SAFETY: after a fork, a process with other threads may only do what is safe in signal handlers. This process has no other threads: `main` called
    // `main_if_requested` before it started any, and the sandbox's processes start none.
    match unsafe { nix::unistd::fork() }.at(Step::Process)? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => exit(child()),
    }
}

/// Gives every signal its default action and blocks none: Rust's start-up code ignores SIGPIPE, and the caller may have been started with others ignored.
#[expect(unsafe_code, reason = "setting a signal's action is unsafe in general")]
pub(super) fn reset_signals() {
    let action = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in Signal::iterator().filter(|signal| !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP)) {
        // SAFETY: the default action runs no code of this process. The system refuses only signals that cannot be set.
        let _ = unsafe { sigaction(signal, &action) };
    }
    let _ = SigSet::empty().thread_set_mask();
}

/// Gives this process and its children an empty keyring of their own. The one of the caller's session is inherited otherwise, across user namespaces, and
/// whoever has it may read the keys in it (session-keyring(7)).
#[expect(unsafe_code, reason = "there is no safe way to call keyctl")]
pub(super) fn leave_session_keyring() -> Result<(), Failure> {
    // SAFETY: no memory is passed; a null name means a keyring without one (keyctl(2), `KEYCTL_JOIN_SESSION_KEYRING`).
    let result = unsafe { libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, std::ptr::null::<libc::c_char>()) };
    match Errno::result(result) {
        // The kernel has no keys, or a container around us keeps everyone from them, the command included.
        Err(Errno::ENOSYS | Errno::EPERM) => Ok(()),
        other => other.map(drop).at(Step::Keyring),
    }
}

/// Closes everything that this process was started with but standard input, output and errors. Called before anything is opened.
pub(super) fn close_inherited() {
    let Ok(listed) = std::fs::read_dir("/proc/self/fd") else { return };
    let numbers: Vec<i32> = listed.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for number in numbers.into_iter().filter(|number| *number > 2) {
        // The listing's own descriptor is among them, and closed already.
        let _ = nix::unistd::close(number);
    }
}
