/// File systems that a kernel makes up (Linux, `include/uapi/linux/magic.h`): nothing in them is on a disk, and some of it never ends.
const MADE_UP: [u32; 14] = [
    0x0000_9fa0, // proc
    0x6265_6572, // sysfs
    0x0000_1cd1, // devpts
    0x0027_e0eb, // cgroup
    0x6367_7270, // cgroup2
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0x7363_6673, // securityfs
    0xf97c_ff8c, // selinux
    0xcafe_4a11, // bpf
    0x1980_0202, // mqueue
    0x6165_676c, // pstore
    0xde5e_81e4, // efivarfs
    0x6265_6570, // configfs
];

/// Returns whether a folder lies in such a file system, by what statfs(2) says of it.
pub(super) fn is_made_up(folder: impl std::os::fd::AsFd) -> bool {
    // The type has other sizes and signs elsewhere; its lower half is what counts.
    rustix::fs::fstatfs(folder).is_ok_and(|found| MADE_UP.contains(&(found.f_type as u32)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn what_the_kernel_makes_up_is_told_from_what_is_there() {
        for (folder, expected) in [("/proc", true), ("/proc/self", true), ("/", false), ("/etc", false)] {
            assert_eq!(is_made_up(File::open(folder).unwrap()), expected, "{folder}");
        }
    }
}
