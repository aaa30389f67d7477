use crate::{Store, StoreError, atomic};
use consign_oci::{Descriptor, Digest};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Largest record that is read, in bytes.
const RECORD_LIMIT: u64 = 4 << 20;
/// Longest name of a reference.
const NAME_LIMIT: usize = 400;

impl Store {
    /// Makes `name` refer to a manifest.
    pub fn put_reference(&self, name: &str, descriptor: &Descriptor) -> Result<(), StoreError> {
        self.put_record(&self.reference_path(name)?, descriptor)
    }

    /// Returns what `name` refers to.
    pub fn reference(&self, name: &str) -> Result<Option<Descriptor>, StoreError> {
        self.record(&self.reference_path(name)?)
    }

    /// Keeps the result of the step whose inputs have this digest.
    pub fn put_step(&self, key: &Digest, result: &impl Serialize) -> Result<(), StoreError> {
        self.put_record(&self.step_path(key), result)
    }

    /// Returns the result of the step whose inputs have this digest. A record in another form, as another version of consign wrote it, is no result.
    pub fn step<T: DeserializeOwned>(&self, key: &Digest) -> Result<Option<T>, StoreError> {
        match self.record(&self.step_path(key)) {
            Err(StoreError::Record { .. }) => Ok(None),
            result => result,
        }
    }

    /// Notes that the artifact `receipt` is about `subject`.
    pub fn put_receipt(&self, subject: &Digest, receipt: &Descriptor) -> Result<(), StoreError> {
        let path = self.receipts_folder(subject).join(format!("{}.json", receipt.digest.hex()));
        self.put_record(&path, receipt)
    }

    /// Returns the artifacts that are about `subject`, in the order of their digests.
    pub fn receipts(&self, subject: &Digest) -> Result<Vec<Descriptor>, StoreError> {
        let folder = self.receipts_folder(subject);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(StoreError::Io { action: "list", path: folder, source }),
        };
        let mut receipts: Vec<Descriptor> = Vec::new();
        for entry in entries {
            let entry = entry.map_err(StoreError::io("list", &folder))?;
            receipts.extend(self.record(&entry.path())?);
        }
        receipts.sort_by(|one, other| one.digest.cmp(&other.digest));
        Ok(receipts)
    }

    fn receipts_folder(&self, subject: &Digest) -> PathBuf {
        self.root.join("receipts").join(subject.algorithm().name()).join(subject.hex())
    }

    fn step_path(&self, key: &Digest) -> PathBuf {
        self.root.join("steps").join(format!("{}.json", key.hex()))
    }

    fn reference_path(&self, name: &str) -> Result<PathBuf, StoreError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-/:@".contains(&b);
        let valid = name.len() <= NAME_LIMIT
            && name.bytes().all(allowed)
            && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
        if !valid {
            return Err(StoreError::Name { name: name.chars().take(NAME_LIMIT).collect() });
        }
        Ok(self.root.join("references").join(format!("{}.json", name.replace(':', ","))))
    }

    fn put_record(&self, path: &Path, record: &impl Serialize) -> Result<(), StoreError> {
        let bytes =
            serde_json::to_vec(record).map_err(|source| StoreError::Record { path: path.to_owned(), source })?;
        atomic::write_file(&self.partial(), path, &bytes)
    }

    fn record<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<T>, StoreError> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.len() <= RECORD_LIMIT => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StoreError::Io { action: "read", path: path.to_owned(), source }),
        }
        let bytes = fs::read(path).map_err(StoreError::io("read", path))?;
        serde_json::from_slice(&bytes).map(Some).map_err(|source| StoreError::Record { path: path.to_owned(), source })
    }
}
