use super::ahead;
use super::stream::{Stored, Stream};
use super::{LayerContents, LayerObserver};
use crate::{Budget, InventoryError};
use consign_image::layer::uncompressed;
use consign_oci::layer::{Layer, Members};
use std::io::{self, BufReader, Read};
use std::thread;

/// Most pieces of the stream that wait to be looked at.
const WAITING: usize = 8;

/// Sees a whole layer as it lies in a blob, and reads `blob` to its end. Fails if it holds something else than the config says.
///
/// It is decompressed on a thread of its own, which is most of the work.
pub fn read_layer(layer: &Layer, blob: impl Read + Send, budget: &Budget) -> Result<LayerContents, InventoryError> {
    let media_type = &layer.descriptor.media_type;
    let blob = Stored::new(blob, &layer.descriptor.digest, budget);
    let (sender, receiver) = ahead::channel(WAITING);
    thread::scope(|scope| {
        let decompressing = scope.spawn(move || match uncompressed(media_type, blob) {
            Ok(Some(stream)) => {
                sender.send_all(stream);
                Ok(())
            }
            Ok(None) => Err(InventoryError::MediaType { media_type: media_type.clone() }),
            Err(error) => Err(error.into()),
        });
        let contents = checked(layer, receiver, budget);
        // A thread that panics has sent an end that is none of the archive's.
        match decompressing.join() {
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) | Err(_) => contents,
        }
    })
}

fn checked(layer: &Layer, stream: impl Read, budget: &Budget) -> Result<LayerContents, InventoryError> {
    let stated = &layer.diff_id;
    let mut stream = BufReader::new(Stream::new(stream, stated.algorithm(), budget));
    let result = members(&mut stream, budget);
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

pub(super) fn members(stream: &mut dyn Read, budget: &Budget) -> Result<LayerContents, InventoryError> {
    let mut observer = LayerObserver::within(budget);
    let mut members = Members::new(stream);
    while let Some(member) = members.next_member()? {
        observer.member(member, &mut members)?;
    }
    Ok(observer.finish())
}
