use super::edit::{ConfigText, Listed};
use super::file::{ConfigFileError, read, update};
use crate::Credentials;
use crate::credential_helper::{self, HelperError};
use consign_oci::RegistryPath;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use tokio::task::spawn_blocking;

/// Credentials that cannot be kept, or not be forgotten.
#[derive(Debug, thiserror::Error)]
pub enum KeepingError {
    /// The file cannot be read or changed.
    #[error(transparent)]
    File(#[from] ConfigFileError),
    /// The helper that the file names does not do what it was asked.
    #[error(transparent)]
    Helper(#[from] HelperError),
}

/// Who keeps credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The file, where they are not encrypted.
    InFile,
    /// The program `docker-credential-NAME`, which the file names.
    ByHelper {
        /// The helper's name.
        name: String,
    },
}

/// Keeps credentials: with the helper that the file names for this registry or part of one, else in the file, which is made if it is not there. The
/// helper sees this environment and no other.
pub async fn keep(
    path: &Path,
    at: &RegistryPath,
    credentials: &Credentials,
    environment: &BTreeMap<String, String>,
) -> Result<Kept, KeepingError> {
    let Some(keeper) = read(path)?.and_then(|text| text.keeper(at)) else {
        let (place, credentials) = (at.clone(), credentials.clone());
        change(path, move |text| text.set(&place, &credentials)).await?;
        return Ok(Kept::InFile);
    };
    credential_helper::store(&keeper.name, &keeper.server, credentials, environment).await?;
    let place = at.clone();
    // Docker lists there what its store keeps; and what the file itself kept before is to be nowhere.
    change(path, move |text| match keeper.is_store {
        true => text.list(&place),
        false => _ = text.remove(&place),
    })
    .await?;
    Ok(Kept::ByHelper { name: keeper.name })
}

/// Forgets the credentials of a registry, or of this part of it. Returns who kept them; nobody if there were none.
pub async fn forget(
    path: &Path,
    at: &RegistryPath,
    environment: &BTreeMap<String, String>,
) -> Result<Vec<Kept>, KeepingError> {
    let Some(text) = read(path)? else { return Ok(Vec::new()) };
    let mut kept = Vec::new();
    // The file first: a helper that fails keeps nothing else from being forgotten.
    if let Some(listed) = text.listed(at) {
        let place = at.clone();
        change(path, move |text| text.remove(&place)).await?;
        kept.extend((listed == Listed::WithSecrets).then_some(Kept::InFile));
    }
    if let Some(keeper) = text.keeper(at)
        && credential_helper::get(&keeper.name, &keeper.server, environment).await?.is_some()
    {
        credential_helper::erase(&keeper.name, &keeper.server, environment).await?;
        kept.push(Kept::ByHelper { name: keeper.name });
    }
    Ok(kept)
}

async fn change<T: Send + 'static>(
    path: &Path,
    change: impl FnOnce(&mut ConfigText) -> T + Send + 'static,
) -> Result<T, ConfigFileError> {
    let (path, named) = (path.to_owned(), path.to_owned());
    let failed = |error| ConfigFileError::Io { action: "write", path: named, source: io::Error::other(error) };
    // To wait for a lock keeps a thread.
    spawn_blocking(move || update(&path, change)).await.map_err(failed)?
}
