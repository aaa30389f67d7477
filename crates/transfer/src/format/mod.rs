//! Images in the other format: manifests and lists that say the same in OCI's words, or in docker's. Blobs stay as they are.

mod rewrite;
mod text;
mod types;

use crate::copier::{AT_ONCE, DEPTH_LIMIT};
use crate::origin::Origin;
use crate::platforms::subject_of;
use crate::{Remark, TransferError};
use consign_image::ImageError;
use consign_oci::{Descriptor, Digest, Document, Index, media_type};
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt, TryStreamExt};
use rewrite::Rewritten;
use std::collections::BTreeMap;
use std::fmt;

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
    pub(crate) remarks: Vec<Remark>,
}

/// Writes an image in a format. What it lists is kept by the origin, for whoever asks it for the digests that are listed then.
pub(crate) async fn convert(root: Document, format: Format, origin: &Origin<'_>) -> Result<Converted, TransferError> {
    let old = root.digest().clone();
    let Converted { root, mut remarks } = Conversion { format, origin }.document(root, 1).await?;
    if *root.digest() != old {
        remarks.insert(0, Remark::Converted { format, from: old, to: root.digest().clone() });
    }
    remarks.dedup();
    Ok(Converted { root, remarks })
}

struct Conversion<'a> {
    format: Format,
    origin: &'a Origin<'a>,
}

impl Conversion<'_> {
    /// Converts what a document lists, and then the document.
    fn document(&self, document: Document, depth: usize) -> BoxFuture<'_, Result<Converted, TransferError>> {
        Box::pin(async move {
            let place = || self.origin.place.describe();
            if depth > DEPTH_LIMIT {
                let digest = document.digest().clone();
                return Err(ImageError::TooDeep { place: place(), digest, limit: DEPTH_LIMIT }.into());
            }
            let (listed, mut remarks) = match &document {
                Document::Index(index) => self.listed(index, depth).await?,
                Document::Manifest(_) => (BTreeMap::new(), Vec::new()),
            };
            let failed = |reason: String| TransferError::Format {
                place: place(),
                digest: document.digest().clone(),
                format: self.format,
                reason,
            };
            let Rewritten { text, lost, left } = rewrite::rewrite(&document, self.format, &listed).map_err(&failed)?;
            let Some(text) = text else { return Ok(Converted { root: document, remarks }) };
            let media_type = types::in_format(self.format, document.media_type()).unwrap_or(document.media_type());
            let root = Document::read(media_type, text.into_bytes()).map_err(|error| failed(error.to_string()))?;
            if !lost.is_empty() {
                remarks.push(Remark::Lost { format: self.format, keys: lost });
            }
            if left > 0 {
                remarks.push(Remark::Unlisted { entries: left });
            }
            self.origin.keep(&root);
            Ok(Converted { root, remarks })
        })
    }

    /// Converts what a list lists, but for what is about others. Returns the new descriptors of what is not as it was, by the digests that it had.
    async fn listed(
        &self,
        index: &Index,
        depth: usize,
    ) -> Result<(BTreeMap<Digest, Descriptor>, Vec<Remark>), TransferError> {
        let entries = index.manifests.iter().filter(|entry| media_type::is_document(&entry.media_type));
        let entries: Vec<Descriptor> = entries.filter(|entry| subject_of(entry).is_none()).cloned().collect();
        let convert = async |entry: Descriptor| {
            let document = self.origin.document(&entry).await?;
            let converted = self.document((*document).clone(), depth + 1).await?;
            Ok::<_, TransferError>((entry.digest, document.digest().clone(), converted))
        };
        let converted: Vec<_> = stream::iter(entries).map(convert).buffered(AT_ONCE).try_collect().await?;
        let (mut listed, mut remarks) = (BTreeMap::new(), Vec::new());
        for (digest, before, converted) in converted {
            if converted.root.digest() != &before {
                listed.insert(digest, converted.root.descriptor());
            }
            remarks
                .extend(converted.remarks.into_iter().filter(|remark| !remarks.contains(remark)).collect::<Vec<_>>());
        }
        Ok((listed, remarks))
    }
}
