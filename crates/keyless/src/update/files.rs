//! What a repository said, in memory: names in it name no file here.

use super::UpdateProblem;
use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{Error, MetadataStore, Repository};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Files by their names; all clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Files(Arc<Mutex<BTreeMap<String, String>>>);

impl Files {
    pub(super) fn new(files: BTreeMap<String, String>) -> Self {
        Self(Arc::new(Mutex::new(files)))
    }

    pub(super) fn all(&self) -> BTreeMap<String, String> {
        self.lock().clone()
    }

    /// Returns others that are like these.
    pub(super) fn copy(&self) -> Self {
        Self::new(self.all())
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.lock().get(name).map(|text| text.clone().into_bytes())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MetadataStore for Files {
    fn load(&self, name: &str) -> sigstore_tuf::Result<Option<Vec<u8>>> {
        Ok(self.get(name))
    }

    fn store(&self, name: &str, bytes: &[u8]) -> sigstore_tuf::Result<()> {
        // They are there under another name, too; and those of earlier versions would stay for ever.
        if name == "root.json" || without_version(name) == Some("snapshot.json") {
            return Ok(());
        }
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| Error::Malformed(format!("{name} is not a text")))?;
        self.lock().insert(name.to_owned(), text);
        Ok(())
    }
}

/// A repository that says what it said before.
pub(super) struct Offline(pub(super) Files);

impl Offline {
    fn find(&self, names: [&str; 2], limit: u64) -> sigstore_tuf::Result<Vec<u8>> {
        let [file, _] = names.map(str::to_owned);
        match names.iter().find_map(|name| self.0.get(name)) {
            Some(bytes) if bytes.len() as u64 > limit => Err(UpdateProblem::TooLarge { file, limit }.into()),
            Some(bytes) => Ok(bytes),
            None => Err(UpdateProblem::Missing { file }.into()),
        }
    }
}

impl Repository for Offline {
    fn fetch_metadata<'a>(&'a self, name: &'a str, max_length: u64) -> FetchFuture<'a> {
        let plain = without_version(name).unwrap_or(name);
        let found = match plain {
            "root.json" => Ok(self.0.get(&format!("root_history/{name}"))),
            plain => self.find([plain, name], max_length).map(Some),
        };
        Box::pin(std::future::ready(found))
    }

    fn fetch_target<'a>(&'a self, path: &'a str, max_length: u64) -> FetchFuture<'a> {
        // With the hash before its name, or without.
        let (whole, name) = (format!("targets/{path}"), path.split_once('.').map_or(path, |(_, name)| name));
        let found = self.find([&format!("targets/{name}"), &whole], max_length);
        Box::pin(std::future::ready(found.map(Some)))
    }
}

/// Returns the name of a file without the version before it.
pub(super) fn without_version(name: &str) -> Option<&str> {
    let (version, name) = name.split_once('.')?;
    version.bytes().all(|byte| byte.is_ascii_digit()).then_some(name)
}
