use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What a file is told by: device, inode, and the time of its last change.
type Identity = (u64, u64, i64, i64);

/// Returns a copy of a program, in memory, that nobody can change any more. It is made once.
///
/// What runs as init is, for a moment, what `/proc/self/exe` means to the kernel when it starts the command. A command that leads there, by a link
/// or as an interpreter, gets hold of the program, and could change it for the next who runs it.
pub(crate) fn sealed_copy(program: &Path) -> io::Result<Arc<OwnedFd>> {
    static COPIES: OnceLock<Mutex<HashMap<Identity, Arc<OwnedFd>>>> = OnceLock::new();
    let mut source = File::open(program)?;
    let metadata = source.metadata()?;
    let identity = (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec());
    let mut copies = COPIES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(copy) = copies.get(&identity) {
        return Ok(copy.clone());
    }
    let copy = Arc::new(copied(&mut source)?);
    copies.insert(identity, copy.clone());
    Ok(copy)
}

fn copied(source: &mut File) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let memory = match memfd_create("sandbox-init", flags | MemfdFlags::EXEC) {
        // Before Linux 6.3, every file in memory may be executed.
        Err(Errno::INVAL) => memfd_create("sandbox-init", flags)?,
        other => other?,
    };
    let mut copy = File::from(memory);
    io::copy(source, &mut copy)?;
    fcntl_add_seals(&copy, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE)?;
    Ok(copy.into())
}
