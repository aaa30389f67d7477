use crate::Store;
use crate::atomic::new_file;
use crate::records::note_use;
use crate::walk::digest;
use consign_oci::Digest;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// Length of the sum that a file ends with, in bytes: a BLAKE3 digest in hexadecimal digits.
const SUM: usize = 64;

impl Store {
    /// Returns what was made before and is kept under `kind` and `key`. What is damaged, or larger than `limit` bytes, counts as absent.
    ///
    /// The key is a digest of everything that the bytes follow from, the form in which they are written included.
    pub fn derived(&self, kind: &str, key: &Digest, limit: u64) -> Option<Vec<u8>> {
        let path = self.derived_path(kind, key);
        let file = File::open(&path).ok()?;
        let metadata = file.metadata().ok()?;
        let size = metadata.len();
        let limit = limit.saturating_add(SUM as u64);
        if size > limit {
            return None;
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).ok()?.saturating_add(1));
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).ok()?;
        let end = bytes.len().checked_sub(SUM)?;
        if bytes[end..] != *sum(&bytes[..end]).as_bytes() {
            return None;
        }
        bytes.truncate(end);
        note_use(&path, &metadata);
        Some(bytes)
    }

    /// Keeps what can be made again. It is not flushed to the disk: what a crash damages is noticed when it is read. That it cannot be kept is no
    /// failure: it is made again the next time.
    pub fn keep_derived(&self, kind: &str, key: &Digest, bytes: &[u8]) {
        let write = || -> io::Result<()> {
            let mut file = new_file(&self.partial())?;
            file.write_all(bytes)?;
            file.write_all(sum(bytes).as_bytes())?;
            file.persist(self.derived_path(kind, key))?;
            Ok(())
        };
        let _ = write();
    }

    fn derived_path(&self, kind: &str, key: &Digest) -> PathBuf {
        self.root.join("derived").join(format!("{kind}-{}", key.hex()))
    }
}

/// Returns whether a file among those that can be made again may be called so.
pub(crate) fn is_name(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(kind, hex)| !kind.is_empty() && digest("sha256", hex).is_some())
}

/// Returns the sum that a file ends with, and that of the bytes before it, both in hexadecimal digits.
pub(crate) fn sums(mut file: &File) -> io::Result<(String, String)> {
    let end = file.metadata()?.len().saturating_sub(SUM as u64);
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut (&mut file).take(end), &mut hasher)?;
    let mut stated = Vec::new();
    file.take(SUM as u64).read_to_end(&mut stated)?;
    Ok((String::from_utf8_lossy(&stated).into_owned(), hasher.finalize().to_string()))
}

fn sum(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_damaged_counts_as_absent() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        let (key, other) = (Digest::of(b"key"), Digest::of(b"other"));
        let read = |limit| store.derived("test", &key, limit);
        assert_eq!(read(100), None);
        store.keep_derived("test", &key, b"made of key");
        assert_eq!(read(100).unwrap(), b"made of key");
        assert_eq!((read(11).is_some(), read(10)), (true, None));
        assert_eq!((store.derived("test", &other, 100), store.derived("tests", &key, 100)), (None, None));

        let path = store.derived_path("test", &key);
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[3] ^= 1;
        for damaged in [&whole[1..], &whole[..whole.len() - 1], &whole[..11], &flipped[..], b""] {
            fs::write(&path, damaged).unwrap();
            assert_eq!(read(100), None);
        }
        store.keep_derived("test", &key, b"");
        assert_eq!(read(100).unwrap(), b"");
        assert_eq!(fs::read_dir(folder.path().join("store/partial")).unwrap().count(), 0);
    }
}
