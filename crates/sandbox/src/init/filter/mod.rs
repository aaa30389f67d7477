//! A filter of system calls (seccomp(2)): a small program that the kernel runs before each.

mod calls;

use calls::{Calls, NATIVE, OLDER};
use nix::errno::Errno;
use nix::libc::{self, sock_filter, sock_fprog};

/// Flags by which a new process gets namespaces of its own (clone(2), `CLONE_NEW…`).
const NAMESPACES: u32 = 0x7e02_0000;
/// Personalities that programs may take (personality(2)): Linux, 32 bits of it, either with `UNAME26`, and the question which it is.
const PERSONALITIES: [u32; 5] = [0, 8, 0x2_0000, 0x2_0008, u32::MAX];
/// Sockets between virtual machines (vsock(7)), which no network namespace holds.
const AF_VSOCK: u32 = 40;

/// Offsets in what the program looks at (`struct seccomp_data`): the call's number, the architecture, the low half of the first argument.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const FIRST_ARGUMENT: u32 = if cfg!(target_endian = "big") { 20 } else { 16 };

/// Filters this process's calls, and those of all that it becomes or starts. Needs `no_new_privs`.
#[expect(unsafe_code, reason = "there is no safe way to call seccomp")]
pub(super) fn install() -> Result<(), Errno> {
    let mut program = program();
    let length = u16::try_from(program.len()).map_err(|_| Errno::E2BIG)?;
    let program = sock_fprog { len: length, filter: program.as_mut_ptr() };
    // SAFETY: the program's length is that of the array it points to, which lives until the call returns; the kernel copies and checks it.
    let result = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) };
    Errno::result(result).map(drop)
}

fn program() -> Vec<sock_filter> {
    let mut program = vec![load(ARCHITECTURE)];
    for calls in std::iter::once(&NATIVE).chain(OLDER) {
        let part = part(calls);
        // Jumps over a part are too far for a comparison.
        program.extend([unless_equal(calls.architecture, 1), skip(1), skip(part.len())]);
        program.extend(part);
    }
    program.push(answer(Errno::ENOSYS));
    program
}

/// The part of the program for one architecture. It always ends with an answer.
fn part(calls: &Calls) -> Vec<sock_filter> {
    let mut part = vec![load(NUMBER)];
    // Newer calls, and those that C libraries do without where they are not there.
    part.extend([unless_greater(calls.last, 1), answer(Errno::ENOSYS)]);
    part.extend([unless_equal(calls.clone3, 1), answer(Errno::ENOSYS)]);
    for number in calls.refused {
        part.extend([unless_equal(*number, 1), answer(Errno::EPERM)]);
    }
    let refused_or_allowed = [answer(Errno::EPERM), allow()];
    part.extend([unless_equal(calls.clone, 4), load(FIRST_ARGUMENT), unless_any(NAMESPACES, 1)]);
    part.extend(refused_or_allowed);
    part.extend([unless_equal(calls.socket, 4), load(FIRST_ARGUMENT), unless_equal(AF_VSOCK, 1)]);
    part.extend(refused_or_allowed);
    part.extend([unless_equal(calls.personality, 2 + 2 * PERSONALITIES.len()), load(FIRST_ARGUMENT)]);
    for personality in PERSONALITIES {
        part.extend([unless_equal(personality, 1), allow()]);
    }
    part.push(answer(Errno::EPERM));
    part.push(allow());
    part
}

const fn instruction(code: u32, k: u32, jump_if_not: u8) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: jump_if_not, k }
}

const fn load(offset: u32) -> sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset, 0)
}

const fn unless_equal(value: u32, skipped: usize) -> sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, value, skipped as u8)
}

const fn unless_greater(value: u32, skipped: usize) -> sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K, value, skipped as u8)
}

const fn unless_any(bits: u32, skipped: usize) -> sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, bits, skipped as u8)
}

const fn skip(instructions: usize) -> sock_filter {
    instruction(libc::BPF_JMP | libc::BPF_JA, instructions as u32, 0)
}

const fn answer(errno: Errno) -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | errno as u32, 0)
}

const fn allow() -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the program as the kernel would.
    fn run(architecture: u32, number: u32, argument: u32) -> Result<(), i32> {
        let program = program();
        let (mut at, mut loaded) = (0, 0);
        loop {
            let sock_filter { code, jf, k, .. } = program[at];
            let jump = |holds| if holds { 0 } else { usize::from(jf) };
            at += 1;
            match u32::from(code) {
                0x20 => loaded = [number, architecture, 0, 0, argument][k as usize / 4],
                0x15 => at += jump(loaded == k),
                0x25 => at += jump(loaded > k),
                0x45 => at += jump(loaded & k != 0),
                0x05 => at += k as usize,
                0x06 if k == libc::SECCOMP_RET_ALLOW => return Ok(()),
                0x06 => return Err((k & 0xffff) as i32),
                other => panic!("{other:#x}"),
            }
        }
    }

    #[test]
    fn refuses_what_is_not_for_commands() {
        let (eperm, enosys) = (Err(Errno::EPERM as i32), Err(Errno::ENOSYS as i32));
        let native = NATIVE.architecture;
        for (architecture, number, argument, expected) in [
            (native, libc::SYS_read as u32, 0, Ok(())),
            (native, libc::SYS_mount as u32, 0, eperm),
            (native, libc::SYS_keyctl as u32, 0, eperm),
            (native, libc::SYS_vhangup as u32, 0, eperm),
            (native, libc::SYS_ptrace as u32, 0, Ok(())),
            (native, libc::SYS_clone3 as u32, 0, enosys),
            (native, libc::SYS_clone as u32, 0x11, Ok(())),
            (native, libc::SYS_clone as u32, 0x1000_0011, eperm),
            (native, libc::SYS_clone as u32, 0x0002_0000, eperm),
            (native, libc::SYS_socket as u32, 2, Ok(())),
            (native, libc::SYS_socket as u32, AF_VSOCK, eperm),
            (native, libc::SYS_personality as u32, 8, Ok(())),
            (native, libc::SYS_personality as u32, u32::MAX, Ok(())),
            (native, libc::SYS_personality as u32, 0x4_0000, eperm),
            (native, 467, 0, enosys),
            // x32's numbers have a bit of their own.
            (native, 0x4000_0000, 0, enosys),
            (0x1234_5678, 0, 0, enosys),
        ] {
            assert_eq!(run(architecture, number, argument), expected, "{number} {argument:#x}");
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn knows_the_numbers_of_older_programs() {
        let eperm = Err(Errno::EPERM as i32);
        for (number, argument, expected) in
            [(3, 0, Ok(())), (21, 0, eperm), (288, 0, eperm), (120, 0x1000_0011, eperm), (165, 0, Ok(()))]
        {
            assert_eq!(run(OLDER[0].architecture, number, argument), expected, "{number}");
        }
    }
}
