//! Brings up to date whom to trust, and whom to ask (The Update Framework 1.0, `tuf-spec.md`, section 5).

mod error;
mod files;
mod kept;
mod mirror;

pub use error::{UpdateError, UpdateProblem};

use crate::Web;
use files::{Files, Offline};
use jiff::Timestamp;
use mirror::{Mirror, Remote};
use sigstore_tuf::{Updater, UpdaterConfig};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Where the public deployment publishes it.
const PUBLIC: &str = "https://tuf-repo-cdn.sigstore.dev";
/// The `root.json` of the public deployment, by which all later ones are known: version 16.
const PUBLIC_ROOT: &[u8] = include_bytes!("public_root.json");
const TRUSTED_ROOT: &str = "trusted_root.json";
const SIGNING_CONFIG: &str = "signing_config.v0.2.json";

/// Publishes whom to trust and whom to ask, signed by those whom its roots name. Has what it said last.
#[derive(Clone, Debug)]
pub struct Repository {
    mirror: Mirror,
    /// The `root.json` that it is known by, unless that is the public one.
    root: Option<String>,
    files: Files,
}

/// What a repository says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustMaterial {
    /// Whom to trust: a `trusted_root.json`.
    pub trusted_root: Vec<u8>,
    /// Whom to ask: a `signing_config.json` of version 0.2, if the repository has one.
    pub signing_config: Option<Vec<u8>>,
    /// The version of its root.
    pub root_version: u64,
    /// The version of its timestamp: each is newer than the one before it.
    pub version: u64,
    /// Until when that holds.
    pub expires: Timestamp,
}

impl Repository {
    /// Returns a repository that has said nothing yet: at `mirror`, an address by HTTPS or a folder as `file:///…`, known by the bytes of a `root.json`.
    /// What is not given is that of the public deployment.
    pub fn new(mirror: Option<&str>, root: Option<&[u8]>) -> Result<Self, UpdateError> {
        let mirror = Mirror::parse(mirror.unwrap_or(PUBLIC))?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| UpdateError::Root { source: None });
        let this = Self { mirror, root: root.map(text).transpose()?, files: Files::default() };
        this.updater(Offline(Files::default()))?;
        Ok(this)
    }

    /// Returns the address of the repository.
    pub fn mirror(&self) -> String {
        self.mirror.to_string()
    }

    /// Returns whether it is that of the public deployment, wherever a copy of it is asked.
    pub fn is_public(&self) -> bool {
        self.root.is_none()
    }

    /// Returns whether it is asked through a network.
    pub fn is_remote(&self) -> bool {
        matches!(self.mirror, Mirror::Web(_))
    }

    /// Asks the repository, and returns it with what it says now. Nothing older than what it said before is taken.
    pub async fn update(&self, web: &Web, now: Timestamp) -> Result<Self, UpdateError> {
        let files = self.files.copy();
        let updater = self.updater(Remote::new(&self.mirror, web))?.with_store(files.clone());
        let failed = |error: sigstore_tuf::Error| self.failure(false, error);
        material(updater, now).await.map_err(failed)?;
        let updated = Self { mirror: self.mirror.clone(), root: self.root.clone(), files };
        updated.material(now)?;
        Ok(updated)
    }

    /// Returns what it said last, verified once more as if it came from the repository, without a connection.
    pub fn material(&self, now: Timestamp) -> Result<TrustMaterial, UpdateError> {
        let files = self.files.copy();
        let updater = self.updater(Offline(files.clone()))?.with_store(files);
        let mut verifying = pin!(material(updater, now));
        // Nothing in it waits for anybody.
        let verified = match verifying.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(verified) => verified,
            Poll::Pending => Err(sigstore_tuf::Error::NotRefreshed),
        };
        verified.map_err(|error| self.failure(true, error))
    }

    fn updater(&self, source: impl sigstore_tuf::Repository + 'static) -> Result<Updater, UpdateError> {
        let root = self.root.as_deref().map_or(PUBLIC_ROOT, str::as_bytes);
        let updater = Updater::new(source, root).map_err(|source| UpdateError::Root { source: Some(source) })?;
        let mut limits = UpdaterConfig::default();
        limits.snapshot_max_length = 1 << 20;
        limits.targets_max_length = 1 << 20;
        limits.target_max_length = 4 << 20;
        limits.max_delegations = 8;
        Ok(updater.with_config(limits))
    }

    fn failure(&self, is_kept: bool, error: sigstore_tuf::Error) -> UpdateError {
        let (repository, problem) = (self.mirror(), UpdateProblem::from(error));
        if is_kept {
            UpdateError::Kept { repository, problem }
        } else {
            UpdateError::Repository { repository, problem }
        }
    }
}

async fn material(mut updater: Updater, now: Timestamp) -> sigstore_tuf::Result<TrustMaterial> {
    updater.refresh(now).await?;
    let trusted_root = updater.get_target(TRUSTED_ROOT, now).await?;
    let signing_config = match updater.get_target(SIGNING_CONFIG, now).await {
        Ok(file) => Some(file),
        Err(sigstore_tuf::Error::TargetNotFound(_)) => None,
        Err(error) => return Err(error),
    };
    let trusted = updater.trusted();
    let (root, timestamp) = (trusted.root(), trusted.timestamp().ok_or(sigstore_tuf::Error::NotRefreshed)?);
    let others =
        [trusted.snapshot().map(|role| role.expires), trusted.targets_role("targets").map(|role| role.expires)];
    let expires = others.into_iter().flatten().chain([root.expires]).fold(timestamp.expires, Ord::min);
    let (root_version, version) = (root.version, timestamp.version);
    Ok(TrustMaterial { trusted_root, signing_config, root_version, version, expires })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_public_deployment_is_known() {
        let repository = Repository::new(None, None).unwrap();
        assert_eq!(repository.mirror(), PUBLIC);
        assert_eq!(repository.updater(Offline(Files::default())).unwrap().trusted().root().version, 16);
    }
}
