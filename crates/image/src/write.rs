use consign_oci::layer::Layer;
use consign_oci::{Exact, History, ImageConfig, Manifest, Platform, RootFilesystem, RuntimeConfig, media_type};
use consign_store::{Store, StoreError};
use std::collections::BTreeMap;

/// An image that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A manifest or config cannot be written as JSON.
    #[error("cannot write the {what} as JSON")]
    Json {
        /// Which document.
        what: &'static str,
        /// Why not.
        source: serde_json::Error,
    },
    /// A time is beyond what RFC 3339 can write.
    #[error("{seconds} seconds since 1970 is no time that can be written")]
    Time {
        /// The time.
        seconds: u64,
    },
}

/// What an image for one platform consists of. Its layers are in the store.
#[derive(Clone, Debug)]
pub struct Parts {
    /// What it runs on.
    pub platform: Platform,
    /// When it was made, RFC 3339.
    pub created: String,
    /// Who made it.
    pub author: Option<String>,
    /// How to run it.
    pub config: RuntimeConfig,
    /// Its layers, lowest first.
    pub layers: Vec<Layer>,
    /// How each was made.
    pub history: Vec<History>,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
}

impl Parts {
    /// Writes config and manifest to the store.
    pub fn write(self, store: &Store) -> Result<(Exact<Manifest>, Exact<ImageConfig>), WriteError> {
        let config = ImageConfig {
            created: Some(self.created),
            author: self.author,
            platform: self.platform,
            config: self.config,
            rootfs: RootFilesystem::new(self.layers.iter().map(|layer| layer.diff_id.clone()).collect()),
            history: self.history,
        };
        let config = Exact::write(config).map_err(|source| WriteError::Json { what: "config", source })?;
        let layers = self.layers.into_iter().map(|layer| layer.descriptor).collect();
        let mut manifest = Manifest::new(config.descriptor(media_type::CONFIG), layers);
        manifest.annotations = self.annotations;
        let manifest = Exact::write(manifest).map_err(|source| WriteError::Json { what: "manifest", source })?;
        store.put(config.bytes())?;
        store.put(manifest.bytes())?;
        Ok((manifest, config))
    }
}

/// Returns a time as RFC 3339 writes it.
pub fn rfc3339(seconds: u64) -> Result<String, WriteError> {
    let time = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map(|time| time.to_string()).ok_or(WriteError::Time { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_times_as_rfc_3339() {
        assert_eq!(rfc3339(0).unwrap(), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_700_000_000).unwrap(), "2023-11-14T22:13:20Z");
        assert!(rfc3339(u64::MAX).is_err());
    }
}
