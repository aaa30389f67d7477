//! What `build --metadata-file` writes, under the names that `docker buildx build` has for it.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use consign_oci::{Descriptor, Digest, Document, DocumentError, media_type};
use consign_plan::{Plan, PlannedImage};
use consign_report::{ImageReport, ReleaseReport};
use consign_store::{Store, StoreError};
use serde_json::{Map, Value, json};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Largest index or manifest, in bytes.
const DOCUMENT_LIMIT: u64 = 4 << 20;

/// A file of metadata that is not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetadataError {
    /// What was built cannot be read.
    #[error("what was built cannot be read")]
    Store(#[from] StoreError),
    /// What was built is no image.
    #[error("what was built is no image")]
    Document(#[from] DocumentError),
    /// The file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl From<MetadataError> for CommandError {
    fn from(error: MetadataError) -> Self {
        Self::of(ExitCode::Failed, &error)
    }
}

/// Writes the metadata of what was built, whole or not at all. Of several images, each stands under its name.
///
/// `roots` are the manifests or indexes of the images, in the order of the plan and of the report.
pub(crate) fn write(
    path: &Path,
    plan: &Plan,
    report: &ReleaseReport,
    roots: &[Descriptor],
    store: &Store,
) -> Result<(), MetadataError> {
    let mut images = Map::new();
    for ((planned, image), root) in plan.images.iter().zip(&report.images).zip(roots) {
        images.insert(planned.name.clone(), of_image(planned, image, root, store)?);
    }
    let value = match images.len() {
        1 => images.into_iter().next().map_or(Value::Null, |(_, image)| image),
        _ => Value::Object(images),
    };
    let failed = |source: io::Error| MetadataError::Write { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(format!("{value:#}\n").as_bytes()).map_err(failed)?;
    file.persist(path).map(drop).map_err(|error| failed(error.error))
}

fn of_image(
    planned: &PlannedImage,
    image: &ImageReport,
    root: &Descriptor,
    store: &Store,
) -> Result<Value, MetadataError> {
    let mut metadata = Map::new();
    let names = planned
        .destinations
        .iter()
        .flat_map(|to| to.tags.iter().map(|planned| format!("{}:{}", to.repository, planned.tag)));
    let names: Vec<String> = names.collect();
    if !names.is_empty() {
        metadata.insert("image.name".to_owned(), json!(names.join(",")));
    }
    let platforms = image.rows.iter().filter_map(|row| Some((&row.platform, row.digest.as_ref()?)));
    let mut manifests = Vec::new();
    for (platform, digest) in platforms {
        let (mut descriptor, config) = manifest(digest, store)?;
        descriptor.platform = Some(platform.clone());
        manifests.push((platform, descriptor, config));
    }
    match &manifests[..] {
        [(_, _, config)] => _ = metadata.insert("containerimage.config.digest".to_owned(), json!(config)),
        several => {
            for (platform, descriptor, config) in several {
                metadata.insert(format!("containerimage.descriptor/{platform}"), json!(descriptor));
                metadata.insert(format!("containerimage.config.digest/{platform}"), json!(config));
            }
        }
    }
    let mut root = root.plain();
    if let [(platform, ..)] = &manifests[..] {
        root.platform = Some((*platform).clone());
    }
    metadata.insert("containerimage.digest".to_owned(), json!(root.digest));
    metadata.insert("containerimage.descriptor".to_owned(), json!(root));
    Ok(Value::Object(metadata))
}

/// Returns a manifest's descriptor, and its config's digest.
fn manifest(digest: &Digest, store: &Store) -> Result<(Descriptor, Option<Digest>), MetadataError> {
    let document = Document::read(media_type::MANIFEST, store.read(digest, DOCUMENT_LIMIT)?)?;
    let config = match &document {
        Document::Manifest(manifest) => Some(manifest.config.digest.clone()),
        Document::Index(_) => None,
    };
    Ok((document.descriptor(), config))
}
