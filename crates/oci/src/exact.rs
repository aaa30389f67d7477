use crate::{Descriptor, Digest};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ops::Deref;

/// A JSON document together with the exact bytes that it was read from or written as. Its digest is the hash of those bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exact<T> {
    value: T,
    bytes: Vec<u8>,
    digest: Digest,
}

impl<T: DeserializeOwned> Exact<T> {
    /// Parses `bytes` and keeps them.
    pub fn read(bytes: Vec<u8>) -> Result<Self, serde_json::Error> {
        let value = serde_json::from_slice(&bytes)?;
        let digest = Digest::of(&bytes);
        Ok(Self { value, bytes, digest })
    }
}

impl<T: Serialize> Exact<T> {
    /// Serializes `value`: fields in the order of the type, maps by key, no spaces.
    pub fn write(value: T) -> Result<Self, serde_json::Error> {
        let bytes = serde_json::to_vec(&value)?;
        let digest = Digest::of(&bytes);
        Ok(Self { value, bytes, digest })
    }
}

impl<T> Exact<T> {
    /// Returns the bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the digest of the bytes.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Returns a descriptor of the bytes as this media type.
    pub fn descriptor(&self, media_type: &str) -> Descriptor {
        Descriptor::new(media_type, self.digest.clone(), self.bytes.len() as u64)
    }

    /// Returns the parsed document.
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T> Deref for Exact<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
