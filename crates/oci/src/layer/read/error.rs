use std::io;

/// A layer that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// Its bytes cannot be had or decompressed.
    #[error(transparent)]
    Read {
        /// What is wrong.
        #[from]
        source: io::Error,
    },
    /// It is not a tar stream, or one that readers understand in different ways.
    #[error("it is not a tar stream: at byte {offset}, {reason}")]
    Malformed {
        /// Bytes of the uncompressed layer before the fault.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
}
