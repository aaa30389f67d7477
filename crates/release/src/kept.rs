//! Receipts of earlier runs, by the digest of everything that they follow from.

use crate::{ReleaseError, Workshop};
use consign_oci::{Digest, Exact};
use consign_receipt::{Receipt, Trust};
use serde::{Deserialize, Serialize};

/// What a step that makes a receipt keeps.
#[derive(Serialize, Deserialize)]
struct Step {
    statement: Digest,
}

impl Workshop {
    /// Returns the receipt that the step with this key made in an earlier run, if there is one, and results of earlier runs are used.
    pub(crate) fn kept_receipt(&self, key: &Digest, trust: Trust) -> Result<Option<Receipt>, ReleaseError> {
        let step = if self.reuse { self.store.step::<Step>(key)? } else { None };
        let bytes = step.and_then(|step| self.store.read(&step.statement, consign_sign::LIMIT).ok());
        bytes.map(|bytes| Ok(Receipt { statement: Exact::read(bytes)?, trust })).transpose()
    }

    /// Keeps the receipt that a step made for later runs.
    pub(crate) fn keep_receipt(&self, kind: &str, key: &Digest, receipt: &Receipt) -> Result<(), ReleaseError> {
        let statement = self.store.put(receipt.statement.bytes())?;
        let needs = [statement.clone()];
        Ok(self.store.put_step(kind, key, &needs, &Step { statement })?)
    }
}
