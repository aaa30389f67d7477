use crate::file_error::FileError;
use crate::tree::CONTENTS_LIMIT;
use consign_oci::layer::{Contents, OnDisk};
use consign_oci::{Digest, Hasher};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How ELF files begin.
pub(crate) const ELF: &[u8] = b"\x7fELF";
/// How scripts begin.
const SCRIPT: &[u8] = b"#!";
/// How much of a program or a script is kept, in bytes: the header of the one, the first line of the other.
const START: usize = 512;
/// Largest file that is kept in memory although it could be read again, in bytes.
const SMALL: u64 = 16 << 10;

/// What may change before the layer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Nothing, so that large files are read again then. One that did change is an error.
    Small,
    /// Every file, since the command that made them runs again for another platform.
    All,
}

/// What is known of the contents of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) digest: Digest,
    /// How it begins, if it is an ELF file or a script.
    pub(crate) start: Vec<u8>,
}

impl Facts {
    pub(crate) fn of(contents: &[u8]) -> Self {
        let mut taking = Taking::default();
        taking.take(contents);
        taking.finish()
    }
}

/// Facts of contents that come in parts.
#[derive(Default)]
struct Taking {
    hasher: Hasher,
    start: Vec<u8>,
}

impl Taking {
    fn take(&mut self, part: &[u8]) {
        self.hasher.update(part);
        let room = START - self.start.len();
        self.start.extend_from_slice(&part[..part.len().min(room)]);
    }

    fn finish(mut self) -> Facts {
        if !self.start.starts_with(ELF) && !self.start.starts_with(SCRIPT) {
            self.start = Vec::new();
        }
        Facts { digest: self.hasher.finish(), start: self.start }
    }
}

/// Reads a file once.
pub(crate) fn read(path: &Path, memory: Memory) -> Result<(Contents, Facts), FileError> {
    let failed = |source| FileError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size > CONTENTS_LIMIT {
        return Err(FileError::TooLarge { path: path.to_owned(), size, limit: CONTENTS_LIMIT });
    }
    if memory == Memory::Small && size > SMALL {
        let mut taking = Taking::default();
        let on_disk = OnDisk::of_opened(path.to_owned(), file, |part| taking.take(part));
        return Ok((on_disk.map_err(|error| failed(error.into()))?.into(), taking.finish()));
    }
    // Room for all of it, since a large file that grows piece by piece takes twice its size.
    let mut contents = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    file.take(CONTENTS_LIMIT).read_to_end(&mut contents).map_err(failed)?;
    let facts = Facts::of(&contents);
    Ok((contents.into(), facts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn large_files_stay_on_disk_unless_they_may_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (size, memory, is_kept) in [
            (0, Memory::Small, true),
            (SMALL, Memory::Small, true),
            (SMALL + 1, Memory::Small, false),
            (SMALL + 1, Memory::All, true),
        ] {
            let bytes = [ELF, &vec![7; size as usize]].concat();
            let bytes = &bytes[..size as usize];
            fs::write(&path, bytes).unwrap();
            let (contents, facts) = read(&path, memory).unwrap();
            assert_eq!(matches!(contents, Contents::Bytes(_)), is_kept, "{size} {memory:?}");
            assert!(contents.read(size).unwrap() == bytes, "{size} {memory:?}");
            assert_eq!(facts.digest, Digest::of(bytes));
            assert_eq!(facts.start, bytes[..bytes.len().min(START)]);
        }
    }

    #[test]
    fn of_what_cannot_be_run_no_start_is_kept() {
        for (contents, start) in [(&b"text"[..], &b""[..]), (b"#!/bin/sh\n", b"#!/bin/sh\n"), (b"\x7fEL", b"")] {
            assert_eq!(Facts::of(contents).start, start);
        }
    }
}
