use crate::{Store, StoreError};
use consign_oci::Descriptor;
use std::path::{Path, PathBuf};

/// Longest name of a reference.
const NAME_LIMIT: usize = 400;
/// What the names begin with that only note what a reference elsewhere stood for, so that it can do without the network. Such a note is not kept
/// for ever, as an image is that somebody named.
pub(crate) const NOTES: &str = "base/";

impl Store {
    /// Makes `name` refer to a manifest.
    pub fn put_reference(&self, name: &str, descriptor: &Descriptor) -> Result<(), StoreError> {
        self.put_record(&self.reference_path(name)?, descriptor)
    }

    /// Returns what `name` refers to.
    pub fn reference(&self, name: &str) -> Result<Option<Descriptor>, StoreError> {
        let path = self.reference_path(name)?;
        Ok(self.record(&path)?.map(|record| record.used(&path)))
    }

    fn reference_path(&self, name: &str) -> Result<PathBuf, StoreError> {
        if !is_name(name) {
            return Err(StoreError::Name { name: name.chars().take(NAME_LIMIT).collect() });
        }
        Ok(self.root.join("references").join(format!("{}.json", name.replace(':', ","))))
    }
}

/// Returns the name of the reference whose file is at `path`, seen from the folder of all.
pub(crate) fn name_of(path: &Path) -> Option<String> {
    let name = path.to_str()?.strip_suffix(".json")?.replace(',', ":");
    is_name(&name).then_some(name)
}

fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-/:@".contains(&b);
    name.len() <= NAME_LIMIT
        && name.bytes().all(allowed)
        && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}
