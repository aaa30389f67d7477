//! What keeps a command from steering the kernel, or from learning about the machine, by way of `/proc`. Files there belong to the machine's
//! root, who may write to them without any capability; in a sandbox that root has made, the command may be that very user.

use super::ids;
use super::mounts::{attach, file_system};
use crate::emulation::kernel_version;
use crate::mechanisms::OWN_PROCESS_NUMBERS;
use crate::order::{At, Failure, Step};
use crate::{Command, Ids};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use rustix::mount::MountAttrFlags;
use std::fs;
use std::io;

/// What other engines make read-only, and what else may be written to.
const READ_ONLY: [&str; 6] = ["bus", "fs", "irq", "pressure", "sys", "sysrq-trigger"];
/// What other engines hide, and what else root alone may read.
const HIDDEN: [&str; 18] = [
    "acpi",
    "asound",
    "interrupts",
    "kcore",
    "keys",
    "key-users",
    "kmsg",
    "kpagecgroup",
    "kpagecount",
    "kpageflags",
    "latency_stats",
    "pagetypeinfo",
    "sched_debug",
    "scsi",
    "slabinfo",
    "timer_list",
    "timer_stats",
    "vmallocinfo",
];

/// Least number of processes that a process namespace can be bounded to (Linux, `RESERVED_PIDS` and one more).
const FEWEST_PROCESSES: u32 = 301;

/// Bounds what the namespaces may use. Has to come before [`protect`].
pub(super) fn limit(command: &Command, ids: &Ids) -> Result<(), Failure> {
    // A user namespace gives whoever makes it all capabilities in it, and with them much more of the kernel to attack. One may be ours.
    let namespaces = if ids::is_renumbered(&command.user, ids) { "1" } else { "0" };
    set("/proc/sys/user/max_user_namespaces", namespaces)?;
    if kernel_version() >= OWN_PROCESS_NUMBERS {
        set("/proc/sys/kernel/pid_max", &command.limits.processes.max(FEWEST_PROCESSES).to_string())?;
    }
    Ok(())
}

fn set(path: &str, value: &str) -> Result<(), Failure> {
    fs::write(path, value).at_path(Step::Limits, path)
}

/// Protects `/proc`. Needs `/dev/null` in place.
pub(super) fn protect() -> Result<(), Failure> {
    for path in READ_ONLY.map(|name| format!("/proc/{name}")) {
        present(make_read_only(&path)).at_path(Step::Mount, &path)?;
    }
    for path in HIDDEN.map(|name| format!("/proc/{name}")) {
        if fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            attach(&file_system("tmpfs", &[], MountAttrFlags::MOUNT_ATTR_RDONLY)?, &path)?;
        } else {
            present(bind("/dev/null", &path)).at_path(Step::Mount, &path)?;
        }
    }
    Ok(())
}

fn make_read_only(path: &str) -> Result<(), Errno> {
    bind(path, path)?;
    let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    let flags = flags | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(None::<&str>, path, None::<&str>, flags, None::<&str>)
}

fn bind(source: &str, path: &str) -> Result<(), Errno> {
    mount(Some(source), path, None::<&str>, MsFlags::MS_BIND, None::<&str>)
}

/// Kernels differ in what there is.
fn present(result: Result<(), Errno>) -> io::Result<()> {
    match result {
        Err(Errno::ENOENT) => Ok(()),
        other => Ok(other?),
    }
}
