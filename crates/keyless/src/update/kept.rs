//! What is kept of a repository: one file, so that it is all there or not at all. It is verified whenever it is read.

use super::files::Files;
use super::mirror::Mirror;
use super::{Repository, UpdateError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The form that is written and read.
const VERSION: u32 = 1;
/// Largest file, in bytes.
const LIMIT: usize = 32 << 20;

#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    mirror: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    root: Option<String>,
    files: BTreeMap<String, String>,
}

impl Repository {
    /// Reads what [`Repository::write`] wrote. It says nothing that counts until it is verified.
    pub fn read(bytes: &[u8]) -> Result<Self, UpdateError> {
        if bytes.len() > LIMIT {
            return Err(UpdateError::Form { detail: format!("it has more than {LIMIT} bytes") });
        }
        let kept: Kept =
            serde_json::from_slice(bytes).map_err(|error| UpdateError::Form { detail: error.to_string() })?;
        if kept.version != VERSION {
            return Err(UpdateError::Form {
                detail: format!("it has the form {}, and {VERSION} is read", kept.version),
            });
        }
        Ok(Self { mirror: Mirror::parse(&kept.mirror)?, root: kept.root, files: Files::new(kept.files) })
    }

    /// Writes all of it, to be kept.
    pub fn write(&self) -> Result<Vec<u8>, UpdateError> {
        let kept =
            Kept { version: VERSION, mirror: self.mirror.address(), root: self.root.clone(), files: self.files.all() };
        let bytes = serde_json::to_vec(&kept).map_err(|error| UpdateError::Form { detail: error.to_string() })?;
        match bytes.len() > LIMIT {
            true => Err(UpdateError::Form { detail: format!("it would have more than {LIMIT} bytes") }),
            false => Ok(bytes),
        }
    }
}
