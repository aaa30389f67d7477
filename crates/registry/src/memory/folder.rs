use super::Memory;
use consign_oci::Repository;
use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// Largest file that is read, in bytes.
const LIMIT: u64 = 256 << 20;

/// The folder in which runs leave what they know of registries, in one file for each.
#[derive(Clone, Debug)]
pub struct MemoryFolder(PathBuf);

impl MemoryFolder {
    /// Names a folder, which need not be there.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Returns what earlier runs left of a repository's registry: nothing where that cannot be read, whatever the reason.
    pub fn read(&self, repository: &Repository) -> Memory {
        let mut memory = self.find(repository).unwrap_or_default();
        memory.trim(repository.is_loopback());
        memory
    }

    /// Leaves what is known, together with what others left meanwhile. The file changes at once or not at all.
    pub fn write(&self, repository: &Repository, mut memory: Memory) -> io::Result<()> {
        if let Some(theirs) = self.find(repository) {
            memory.merge(theirs);
        }
        memory.trim(repository.is_loopback());
        fs::create_dir_all(&self.0)?;
        let mut file = tempfile::Builder::new().prefix(".partial-").tempfile_in(&self.0)?;
        serde_json::to_writer(io::BufWriter::new(&mut file), &memory)?;
        file.flush()?;
        file.persist(self.file(repository))?;
        Ok(())
    }

    fn find(&self, repository: &Repository) -> Option<Memory> {
        let mut bytes = Vec::new();
        fs::File::open(self.file(repository)).ok()?.take(LIMIT).read_to_end(&mut bytes).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// A registry's name has letters, digits, dots, hyphens, and the colons of a port or an address.
    fn file(&self, repository: &Repository) -> PathBuf {
        self.0.join(format!("{}.json", repository.registry().replace(':', "_")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Contents;

    #[test]
    fn what_is_written_is_read_with_what_others_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let memories = MemoryFolder::new(folder.path().join("registries"));
        let repository: Repository = "localhost:5000/a".parse().unwrap();
        assert_eq!(memories.read(&repository), Memory::default());
        let of = |path: &str| {
            let mut memory = Memory::default();
            let mut contents = Contents::default();
            contents.holds.insert(consign_oci::Digest::of(path.as_bytes()), crate::memory::Time::now());
            memory.repositories.insert(path.to_owned(), contents);
            memory
        };
        for path in ["a", "b"] {
            memories.write(&repository, of(path)).unwrap();
        }
        assert_eq!(memories.read(&repository).repositories.len(), 2);
        assert_eq!(memories.read(&"localhost:5001/a".parse().unwrap()), Memory::default());
        fs::write(memories.file(&repository), "{\"features\": 7").unwrap();
        assert_eq!(memories.read(&repository), Memory::default());
    }
}
