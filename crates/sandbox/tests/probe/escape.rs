//! Attempts to get out of a sandbox, or to steer the machine from within.

use nix::errno::Errno;
use nix::libc;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::ptr::null;

/// `CLONE_NEWUSER`, and the signal that a child ends with.
const NEW_USER: libc::c_long = 0x1000_0000 | 17;

/// Tries everything, and says how it went.
pub(super) fn try_all() {
    let path = c"/tmp".as_ptr();
    call("mount", libc::SYS_mount, [c"none".as_ptr() as usize, path as usize, c"tmpfs".as_ptr() as usize, 0, 0]);
    let remount = (libc::MS_REMOUNT | libc::MS_BIND) as usize;
    call("remount", libc::SYS_mount, [0, c"/proc/sys".as_ptr() as usize, 0, remount, 0]);
    call("unmount", libc::SYS_umount2, [c"/proc/sys".as_ptr() as usize, libc::MNT_DETACH as usize, 0, 0, 0]);
    let device = rustix::fs::makedev(8, 0) as usize;
    call("device", libc::SYS_mknodat, [-100isize as usize, c"/tmp/disk".as_ptr() as usize, 0o60600, device, 0]);
    call("trace init", libc::SYS_ptrace, [libc::PTRACE_SEIZE as usize, 1, 0, 0, 0]);
    say("read init", fs::read("/proc/1/mem").map(drop).map_err(|error| format!("{:?}", error.kind())));
    call("pivot", libc::SYS_pivot_root, [path as usize, path as usize, 0, 0, 0]);
    call("namespaces", libc::SYS_unshare, [libc::CLONE_NEWNS as usize, 0, 0, 0, 0]);
    call("clone", libc::SYS_clone, [NEW_USER as usize, 0, 0, 0, 0]);
    call("clone3", libc::SYS_clone3, [0, 0, 0, 0, 0]);
    // Of the session: its number.
    call("keys", libc::SYS_keyctl, [0, -3isize as usize, 0, 0, 0]);
    call("programs in the kernel", libc::SYS_bpf, [0, 0, 0, 0, 0]);
    call("performance", libc::SYS_perf_event_open, [0, 0, 0, 0, 0]);
    call("faults", libc::SYS_userfaultfd, [1, 0, 0, 0, 0]);
    call("ring", libc::SYS_io_uring_setup, [0, 0, 0, 0, 0]);
    call("module", libc::SYS_init_module, [0, 0, path as usize, 0, 0]);
    call("host name", libc::SYS_sethostname, [path as usize, 4, 0, 0, 0]);
    call("clock", libc::SYS_settimeofday, [0, 0, 0, 0, 0]);
    call("reboot", libc::SYS_reboot, [0, 0, 0, 0, 0]);
    call("virtual sockets", libc::SYS_socket, [libc::AF_VSOCK as usize, libc::SOCK_STREAM as usize, 0, 0, 0]);
    call("handles", libc::SYS_open_by_handle_at, [0, 0, 0, 0, 0]);
    trace_own();
    for path in ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/overcommit_memory"] {
        let written = OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(b"x"));
        say(&format!("write {path}"), written.map_err(|error| format!("{:?}", error.kind())));
    }
}

/// Debuggers work on what one has started oneself.
#[expect(unsafe_code, reason = "there is no safe way to call ptrace")]
fn trace_own() {
    let mut child = std::process::Command::new("/probe")
        .args(["sleep", "traced"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // SAFETY: no memory is passed.
    let result = unsafe { libc::syscall(libc::SYS_ptrace, libc::PTRACE_SEIZE, child.id(), null::<u8>(), null::<u8>()) };
    say("trace own", Errno::result(result).map(drop).map_err(|errno| format!("{errno:?}")));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[expect(unsafe_code, reason = "there is no safe way to make calls that are to fail")]
fn call(what: &str, number: libc::c_long, [a, b, c, d, e]: [usize; 5]) {
    // SAFETY: pointers are null or to constants that end with NUL; what the calls would write, they write nowhere.
    let result = unsafe { libc::syscall(number, a, b, c, d, e) };
    if number == libc::SYS_clone && result == 0 {
        // A child after all.
        // SAFETY: it ends at once.
        unsafe { libc::_exit(0) }
    }
    say(what, Errno::result(result).map(drop).map_err(|errno| format!("{errno:?}")));
}

fn say(what: &str, result: Result<(), String>) {
    println!("{what}: {}", result.err().unwrap_or_else(|| "done".to_owned()));
}
