use super::stream::{Stored, Stream};
use super::{LayerContents, LayerObserver};
use crate::{Budget, InventoryError};
use consign_image::layer::uncompressed;
use consign_oci::layer::{Layer, Members};
use std::io::{self, BufReader, Read};

/// Sees a whole layer as it lies in a blob, and reads `blob` to its end. Fails if it holds something else than the config says.
pub fn read_layer(layer: &Layer, blob: impl Read, budget: &Budget) -> Result<LayerContents, InventoryError> {
    let media_type = &layer.descriptor.media_type;
    let blob = Stored::new(blob, &layer.descriptor.digest, budget);
    let stream = uncompressed(media_type, blob)?;
    let stream = stream.ok_or_else(|| InventoryError::MediaType { media_type: media_type.clone() })?;
    let stated = &layer.diff_id;
    let mut stream = BufReader::new(Stream::new(stream, stated.algorithm(), budget));
    let result = members(&mut stream);
    budget.check()?;
    let contents = result?;
    // What follows the archive is padding, and the end of the blob, where a reader that checks a digest has its say.
    let result = io::copy(&mut stream, &mut io::sink());
    budget.check()?;
    result?;
    let found = stream.into_inner().digest();
    if found != *stated {
        let (layer, stated) = (layer.descriptor.digest.clone(), stated.clone());
        return Err(InventoryError::DiffId { layer, stated, found });
    }
    Ok(contents)
}

fn members(stream: &mut dyn Read) -> Result<LayerContents, InventoryError> {
    let mut observer = LayerObserver::new();
    let mut members = Members::new(stream);
    while let Some(member) = members.next_member()? {
        observer.member(member, &mut members)?;
    }
    Ok(observer.finish())
}
