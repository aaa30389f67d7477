use super::{Sink, layout};
use crate::{ImageError, Pushed};
use consign_oci::Descriptor;
use std::io::Cursor;

impl Sink {
    /// Brings a blob that was made just now, unless it is there.
    pub async fn put_bytes(&self, blob: &Descriptor, bytes: &[u8]) -> Result<Pushed, ImageError> {
        match self {
            Self::Registry { client, reference } => {
                let open = || async { Ok(Cursor::new(bytes.to_vec())) };
                Ok(client.push_blob(&reference.repository, blob, open, None).await?)
            }
            Self::Layout { folder, .. } => layout::put_bytes(folder, blob, bytes),
            Self::Store { store, .. } | Self::Engine { store, .. } if store.has(blob) => Ok(Pushed::Existed),
            Self::Store { store, .. } | Self::Engine { store, .. } => {
                store.put(bytes)?;
                Ok(Pushed::Uploaded)
            }
        }
    }
}
