use crate::{ImageError, Place, children};
use consign_oci::{Descriptor, media_type};
use consign_store::Store;
use std::io::Write;
use tokio::io::AsyncReadExt;

/// Most manifests that one image may be made of.
const MANIFEST_LIMIT: usize = 1_000;

/// Brings an image into the store: manifests, configs and layers, each checked against its descriptor, children before parents.
///
/// Blobs that the store has are not read again. Returns nothing; `root` names the image afterwards as before.
pub async fn import(place: &Place, root: &Descriptor, store: &Store) -> Result<(), ImageError> {
    let mut waiting = vec![root.clone()];
    let mut documents = Vec::new();
    while let Some(descriptor) = waiting.pop() {
        if documents.len() == MANIFEST_LIMIT {
            let (digest, size) = (root.digest.clone(), documents.len() as u64);
            return Err(ImageError::TooLarge { place: place.describe(), digest, size, limit: MANIFEST_LIMIT as u64 });
        }
        let document = place.document(&descriptor).await?;
        for child in children(&document) {
            if media_type::is_index(&child.media_type) || media_type::is_manifest(&child.media_type) {
                waiting.push(child.clone());
            } else {
                import_blob(place, child, store).await?;
            }
        }
        documents.push(document);
    }
    for document in documents.iter().rev() {
        store.put(document.bytes())?;
    }
    Ok(())
}

async fn import_blob(place: &Place, descriptor: &Descriptor, store: &Store) -> Result<(), ImageError> {
    if store.contains(&descriptor.digest) {
        return Ok(());
    }
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::InvalidData => {
            ImageError::Mismatch { place: place.describe(), digest: descriptor.digest.clone() }
        }
        _ => ImageError::Io { action: "read a blob of", path: place.describe().into(), source },
    };
    let mut reader = place.reader(descriptor).await?;
    let mut writer = store.writer()?;
    let mut chunk = vec![0; 256 * 1024];
    loop {
        let read = reader.read(&mut chunk).await.map_err(failed)?;
        if read == 0 {
            break;
        }
        writer.write_all(&chunk[..read]).map_err(failed)?;
    }
    writer.commit(Some(&descriptor.digest))?;
    Ok(())
}
