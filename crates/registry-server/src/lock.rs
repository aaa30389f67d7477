use crate::ServerError;
use consign_store::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Longest address that is read, in bytes.
const LENGTH_LIMIT: u64 = 128;

/// Says to other processes that this one writes to a registry's folder, and where anyone else may, through it. It ends when this is dropped, and
/// with the process, however that ends.
pub(crate) struct FolderLock {
    path: PathBuf,
    file: File,
}

impl FolderLock {
    /// Takes the lock of a folder, which exists.
    pub(crate) fn take(folder: &Path) -> Result<Self, ServerError> {
        let path = folder.join("lock");
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(failed("open", &path))?;
        match file.try_lock() {
            Ok(()) => {
                // What the last one wrote.
                file.set_len(0).map_err(failed("write to", &path))?;
                Ok(Self { path, file })
            }
            Err(TryLockError::WouldBlock) => {
                let mut text = Vec::new();
                (&mut file).take(LENGTH_LIMIT).read_to_end(&mut text).map_err(failed("read", &path))?;
                let open_at = String::from_utf8_lossy(&text).parse().ok();
                Err(ServerError::Locked { folder: folder.to_owned(), open_at })
            }
            Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
        }
    }

    /// Tells other processes that anyone may write at this address.
    pub(crate) fn open_at(&mut self, address: SocketAddr) -> Result<(), ServerError> {
        self.file.write_all(address.to_string().as_bytes()).map_err(failed("write to", &self.path))
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ServerError {
    let path = path.to_owned();
    move |source| ServerError::Folder(StoreError::Io { action, path, source })
}
