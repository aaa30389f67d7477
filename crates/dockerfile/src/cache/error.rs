use consign_image::{ImageError, ImageReferenceError};
use consign_oci::Digest;
use consign_store::StoreError;
use std::io;

/// A cache that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A part of what is written is no `key=value`.
    #[error("the cache `{written}` has the part `{part}`, which is no `key=value`")]
    Part {
        /// What is written.
        written: String,
        /// The part.
        part: String,
    },
    /// It does not say where it is.
    #[error("the cache of `type={kind}` does not say where it is: `{key}` is missing")]
    Missing {
        /// The kind.
        kind: String,
        /// What is missing.
        key: &'static str,
    },
    /// It is of a kind that only others know.
    #[error("caches of `type={kind}` are not used: consign keeps them with `type=registry` or `type=local`{}", if kind == "local" { "; a BuildKit that builds in its place, not in folders" } else { ", a BuildKit that builds in its place also otherwise" })]
    Kind {
        /// The kind.
        kind: String,
    },
    /// `mode` is none.
    #[error("`mode={mode}` is none: `min` leaves the steps of the image, `max` those of all stages")]
    Mode {
        /// What is written.
        mode: String,
    },
    /// Its reference is none.
    #[error("the cache `{written}` is at no place on a registry")]
    Reference {
        /// What is written.
        written: String,
        /// What is wrong.
        source: ImageReferenceError,
    },
    /// Its reference has a digest, or names no registry.
    #[error("the cache `{written}` must be a repository with a tag, without a digest")]
    NotATag {
        /// What is written.
        written: String,
    },
    /// BuildKit wrote it.
    #[error("{cache} is a cache of BuildKit, which consign's own builds cannot use: name another tag for theirs")]
    Buildkit {
        /// The cache.
        cache: String,
    },
    /// It is something else.
    #[error("{cache} is no cache of consign: name another tag for it")]
    Other {
        /// The cache.
        cache: String,
    },
    /// A layer in it is not what it says.
    #[error("the layer {digest} in {cache} is not what the cache says")]
    Contents {
        /// The cache.
        cache: String,
        /// The layer.
        digest: Digest,
    },
    /// A layer in it cannot be read.
    #[error("the layer {digest} in {cache} cannot be read")]
    Read {
        /// The cache.
        cache: String,
        /// The layer.
        digest: Digest,
        /// Why not.
        source: io::Error,
    },
    /// It cannot be read or written.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// What it says cannot be read or written as JSON.
    #[error("what the cache says is not valid JSON")]
    Json(#[from] serde_json::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is none yet.
    #[error("{cache} is not there")]
    NotThere {
        /// The cache.
        cache: String,
    },
    /// Others kept writing at the same time.
    #[error("{cache} was changed by others each time that it was written")]
    Contended {
        /// The cache.
        cache: String,
    },
    /// consign is offline.
    #[error("{cache} is on a registry, and consign is offline")]
    Offline {
        /// The cache.
        cache: String,
    },
}

impl CacheError {
    /// Returns whether what was asked for cannot be; everything else may go better another time, and costs only time now.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Part { .. }
            | Self::Missing { .. }
            | Self::Kind { .. }
            | Self::Mode { .. }
            | Self::Reference { .. }
            | Self::NotATag { .. }
            | Self::Buildkit { .. }
            | Self::Other { .. } => true,
            Self::NotThere { .. }
            | Self::Contents { .. }
            | Self::Read { .. }
            | Self::Image(_)
            | Self::Json(_)
            | Self::Store(_)
            | Self::Contended { .. }
            | Self::Offline { .. } => false,
        }
    }
}
