//! What is in an image, written for others: SPDX 2.3 and CycloneDX 1.6. The same bytes for the same image and version of consign.

mod cyclonedx;
mod described;
mod error;
mod identifier;
mod licence;
mod purl;
mod spdx;
mod text;

pub(crate) use cyclonedx::document as cyclonedx;
pub use cyclonedx::index as cyclonedx_index;
pub use cyclonedx::with_vulnerabilities;
pub use described::{Described, DescribedIndex};
pub use error::SbomError;
pub use identifier::labels;
pub use purl::of as image_url;
pub(crate) use spdx::document as spdx;
pub use spdx::index as spdx_index;

use consign_oci::Digest;
use consign_receipt::predicate::ImageFacts;
use consign_receipt::{Receipt, Statement, predicate};
use serde_json::Value;

/// Names how documents are written: raise it when the same contents would give other bytes.
pub const DOCUMENT_FORMAT: u32 = 3;

/// Returns the receipt that says what is in the image with this digest, with the document that [`Catalogue::spdx`](crate::Catalogue::spdx) gave.
pub fn receipt(document: Value, digest: &Digest) -> Result<Receipt, SbomError> {
    Ok(Receipt::derived(Statement::new(digest, predicate::SBOM, document))?)
}

/// Returns the receipt that says what the settings and files of the image with this digest say.
pub fn facts_receipt(facts: &ImageFacts, digest: &Digest) -> Result<Receipt, SbomError> {
    Ok(Receipt::derived(Statement::new(digest, predicate::IMAGE_FACTS, serde_json::to_value(facts)?))?)
}
