use super::{filter, ids, process};
use crate::emulation::kernel_version;
use crate::mechanisms::OWN_PROCESS_COUNTS;
use crate::order::{At, Failure, Report, Step};
use crate::{Capabilities, Command, Ids, Network, SystemCalls};
use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use nix::unistd::{Gid, Uid, chdir, execve, setgroups, setresgid, setresuid, setsid};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
    set_no_new_privs,
};
use std::ffi::CString;
use std::fs;

/// Where programs are looked up when the environment does not say.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How many files a command may have open, and how many it may ask for, as in containers of engines that systemd starts.
const OPEN_FILES: (rlim_t, rlim_t) = (1024, 524_288);

/// What container engines let root do by default.
const USUAL: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::MKNOD)
    .union(CapabilitySet::NET_RAW)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETFCAP)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::SYS_CHROOT)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::AUDIT_WRITE);

/// Becomes the command. Returns only to say why not.
pub(super) fn become_command(command: &Command, ids: &Ids) -> Report {
    match give_up_rights(command, ids) {
        Ok(()) => Report::NotExecuted { errno: execute(command) as i32 },
        Err(failure) => Report::Failed(failure),
    }
}

fn give_up_rights(command: &Command, ids: &Ids) -> Result<(), Failure> {
    if command.makes_working_directory {
        fs::create_dir_all(&command.working_directory).at_path(Step::WorkingDirectory, &command.working_directory)?;
    }
    setsid().at(Step::Session)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0).at(Step::Limits)?;
    // Of a process that cannot be inspected, only the machine's root may write what follows.
    set_dumpable_behavior(DumpableBehavior::Dumpable).at(Step::Process)?;
    if ids::is_renumbered(&command.user, ids) {
        ids::renumber(command.user.uid, command.user.gid)?;
    }
    // Where memory runs out, the command is what the kernel ends first.
    fs::write("/proc/self/oom_score_adj", "1000").at(Step::Limits)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).at(Step::Process)?;
    let mut kept = match command.capabilities {
        Capabilities::None => CapabilitySet::empty(),
        Capabilities::Default => USUAL,
        Capabilities::All => CapabilitySet::all(),
    };
    if command.network == Network::Private {
        // Routes say nothing to who writes packets.
        kept.remove(CapabilitySet::NET_RAW);
    }
    bound(kept)?;
    let (uid, gid) = (Uid::from_raw(command.user.uid), Gid::from_raw(command.user.gid));
    if *ids != Ids::Single {
        let groups: Vec<Gid> = command.user.groups.iter().copied().map(Gid::from_raw).collect();
        setgroups(&groups).at(Step::User)?;
    }
    if kernel_version() >= OWN_PROCESS_COUNTS {
        // Where we are bounded ourselves, that is the most.
        let (_, most) = getrlimit(Resource::RLIMIT_NPROC).at(Step::Limits)?;
        let limit = most.min(rlim_t::from(command.limits.processes));
        setrlimit(Resource::RLIMIT_NPROC, limit, limit).at(Step::Limits)?;
    }
    // Not the shell's that somebody builds from: some programs close every number that there may be.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).at(Step::Limits)?;
    let (soft, hard) = (most.min(OPEN_FILES.0), most.min(OPEN_FILES.1));
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).at(Step::Limits)?;
    setresgid(gid, gid, gid).at(Step::User)?;
    setresuid(uid, uid, uid).at(Step::User)?;
    clear_ambient_capability_set().at(Step::Capabilities)?;
    let none = CapabilitySet::empty();
    let held = if uid.is_root() { kept } else { none };
    set_capabilities(None, CapabilitySets { effective: held, permitted: held, inheritable: none })
        .at(Step::Capabilities)?;
    set_no_new_privs(true).at(Step::Capabilities)?;
    chdir(command.working_directory.as_str()).at_path(Step::WorkingDirectory, &command.working_directory)?;
    process::reset_signals();
    match command.system_calls {
        SystemCalls::Usual => filter::install().at(Step::Filter),
        SystemCalls::All => Ok(()),
    }
}

/// Takes all but these capabilities away, also from what programs could regain, even root's.
fn bound(kept: CapabilitySet) -> Result<(), Failure> {
    for bit in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << bit);
        if kept.contains(capability) {
            continue;
        }
        match remove_capability_from_bounding_set(capability) {
            Ok(()) => {}
            // The first number that the kernel does not know.
            Err(rustix::io::Errno::INVAL) => break,
            Err(errno) => return Err(errno).at(Step::Capabilities),
        }
    }
    Ok(())
}

/// Executes the program as execvp(3) would, but gives no script without `#!` to a shell: what is no program for this machine has to be told from one.
fn execute(command: &Command) -> Errno {
    let environment = command.environment.iter().map(|(name, value)| CString::new(format!("{name}={value}")));
    let arguments = command.arguments.iter().map(|argument| CString::new(argument.as_str()));
    let (Ok(environment), Ok(arguments)) =
        (environment.collect::<Result<Vec<_>, _>>(), arguments.collect::<Result<Vec<_>, _>>())
    else {
        return Errno::EINVAL;
    };
    let path = command.environment.get("PATH").map_or(DEFAULT_PATH, String::as_str);
    let mut reason = Errno::ENOENT;
    for candidate in candidates(command.arguments.first().map_or("", String::as_str), path) {
        let Ok(candidate) = CString::new(candidate) else { return Errno::EINVAL };
        let Err(errno) = execve(&candidate, &arguments, &environment);
        match errno {
            Errno::ENOENT | Errno::ENOTDIR => {}
            Errno::EACCES => reason = errno,
            _ => return errno,
        }
    }
    reason
}

/// Returns the paths at which a program may be.
fn candidates(program: &str, path: &str) -> Vec<String> {
    if program.is_empty() {
        return Vec::new();
    }
    if program.contains('/') {
        return vec![program.to_owned()];
    }
    // An empty entry means the working directory.
    path.split(':')
        .map(|folder| if folder.is_empty() { format!("./{program}") } else { format!("{folder}/{program}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_programs_up() {
        for (program, path, expected) in [
            ("sh", "/usr/bin:/bin", vec!["/usr/bin/sh", "/bin/sh"]),
            ("sh", ":/bin", vec!["./sh", "/bin/sh"]),
            ("./sh", "/bin", vec!["./sh"]),
            ("/bin/sh", "", vec!["/bin/sh"]),
            ("", "/bin", vec![]),
        ] {
            assert_eq!(candidates(program, path), expected, "{program} {path}");
        }
    }
}
