use crate::request::Request;
use consign_image::Built;
use consign_oci::layer::Layer;
use consign_oci::{DOCUMENT_LIMIT, Digest, Exact, Platform};
use consign_receipt::predicate::ResourceDescriptor;
use consign_store::{Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Names what this room makes of the same inputs: raise it when that changes.
const FORMAT: u32 = 8;

/// What an earlier build with the same inputs made.
#[derive(Serialize, Deserialize)]
struct Record {
    platform: Platform,
    manifest: Digest,
    config: Digest,
    diff_ids: Vec<Digest>,
    resolved_dependencies: Vec<ResourceDescriptor>,
    external_parameters: Value,
    /// What the packages themselves give cause for.
    warnings: Vec<String>,
}

/// Returns the digest of everything that decides what a build makes.
pub(crate) fn key(parameters: &Value, inputs: &Value, request: &Request<'_>) -> Digest {
    let all = json!({
        "step": "build",
        "format": FORMAT,
        "version": env!("CARGO_PKG_VERSION"),
        "platform": request.platform,
        "parameters": parameters,
        "inputs": inputs,
        "epoch": request.epoch,
        "sourceTime": request.source_time,
        "annotations": request.annotations,
    });
    Digest::of(all.to_string().as_bytes())
}

/// Returns what an earlier build made, if all of it is still in the store and may be reused.
pub(crate) fn load(key: &Digest, request: &Request<'_>) -> Result<Option<Built>, StoreError> {
    if !request.reuse {
        return Ok(None);
    }
    let record = request.store.step::<Record>(key)?;
    Ok(record.and_then(|record| restore(record, request.store)))
}

fn restore(record: Record, store: &Store) -> Option<Built> {
    let manifest = Exact::<consign_oci::Manifest>::read(store.read(&record.manifest, DOCUMENT_LIMIT).ok()?).ok()?;
    let config = Exact::read(store.read(&record.config, DOCUMENT_LIMIT).ok()?).ok()?;
    let complete = manifest.layers.len() == record.diff_ids.len()
        && manifest.config.digest == record.config
        && manifest.layers.iter().all(|layer| store.has(layer));
    if !complete {
        return None;
    }
    let layers = manifest.layers.iter().cloned().zip(record.diff_ids);
    let layers = layers.map(|(descriptor, diff_id)| Layer { descriptor, diff_id }).collect();
    Some(Built {
        platform: record.platform,
        manifest,
        config,
        layers,
        resolved_dependencies: record.resolved_dependencies,
        external_parameters: record.external_parameters,
        warnings: record.warnings,
        reused: true,
    })
}

/// Keeps what a build made.
pub(crate) fn save(key: &Digest, built: &Built, store: &Store) -> Result<(), StoreError> {
    let record = Record {
        platform: built.platform.clone(),
        manifest: built.manifest.digest().clone(),
        config: built.config.digest().clone(),
        diff_ids: built.layers.iter().map(|layer| layer.diff_id.clone()).collect(),
        resolved_dependencies: built.resolved_dependencies.clone(),
        external_parameters: built.external_parameters.clone(),
        warnings: built.warnings.clone(),
    };
    let layers = built.layers.iter().map(|layer| &layer.descriptor.digest);
    let blobs: Vec<Digest> = [&record.manifest, &record.config].into_iter().chain(layers).cloned().collect();
    store.put_step("build", key, &blobs, &record)
}
