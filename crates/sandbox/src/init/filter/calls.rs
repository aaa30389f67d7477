//! Which system calls are refused, in the spirit of the default profile of container engines: what they refuse without further capabilities is refused, and
//! what is newer than this list is unheard of.

use nix::libc;

/// What a filter does about the calls of one architecture.
pub(super) struct Calls {
    /// The kernel's name for the architecture (audit.h).
    pub(super) architecture: u32,
    /// The last call that was looked at. Later ones do not exist, as programs see it.
    pub(super) last: u32,
    /// Calls that are not permitted.
    pub(super) refused: &'static [u32],
    /// Calls that are permitted by what their first argument is.
    pub(super) clone: u32,
    pub(super) clone3: u32,
    pub(super) personality: u32,
    pub(super) socket: u32,
}

/// `removexattrat`, by the numbering that all architectures share from 424 on.
const LAST: u32 = 466;

/// Lists the numbers of calls on this processor: those named, and those that every processor has.
macro_rules! refused {
    ($($name:ident)*) => {
        &[
            $(libc::$name as u32,)*
            libc::SYS_acct as u32, libc::SYS_add_key as u32, libc::SYS_bpf as u32, libc::SYS_clock_adjtime as u32,
            libc::SYS_clock_settime as u32, libc::SYS_delete_module as u32, libc::SYS_fanotify_init as u32,
            libc::SYS_finit_module as u32, libc::SYS_fsconfig as u32, libc::SYS_fsmount as u32,
            libc::SYS_fsopen as u32, libc::SYS_fspick as u32, libc::SYS_get_mempolicy as u32,
            libc::SYS_init_module as u32, libc::SYS_io_uring_enter as u32, libc::SYS_io_uring_register as u32,
            libc::SYS_io_uring_setup as u32, libc::SYS_kcmp as u32, libc::SYS_kexec_load as u32,
            libc::SYS_keyctl as u32, libc::SYS_lookup_dcookie as u32, libc::SYS_mbind as u32,
            libc::SYS_migrate_pages as u32, libc::SYS_mount as u32, libc::SYS_mount_setattr as u32,
            libc::SYS_move_mount as u32, libc::SYS_move_pages as u32, libc::SYS_nfsservctl as u32,
            libc::SYS_open_by_handle_at as u32, libc::SYS_open_tree as u32, libc::SYS_perf_event_open as u32,
            libc::SYS_pidfd_getfd as u32, libc::SYS_pivot_root as u32, libc::SYS_quotactl as u32,
            libc::SYS_quotactl_fd as u32, libc::SYS_reboot as u32, libc::SYS_request_key as u32,
            libc::SYS_set_mempolicy as u32, libc::SYS_set_mempolicy_home_node as u32, libc::SYS_setdomainname as u32,
            libc::SYS_sethostname as u32, libc::SYS_setns as u32, libc::SYS_settimeofday as u32,
            libc::SYS_swapoff as u32, libc::SYS_swapon as u32, libc::SYS_syslog as u32, libc::SYS_umount2 as u32,
            libc::SYS_unshare as u32, libc::SYS_userfaultfd as u32, libc::SYS_vhangup as u32,
        ]
    };
}

/// The kernel's name for this processor (audit.h, `AUDIT_ARCH_…`). Elsewhere nothing is let through.
const NATIVE_ARCHITECTURE: u32 = if cfg!(target_arch = "x86_64") {
    0xc000_003e
} else if cfg!(target_arch = "aarch64") {
    0xc000_00b7
} else if cfg!(all(target_arch = "powerpc64", target_endian = "little")) {
    0xc000_0015
} else if cfg!(target_arch = "riscv64") {
    0xc000_00f3
} else {
    0
};

/// The calls of the processor's own programs.
pub(super) const NATIVE: Calls = Calls {
    architecture: NATIVE_ARCHITECTURE,
    last: LAST,
    #[cfg(target_arch = "x86_64")]
    refused: refused!(SYS__sysctl SYS_ioperm SYS_iopl SYS_kexec_file_load SYS_sysfs SYS_uselib SYS_ustat),
    #[cfg(not(target_arch = "x86_64"))]
    refused: refused!(),
    clone: libc::SYS_clone as u32,
    clone3: libc::SYS_clone3 as u32,
    personality: libc::SYS_personality as u32,
    socket: libc::SYS_socket as u32,
};

/// The calls of older programs that the processor runs as well: those of i386, by its own numbers. `socketcall`, which tells no kind of socket, remains.
#[cfg(target_arch = "x86_64")]
pub(super) const OLDER: &[Calls] = &[Calls {
    architecture: 0x4000_0003,
    last: LAST,
    refused: &[
        21, 22, 25, 51, 52, 62, 74, 79, 86, 87, 88, 101, 103, 110, 111, 113, 115, 121, 127, 128, 129, 130, 131, 135,
        149, 166, 167, 169, 217, 253, 264, 274, 275, 276, 283, 286, 287, 288, 294, 310, 317, 336, 338, 342, 343, 346,
        349, 350, 357, 374, 404, 405, 425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 443, 450,
    ],
    clone: 120,
    clone3: 435,
    personality: 136,
    socket: 359,
}];

#[cfg(not(target_arch = "x86_64"))]
pub(super) const OLDER: &[Calls] = &[];
