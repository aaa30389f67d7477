use super::{ExportError, LayerSource};
use crate::layer::uncompressed;
use crate::unpack::Limits;
use consign_oci::Hasher;
use consign_oci::layer::{Counted, LayerError, Member, Members};
use std::cell::{Cell, RefCell};
use std::io::{self, Read};

/// Gets each member, with its number from 0 and its contents.
type Each<'a> = dyn FnMut(u64, Member, &mut dyn Read) -> Result<(), ExportError> + 'a;

/// Reads a layer once, with all that is in it, and checks its bytes. `count` is that of the bytes of all layers in this pass.
pub(super) fn read_layer(
    number: usize,
    layer: &LayerSource,
    count: &Cell<u64>,
    limits: &Limits,
    mut each: impl FnMut(u64, Member, &mut dyn Read) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let digest = || layer.descriptor.digest.clone();
    let failed = |source: LayerError| ExportError::Layer { layer: number, digest: digest(), source };
    let hasher = RefCell::new(Hasher::new(layer.descriptor.digest.algorithm()));
    let opened = layer.open().map_err(|error| failed(error.into()))?;
    let media_type = &layer.descriptor.media_type;
    let stream = uncompressed(media_type, Hashed { inner: opened, hasher: &hasher });
    let stream = stream.map_err(|error| failed(error.into()))?;
    let stream = stream.ok_or_else(|| ExportError::MediaType { layer: number, media_type: media_type.clone() })?;
    let mut stream = Counted::new(stream, count, limits.bytes);
    let result = read_members(&mut stream, &failed, &mut each);
    // Whatever a reader made of a stream that was cut short at the limit, the limit is the reason.
    if stream.is_cut() {
        return Err(ExportError::TooMuch { what: "bytes", limit: limits.bytes });
    }
    drop(stream);
    match result {
        Ok(()) if hasher.into_inner().finish() != layer.descriptor.digest => {
            Err(ExportError::Mismatch { layer: number, digest: digest() })
        }
        result => result,
    }
}

fn read_members(
    stream: &mut dyn Read,
    failed: &dyn Fn(LayerError) -> ExportError,
    each: &mut Each<'_>,
) -> Result<(), ExportError> {
    let mut members = Members::new(&mut *stream);
    let mut index = 0;
    while let Some(member) = members.next_member().map_err(failed)? {
        each(index, member, &mut members)?;
        index += 1;
    }
    // What follows the archive is padding, and the end of the compressed stream, where its checksum is.
    io::copy(stream, &mut io::sink()).map_err(|error| failed(error.into()))?;
    Ok(())
}

/// Hashes bytes as they are read.
struct Hashed<'a, R> {
    inner: R,
    hasher: &'a RefCell<Hasher>,
}

impl<R: Read> Read for Hashed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.borrow_mut().update(&buffer[..count]);
        Ok(count)
    }
}
