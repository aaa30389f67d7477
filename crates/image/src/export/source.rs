use crate::{ImageError, LAYER_LIMIT, Place};
use consign_oci::{Descriptor, Digest, Manifest};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use tokio::io::AsyncReadExt;

/// How much of a layer is written at once, in bytes.
const BUFFER: usize = 256 << 10;

/// A layer at hand, to be read as often as it has to be.
pub struct LayerSource {
    pub(super) descriptor: Descriptor,
    bytes: Bytes,
}

enum Bytes {
    /// In a file with others.
    Fetched { file: Arc<File>, offset: u64 },
    /// Where the image lies.
    Local(Arc<Place>),
    /// In memory.
    Memory(Arc<[u8]>),
}

impl LayerSource {
    /// Makes a layer of bytes.
    pub fn of_bytes(descriptor: Descriptor, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { descriptor, bytes: Bytes::Memory(bytes.into()) }
    }

    /// Opens the layer. What comes is not checked.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        let size = self.descriptor.size;
        Ok(match &self.bytes {
            Bytes::Fetched { file, offset } => Box::new(Part { file, position: *offset, left: size }),
            Bytes::Local(place) => Box::new(place.file(&self.descriptor).map_err(io::Error::other)?.take(size)),
            Bytes::Memory(bytes) => Box::new(&bytes[..]),
        })
    }
}

struct Part<'a> {
    file: &'a File,
    position: u64,
    left: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read_at(&mut buffer[..most], self.position)?;
        self.position += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

impl Place {
    /// Returns the layers of an image of this place, lowest first. Those of a registry are fetched, into a file without a name in the folder `scratch`,
    /// which ends with them.
    pub async fn layers(&self, manifest: &Manifest, scratch: &Path) -> Result<Vec<LayerSource>, ImageError> {
        let layers = &manifest.layers;
        if layers.len() > LAYER_LIMIT {
            return Err(ImageError::TooManyLayers { place: self.describe(), count: layers.len(), limit: LAYER_LIMIT });
        }
        if !matches!(self, Self::Registry { .. }) {
            let place = Arc::new(self.clone());
            let local =
                |layer: &Descriptor| LayerSource { descriptor: layer.clone(), bytes: Bytes::Local(place.clone()) };
            return Ok(layers.iter().map(local).collect());
        }
        let failed = |source| ImageError::Io { action: "write", path: scratch.to_owned(), source };
        let file = Arc::new(tempfile::tempfile_in(scratch).map_err(failed)?);
        let mut offsets: BTreeMap<&Digest, u64> = BTreeMap::new();
        let mut end = 0;
        let mut fetched = Vec::new();
        for layer in layers {
            let offset = match offsets.get(&layer.digest) {
                Some(offset) => *offset,
                None => {
                    self.fetch(layer, &file, end).await.map_err(|error| match error {
                        Fetching::Image(error) => error,
                        Fetching::Scratch(source) => failed(source),
                    })?;
                    offsets.insert(&layer.digest, end);
                    end += layer.size;
                    end - layer.size
                }
            };
            fetched
                .push(LayerSource { descriptor: layer.clone(), bytes: Bytes::Fetched { file: file.clone(), offset } });
        }
        Ok(fetched)
    }

    async fn fetch(&self, layer: &Descriptor, file: &File, offset: u64) -> Result<(), Fetching> {
        let mut reader = self.reader(layer).await.map_err(Fetching::Image)?;
        let mut buffer = vec![0; BUFFER];
        let mut position = offset;
        loop {
            let count = reader.read(&mut buffer).await.map_err(|error| Fetching::Image(self.unread(layer, error)))?;
            if count == 0 {
                return Ok(());
            }
            file.write_all_at(&buffer[..count], position).map_err(Fetching::Scratch)?;
            position += count as u64;
        }
    }
}

enum Fetching {
    Image(ImageError),
    Scratch(io::Error),
}
