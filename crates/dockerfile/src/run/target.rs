use crate::glob::rooted;
use crate::instruction::InstructionProblem;

/// What of `/proc` something can be mounted on, as in runc, by which BuildKit runs commands: what says something of the machine as a whole.
const OF_THE_MACHINE: [&str; 8] = ["cpuinfo", "diskstats", "loadavg", "meminfo", "slabinfo", "stat", "swaps", "uptime"];

/// Refuses a target on which nothing can be mounted: the root itself, as in BuildKit, and what the kernel says of processes.
pub(super) fn check(target: &str) -> Result<(), InstructionProblem> {
    let refused = |why| Err(InstructionProblem::MountTarget { target: target.to_owned(), why });
    let path = rooted(target);
    match path.split_once('/').unwrap_or((&path, "")) {
        ("", _) => refused("the root of the image"),
        ("proc", below) if !OF_THE_MACHINE.contains(&below) => refused("where the kernel says what runs"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_place() {
        for (target, expected) in [
            ("/", false),
            ("/.", false),
            ("/a/..", false),
            ("/proc/..", false),
            ("/proc", false),
            ("//proc/", false),
            ("/a/../../proc/self", false),
            ("/proc/sys/kernel", false),
            ("/proc/cpuinfo", true),
            ("/procfs", true),
            ("/a/proc", true),
            ("/dev/shm", true),
            ("/run", true),
        ] {
            assert_eq!(check(target).is_ok(), expected, "{target}");
        }
    }
}
