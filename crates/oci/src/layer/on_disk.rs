use super::ContentsError;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// How much of a file is read, and hashed, at once, in bytes.
const BUFFER: u64 = 256 << 10;

/// A regular file on this machine, as it was when it was hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDisk {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size, in bytes.
    pub size: u64,
    /// Its BLAKE3 digest.
    pub digest: [u8; 32],
}

impl OnDisk {
    /// Hashes a file. The path may lead through links, but must not end with one.
    pub fn of(path: impl Into<PathBuf>) -> Result<Self, ContentsError> {
        let path = path.into();
        let file = open_file(&path)?;
        Self::of_opened(path, file, |_| ())
    }

    /// Hashes a file that is open, and shows all of it to the observer. It is opened by its path again when it is read: whoever cannot say
    /// that the path leads to the same file then gets an error, and not another file.
    pub fn of_opened(path: PathBuf, mut file: File, mut observer: impl FnMut(&[u8])) -> Result<Self, ContentsError> {
        let failed = |source| ContentsError::Read { path: path.clone(), source };
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(ContentsError::NotAFile { path });
        }
        // With room for one byte more, one read shows most files whole, and that they end there.
        let mut buffer = vec![0; capacity(metadata.len().saturating_add(1))];
        let mut hasher = blake3::Hasher::new();
        let mut size = 0;
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    hasher.update(&buffer[..count]);
                    observer(&buffer[..count]);
                    size += count as u64;
                    if size == metadata.len() && count < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
        // One that is written to meanwhile may never end; what was hashed is then no state that it ever had.
        if size != metadata.len() {
            return Err(ContentsError::Changed { path });
        }
        Ok(Self { path, size, digest: hasher.finalize().into() })
    }

    /// Returns what reads the file, and fails at its end if it is not what it was.
    pub(super) fn reader(&self) -> Result<impl Read + use<'_>, ContentsError> {
        let file = open_file(&self.path)?;
        let reader = Reader { of: self, file, left: self.size, hasher: blake3::Hasher::new() };
        Ok(BufReader::with_capacity(capacity(self.size), reader))
    }

    /// Reads the file, if it has at most `limit` bytes.
    pub(super) fn read(&self, limit: u64) -> io::Result<Vec<u8>> {
        let Self { path, size, .. } = self;
        let room = usize::try_from(*size).ok().filter(|_| *size <= limit);
        let room = room.ok_or_else(|| ContentsError::TooLarge { path: path.clone(), size: *size, limit })?;
        let mut bytes = Vec::with_capacity(room);
        self.reader()?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Opens a file, unless its path ends with a link. To open a pipe does not wait for its other end.
fn open_file(path: &Path) -> Result<File, ContentsError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match open(path, flags, Mode::empty()) {
        Ok(file) => Ok(file.into()),
        Err(Errno::LOOP) => Err(ContentsError::NotAFile { path: path.to_owned() }),
        Err(errno) => Err(ContentsError::Read { path: path.to_owned(), source: errno.into() }),
    }
}

/// Returns how much room a file of this size is read into, in bytes.
pub(super) fn capacity(size: u64) -> usize {
    usize::try_from(size.clamp(1, BUFFER)).unwrap_or(1)
}

/// Reads as many bytes as there were, and compares them at the end with what they were.
struct Reader<'a> {
    of: &'a OnDisk,
    file: File,
    left: u64,
    hasher: blake3::Hasher,
}

impl Reader<'_> {
    fn changed(&self) -> io::Error {
        ContentsError::Changed { path: self.of.path.clone() }.into()
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let failed = |source| ContentsError::Read { path: self.of.path.clone(), source };
        if self.left == 0 {
            let same = self.hasher.finalize() == self.of.digest && self.file.read(&mut [0]).map_err(failed)? == 0;
            return if same { Ok(0) } else { Err(self.changed()) };
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = match self.file.read(&mut buffer[..most]) {
            Ok(0) if most > 0 => return Err(self.changed()),
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(failed(error).into()),
            other => other?,
        };
        self.hasher.update(&buffer[..count]);
        self.left -= count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Contents;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn is_read_as_it_was_hashed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for size in [0, 1, BUFFER as usize, BUFFER as usize + 1] {
            let bytes: Vec<u8> = (0..size).map(|place| (place % 251) as u8).collect();
            fs::write(&path, &bytes).unwrap();
            let mut seen = Vec::new();
            let file = OnDisk::of_opened(path.clone(), File::open(&path).unwrap(), |part| seen.extend_from_slice(part));
            let contents = Contents::from(file.unwrap());
            assert!(seen == bytes && contents.size() == size as u64, "{size}");
            assert_eq!(contents, OnDisk::of(&path).unwrap().into());
            assert!(contents.read(size as u64).unwrap() == bytes, "{size}");
            let too_large = (size as u64).checked_sub(1).map(|limit| contents.read(limit).unwrap_err().kind());
            assert_eq!(too_large, (size > 0).then_some(ErrorKind::FileTooLarge), "{size}");
        }
    }

    #[test]
    fn what_changed_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "before").unwrap();
        let file = OnDisk::of(&path).unwrap();
        for text in ["befor", "before!", "BEFORE", ""] {
            fs::write(&path, text).unwrap();
            let error = file.read(100).unwrap_err().to_string();
            assert!(error.contains(path.to_str().unwrap()) && error.contains("changed while"), "{text}: {error}");
        }
        fs::write(&path, "before").unwrap();
        assert_eq!(file.read(100).unwrap(), b"before");
        fs::remove_file(&path).unwrap();
        assert_eq!(file.read(100).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link, pipe) = (folder.path().join("file"), folder.path().join("link"), folder.path().join("pipe"));
        fs::write(&file, "x").unwrap();
        symlink("file", &link).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        for path in [&*link, &*pipe, folder.path()] {
            assert!(matches!(OnDisk::of(path), Err(ContentsError::NotAFile { .. })), "{path:?}");
        }
        let of_link = OnDisk { path: link, ..OnDisk::of(&file).unwrap() };
        assert_eq!(of_link.read(1).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
