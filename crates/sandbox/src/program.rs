use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Returns a copy of a program, in memory, that nobody can change any more.
///
/// What runs as init is, for a moment, what `/proc/self/exe` means to the kernel when it starts the command. A command that leads there, by a link
/// or as an interpreter, gets hold of the program, and could change it for the next who runs it.
pub(crate) fn sealed_copy(program: &Path) -> io::Result<OwnedFd> {
    let mut source = File::open(program)?;
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let memory = match memfd_create("sandbox-init", flags | MemfdFlags::EXEC) {
        // Before Linux 6.3, every file in memory may be executed.
        Err(Errno::INVAL) => memfd_create("sandbox-init", flags)?,
        other => other?,
    };
    let mut copy = File::from(memory);
    io::copy(&mut source, &mut copy)?;
    fcntl_add_seals(&copy, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE)?;
    Ok(copy.into())
}
