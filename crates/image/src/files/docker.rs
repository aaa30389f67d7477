use super::archive_error::shown;
use super::table::{Contents, Table};
use super::{ArchiveError, LayoutProblem};
use crate::ImageError;
use crate::archive::MARKER_TEXT;
use crate::layout::{INDEX, MANIFEST_LIMIT, MARKER, blob_name};
use consign_oci::{
    Algorithm, DOCUMENT_LIMIT, Descriptor, Digest, Exact, Hasher, ImageConfig, Index, Manifest, annotation, media_type,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Docker's list of images in an archive.
const LIST: &str = "manifest.json";
/// Bytes that are hashed at once.
const CHUNK: usize = 256 * 1024;

/// An image of the list (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format").
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// Turns the files of an archive of docker's into those of a layout: layers and configs stay where they lie, manifests and the list are made.
///
/// The digest of a layer that is not compressed is the one in the config; reading it finds out whether that is so.
pub(super) fn as_layout(table: Table) -> Result<Table, ImageError> {
    let path = table.path.clone();
    let mut layout = Layout { table: &table, files: BTreeMap::new(), listed: Vec::new() };
    let listed: Vec<Listed> = match table.get(LIST) {
        None => return Err(ImageError::NotALayout { path, problem: LayoutProblem::NoFile { name: LIST } }),
        Some(_) => json(&layout.read(LIST)?, LIST).map_err(|problem| layout.refused(problem))?,
    };
    if listed.len() > MANIFEST_LIMIT {
        let problem = LayoutProblem::TooManyManifests { limit: MANIFEST_LIMIT };
        return Err(ImageError::NotALayout { path, problem });
    }
    for image in &listed {
        layout.add(image)?;
    }
    let files = layout.finish()?;
    Ok(table.replace(files))
}

struct Layout<'a> {
    table: &'a Table,
    files: BTreeMap<String, Contents>,
    listed: Vec<Descriptor>,
}

impl Layout<'_> {
    fn add(&mut self, image: &Listed) -> Result<(), ImageError> {
        let bytes = self.read(&image.config)?;
        let config: Exact<ImageConfig> =
            Exact::read(bytes).map_err(|source| self.refused(json_error(&image.config, source)))?;
        let diff_ids = &config.rootfs.diff_ids;
        if diff_ids.len() != image.layers.len() {
            let (listed, described) = (image.layers.len(), diff_ids.len());
            let config = shown(image.config.as_bytes());
            return Err(self.refused(ArchiveError::LayerCount { config, listed, described }));
        }
        let mut layers = Vec::new();
        for (name, diff_id) in image.layers.iter().zip(diff_ids) {
            let (offset, size) = self.place(name)?;
            let media_type = self.layer_type(offset, size)?;
            let digest = match media_type {
                media_type::LAYER => diff_id.clone(),
                _ => self.hash(offset, size)?,
            };
            self.files.insert(blob_name(&digest), Contents::At { offset, size });
            layers.push(Descriptor::new(media_type, digest, size));
        }
        let described = config.descriptor(media_type::CONFIG);
        self.made(&described, config.bytes());
        let manifest =
            Exact::write(Manifest::new(described, layers)).map_err(|source| self.refused(json_error(LIST, source)))?;
        let mut descriptor = manifest.descriptor(media_type::MANIFEST);
        self.made(&descriptor, manifest.bytes());
        descriptor.platform = Some(config.platform.clone());
        let names = image.repo_tags.as_deref().unwrap_or_default();
        if names.is_empty() {
            self.listed.push(descriptor.clone());
        }
        for name in names {
            let mut named = descriptor.clone();
            named.annotations.insert(annotation::REF_NAME.to_owned(), name.clone());
            self.listed.push(named);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<BTreeMap<String, Contents>, ImageError> {
        let index = Exact::write(Index::new(std::mem::take(&mut self.listed)));
        let index = index.map_err(|source| self.refused(json_error(LIST, source)))?;
        self.files.insert(INDEX.to_owned(), Contents::Made(index.bytes().into()));
        self.files.insert(MARKER.to_owned(), Contents::Made(MARKER_TEXT.into()));
        Ok(self.files)
    }

    fn made(&mut self, descriptor: &Descriptor, bytes: &[u8]) {
        self.files.insert(blob_name(&descriptor.digest), Contents::Made(Arc::from(bytes)));
    }

    /// Returns where a file that the list names lies.
    fn place(&self, name: &str) -> Result<(u64, u64), ImageError> {
        match self.table.resolve(name).and_then(|name| self.table.get(name)) {
            Some(Contents::At { offset, size }) => Ok((*offset, *size)),
            _ => Err(self.refused(ArchiveError::NotThere { entry: shown(name.as_bytes()) })),
        }
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, ImageError> {
        let (offset, size) = self.place(name)?;
        if size > DOCUMENT_LIMIT {
            let problem = LayoutProblem::TooLarge { name: shown(name.as_bytes()), size, limit: DOCUMENT_LIMIT };
            return Err(ImageError::NotALayout { path: self.table.path.clone(), problem });
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
        self.table.file.read_exact_at(&mut bytes, offset).map_err(|source| self.unreadable(source))?;
        Ok(bytes)
    }

    /// Returns the media type of a layer, by how it begins: docker's list does not say.
    fn layer_type(&self, offset: u64, size: u64) -> Result<&'static str, ImageError> {
        let mut start = [0; 4];
        let start = &mut start[..usize::try_from(size.min(4)).unwrap_or_default()];
        self.table.file.read_exact_at(start, offset).map_err(|source| self.unreadable(source))?;
        Ok(match start {
            [0x1f, 0x8b, ..] => media_type::LAYER_GZIP,
            [0x28, 0xb5, 0x2f, 0xfd] => media_type::LAYER_ZSTD,
            _ => media_type::LAYER,
        })
    }

    fn hash(&self, offset: u64, size: u64) -> Result<Digest, ImageError> {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut chunk = vec![0; CHUNK];
        let mut done = 0;
        while done < size {
            let wanted = usize::try_from((size - done).min(CHUNK as u64)).unwrap_or(CHUNK);
            let read = self.table.file.read_exact_at(&mut chunk[..wanted], offset + done);
            read.map_err(|source| self.unreadable(source))?;
            hasher.update(&chunk[..wanted]);
            done += wanted as u64;
        }
        Ok(hasher.finish())
    }

    fn refused(&self, problem: ArchiveError) -> ImageError {
        ImageError::Archive { path: self.table.path.clone(), problem }
    }

    fn unreadable(&self, source: io::Error) -> ImageError {
        ImageError::Io { action: "read", path: self.table.path.clone(), source }
    }
}

fn json<'a, T: Deserialize<'a>>(bytes: &'a [u8], name: &str) -> Result<T, ArchiveError> {
    serde_json::from_slice(bytes).map_err(|source| json_error(name, source))
}

fn json_error(name: &str, source: serde_json::Error) -> ArchiveError {
    ArchiveError::Json { entry: shown(name.as_bytes()), source }
}
