use super::EntryPath;
use std::io;

/// An entry that cannot stand in a tar stream.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Its contents are longer or shorter than was said.
    #[error("`{path}` has more or less than {size} bytes: it changed while it was read")]
    Size {
        /// The entry.
        path: EntryPath,
        /// What was said, in bytes.
        size: u64,
    },
    /// An extended attribute has a name that no header can hold.
    #[error("`{path}` has the extended attribute `{name}`, which a layer cannot hold: its name {reason}")]
    AttributeName {
        /// The entry.
        path: EntryPath,
        /// The attribute, at most 255 characters of it.
        name: String,
        /// What is wrong with its name.
        reason: &'static str,
    },
    /// The extended attributes are more than readers of layers take.
    #[error("the extended attributes of `{path}` take {size} bytes; at most {limit} are read")]
    Attributes {
        /// The entry.
        path: EntryPath,
        /// What they take in the stream, in bytes.
        size: usize,
        /// What readers take.
        limit: usize,
    },
    /// A device has numbers that no header can hold.
    #[error("the device `{path}` has the numbers {major} and {minor}; at most {limit} can be written")]
    Device {
        /// The entry.
        path: EntryPath,
        /// Its major number.
        major: u32,
        /// Its minor number.
        minor: u32,
        /// The largest number that fits.
        limit: u32,
    },
}

impl From<EntryError> for io::Error {
    fn from(error: EntryError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}
