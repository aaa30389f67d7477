//! Images in the other format: manifests and lists that say the same in OCI's words, or in docker's. Blobs stay as they are.

mod rewrite;
mod text;
mod types;

use crate::copier::{AT_ONCE, MANIFEST_LIMIT, lock};
use crate::once::Once;
use crate::origin::Origin;
use crate::platforms::subject_of;
use crate::{Remark, TransferError};
use consign_image::{DEPTH_LIMIT, ImageError};
use consign_oci::{Descriptor, Digest, Document, Index, media_type};
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt, TryStreamExt};
use rewrite::Rewritten;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// How manifests and lists are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// OCI image format, version 1.
    Oci,
    /// Docker image manifest version 2, schema 2.
    Docker,
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Oci => "OCI's format",
            Self::Docker => "docker's format",
        })
    }
}

/// An image in a format, and what became of it on the way.
pub(crate) struct Converted {
    pub(crate) root: Document,
    /// What there is to say; empty where it had the format already.
    pub(crate) remarks: BTreeSet<Remark>,
}

/// Writes an image in a format. What it lists is kept by the origin, for whoever asks it for the digests that are listed then.
pub(crate) async fn convert(root: Document, format: Format, origin: &Origin<'_>) -> Result<Converted, TransferError> {
    let conversion = Conversion { format, origin, listed: Once::default(), remarks: Mutex::default() };
    let new = conversion.document(&root, 1).await?;
    let mut remarks = conversion.remarks.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(new) = &new {
        let (from, to) = (root.digest().clone(), new.digest().clone());
        remarks.insert(Remark::Converted { format, from, to });
    }
    Ok(Converted { root: new.unwrap_or(root), remarks })
}

/// What makes an entry of a list another than one of the same bytes: digest, media type and size.
type Entry = (Digest, String, u64);

struct Conversion<'a> {
    format: Format,
    origin: &'a Origin<'a>,
    /// The new descriptors of what is listed, however often it is; `None` where it has the format already.
    listed: Once<Option<Descriptor>, Entry>,
    remarks: Mutex<BTreeSet<Remark>>,
}

impl Conversion<'_> {
    /// Converts what a document lists, and then the document; `None` where it has the format already.
    async fn document(&self, document: &Document, depth: usize) -> Result<Option<Document>, TransferError> {
        let listed = match document {
            Document::Index(index) => self.entries(index, depth).await?,
            Document::Manifest(_) => BTreeMap::new(),
        };
        let failed = |reason: String| TransferError::Format {
            place: self.origin.place.describe(),
            digest: document.digest().clone(),
            format: self.format,
            reason,
        };
        let Rewritten { text, lost, left } = rewrite::rewrite(document, self.format, &listed).map_err(&failed)?;
        let Some(text) = text else { return Ok(None) };
        let media_type = types::in_format(self.format, document.media_type()).unwrap_or(document.media_type());
        let new = Document::read(media_type, text.into_bytes()).map_err(|error| failed(error.to_string()))?;
        if !lost.is_empty() {
            lock(&self.remarks).insert(Remark::Lost { format: self.format, keys: lost });
        }
        if left > 0 {
            lock(&self.remarks).insert(Remark::Unlisted { entries: left });
        }
        self.origin.keep(&new);
        Ok((new.digest() != document.digest()).then_some(new))
    }

    /// Converts what a list lists, but for what is about others. Returns the new descriptors of what is not as it was, by the digests that it had.
    async fn entries(&self, index: &Index, depth: usize) -> Result<BTreeMap<Digest, Descriptor>, TransferError> {
        let entries = index.manifests.iter().filter(|entry| media_type::is_document(&entry.media_type));
        let entries = entries.filter(|entry| subject_of(entry).is_none());
        let entries: BTreeSet<Entry> =
            entries.map(|entry| (entry.digest.clone(), entry.media_type.clone(), entry.size)).collect();
        let convert = async |entry: Entry| {
            let new = self.entry(&entry, depth + 1).await?;
            Ok::<_, TransferError>(new.map(|new| (entry.0, new)))
        };
        let converted: Vec<_> = stream::iter(entries).map(convert).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(converted.into_iter().flatten().collect())
    }

    /// Converts an entry of a list once.
    fn entry<'b>(&'b self, entry: &'b Entry, depth: usize) -> BoxFuture<'b, Result<Option<Descriptor>, TransferError>> {
        self.listed.get(entry, async move {
            let (digest, media_type, size) = entry;
            let place = || self.origin.place.describe();
            if depth > DEPTH_LIMIT {
                let digest = digest.clone();
                return Err(ImageError::TooDeep { place: place(), digest, limit: DEPTH_LIMIT }.into());
            }
            if self.listed.len() > MANIFEST_LIMIT {
                let digest = digest.clone();
                return Err(ImageError::TooMany { place: place(), digest, limit: MANIFEST_LIMIT }.into());
            }
            let document = self.origin.document(&Descriptor::new(media_type, digest.clone(), *size)).await?;
            Ok(self.document(&document, depth).await?.map(|new| new.descriptor()))
        })
    }
}
