//! The statement that an image was copied, attached to it where it arrived.

use crate::ReleaseError;
use consign_image::Sink;
use consign_oci::{Descriptor, Digest, Document, Exact};
use consign_receipt::predicate::{COPY_RECORD, CopyRecord};
use consign_receipt::{Statement, predicate};
use consign_sign::Signer;

/// Signs the record, and writes it beside the image, which has to be there. Returns the digest of what carries it.
pub async fn attach_copy_record(
    sink: &Sink,
    image: &Descriptor,
    record: &CopyRecord,
    key: &dyn Signer,
) -> Result<Digest, ReleaseError> {
    let statement = Exact::write(Statement::new(&image.digest, COPY_RECORD, serde_json::to_value(record)?))?;
    let bundle = consign_sign::sign(&statement, key)?;
    let artifact = consign_sign::artifact(image, &bundle, predicate::COPY_RECORD, &record.time)?;
    for (blob, bytes) in &artifact.blobs {
        sink.put_bytes(blob, bytes).await?;
    }
    let document = Document::Manifest(artifact.manifest);
    sink.put_document(&document, document.digest()).await?;
    Ok(document.digest().clone())
}
