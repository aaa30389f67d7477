//! Provenance and SBOMs in the index itself, where BuildKit puts them (BuildKit, `docs/attestations/attestation-storage.md`).

use crate::ReleaseError;
use crate::produce::ProducedPlatform;
use consign_oci::{Descriptor, Exact, Manifest, Platform, annotation, media_type};
use consign_receipt::{Policy, Receipt, predicate};
use consign_store::Store;
use serde_json::json;

/// What readers of indexes look for there.
const EMBEDDED: [&str; 2] = [predicate::PROVENANCE, predicate::SBOM];

/// Keeps a manifest with the statements about each platform that count, and returns what the index lists of them. Who verifies the index verifies that
/// they are there; that they are signed, too, is another matter.
pub(crate) fn embed(
    store: &Store,
    platforms: &[ProducedPlatform],
    policy: &Policy,
) -> Result<Vec<Descriptor>, ReleaseError> {
    let mut entries = Vec::new();
    for platform in platforms {
        let counts = |receipt: &&Receipt| {
            let statement = &receipt.statement;
            EMBEDDED.contains(&statement.predicate_type.as_str())
                && policy.believes(receipt)
                && statement.is_about(&platform.manifest.digest)
        };
        let receipts: Vec<&Receipt> = platform.receipts.iter().filter(counts).collect();
        if !receipts.is_empty() {
            entries.push(entry(store, &platform.manifest, &receipts)?);
        }
    }
    Ok(entries)
}

fn entry(store: &Store, image: &Descriptor, receipts: &[&Receipt]) -> Result<Descriptor, ReleaseError> {
    let mut layers = Vec::new();
    for Receipt { statement, .. } in receipts {
        store.put(statement.bytes())?;
        let mut layer = statement.descriptor(media_type::IN_TOTO);
        layer.annotations.insert(annotation::PREDICATE_TYPE.to_owned(), statement.predicate_type.clone());
        layers.push(layer);
    }
    let nobody = Platform::unknown();
    let diff_ids: Vec<_> = layers.iter().map(|layer| &layer.digest).collect();
    let config = serde_json::to_vec(&json!({
        "architecture": nobody.architecture(),
        "os": nobody.os(),
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    }))?;
    store.put(&config)?;
    let manifest = Exact::write(Manifest::new(Descriptor::of(media_type::CONFIG, &config), layers))?;
    store.put(manifest.bytes())?;
    let mut entry = manifest.descriptor(media_type::MANIFEST);
    entry.platform = Some(nobody);
    entry.annotations.insert(annotation::REFERENCE_TYPE.to_owned(), annotation::ATTESTATIONS.to_owned());
    entry.annotations.insert(annotation::REFERENCE_DIGEST.to_owned(), image.digest.to_string());
    Ok(entry)
}
