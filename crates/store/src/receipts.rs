use crate::walk::{Entry, Listing, digest};
use crate::{Store, StoreError};
use consign_oci::{Descriptor, Digest};
use std::path::PathBuf;

/// Returns what the receipts in a folder are about, which lies in that of an algorithm; `None` if consign does not make such a folder.
pub(crate) fn subject_of(algorithm: &Entry, folder: &Entry) -> Option<Digest> {
    digest(algorithm.name(), folder.name()).filter(|_| folder.metadata.is_dir())
}

/// Returns the hexadecimal digits of the artifact that a receipt is called by, if one may be called so.
pub(crate) fn artifact_of(receipt: &Entry) -> Option<&str> {
    let hex = receipt.name().strip_suffix(".json")?;
    ["sha256", "sha512"].into_iter().any(|algorithm| digest(algorithm, hex).is_some()).then_some(hex)
}

impl Store {
    /// Notes that the artifact `receipt` is about `subject`.
    pub fn put_receipt(&self, subject: &Digest, receipt: &Descriptor) -> Result<(), StoreError> {
        let path = self.receipts_folder(subject).join(format!("{}.json", receipt.digest.hex()));
        self.put_record(&path, receipt)
    }

    /// Returns the artifacts that are about `subject`, in the order of their digests.
    pub fn receipts(&self, subject: &Digest) -> Result<Vec<Descriptor>, StoreError> {
        let mut receipts: Vec<Descriptor> = Vec::new();
        for entry in Listing::of(&self.receipts_folder(subject))? {
            let entry = entry?;
            if artifact_of(&entry).is_some() {
                receipts.extend(self.record(&entry.path)?.map(|record| record.used(&entry.path)));
            }
        }
        receipts.sort_by(|one, other| one.digest.cmp(&other.digest));
        Ok(receipts)
    }

    pub(crate) fn receipts_folder(&self, subject: &Digest) -> PathBuf {
        self.root.join("receipts").join(subject.algorithm().name()).join(subject.hex())
    }
}
