use super::archive_error::shown;
use super::table::{Contents, Table};
use super::{ArchiveError, LayoutProblem};
use crate::ImageError;
use crate::archive::MARKER_TEXT;
use crate::graph::LAYER_LIMIT;
use crate::layout::{INDEX, MANIFEST_LIMIT, MARKER, blob_name};
use consign_oci::{
    Algorithm, DOCUMENT_LIMIT, Descriptor, Digest, Exact, Hasher, ImageConfig, Index, Manifest, annotation, media_type,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::FileExt;
use std::rc::Rc;
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
    let mut layout = Layout {
        table: &table,
        files: BTreeMap::new(),
        configs: BTreeMap::new(),
        layers: BTreeMap::new(),
        listed: Vec::new(),
        listed_size: 0,
    };
    if table.get(LIST).is_none() {
        return Err(layout.not_one(LayoutProblem::NoFile { name: LIST }));
    }
    let listed: Vec<Listed> = json(&layout.read(LIST)?, LIST).map_err(|problem| layout.refused(problem))?;
    if listed.iter().map(Listed::count).sum::<usize>() > MANIFEST_LIMIT {
        return Err(layout.not_one(LayoutProblem::TooManyManifests { limit: MANIFEST_LIMIT }));
    }
    for image in &listed {
        layout.add(image)?;
    }
    let files = layout.finish()?;
    Ok(table.replace(files))
}

impl Listed {
    /// Returns how often the image stands in the list of a layout: once for each name.
    fn count(&self) -> usize {
        self.names().len().max(1)
    }

    fn names(&self) -> &[String] {
        self.repo_tags.as_deref().unwrap_or_default()
    }
}

/// Where a file of the archive lies: from this byte on, so many.
type Place = (u64, u64);

struct Layout<'a> {
    table: &'a Table,
    files: BTreeMap<String, Contents>,
    /// Each config is read once, however often it is named.
    configs: BTreeMap<Place, Rc<Exact<ImageConfig>>>,
    /// Likewise each layer: its type, and its digest unless it is not compressed.
    layers: BTreeMap<Place, (&'static str, Option<Digest>)>,
    listed: Vec<Descriptor>,
    /// Bytes of the list, roughly.
    listed_size: usize,
}

impl Layout<'_> {
    fn add(&mut self, image: &Listed) -> Result<(), ImageError> {
        if image.layers.len() > LAYER_LIMIT {
            return Err(self.refused(ArchiveError::TooManyLayers { limit: LAYER_LIMIT }));
        }
        let config = self.config(&image.config)?;
        let diff_ids = &config.rootfs.diff_ids;
        if diff_ids.len() != image.layers.len() {
            let (listed, described) = (image.layers.len(), diff_ids.len());
            let config = shown(image.config.as_bytes());
            return Err(self.refused(ArchiveError::LayerCount { config, listed, described }));
        }
        let layers = image.layers.iter().zip(diff_ids).map(|(name, diff_id)| self.layer(name, diff_id));
        let layers = layers.collect::<Result<_, _>>()?;
        let manifest = Exact::write(Manifest::new(config.descriptor(media_type::CONFIG), layers))
            .map_err(|source| self.refused(json_error(LIST, source)))?;
        let mut descriptor = manifest.descriptor(media_type::MANIFEST);
        self.files.insert(blob_name(&descriptor.digest), Contents::Made(Arc::from(manifest.bytes())));
        descriptor.platform = Some(config.platform.clone());
        self.list(&descriptor, image)
    }

    /// Lists an image under each of its names.
    fn list(&mut self, descriptor: &Descriptor, image: &Listed) -> Result<(), ImageError> {
        let size = serde_json::to_vec(descriptor).map_err(|source| self.refused(json_error(LIST, source)))?.len();
        let names = image.names();
        self.listed_size += size * image.count() + names.iter().map(String::len).sum::<usize>();
        if self.listed_size as u64 > DOCUMENT_LIMIT {
            return Err(self.refused(ArchiveError::ListTooLarge { limit: DOCUMENT_LIMIT }));
        }
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

    fn config(&mut self, name: &str) -> Result<Rc<Exact<ImageConfig>>, ImageError> {
        let place = self.place(name)?;
        if let Some(known) = self.configs.get(&place) {
            return Ok(known.clone());
        }
        let config: Exact<ImageConfig> =
            Exact::read(self.read(name)?).map_err(|source| self.refused(json_error(name, source)))?;
        self.put(config.digest(), place);
        Ok(self.configs.entry(place).or_insert(Rc::new(config)).clone())
    }

    fn layer(&mut self, name: &str, diff_id: &Digest) -> Result<Descriptor, ImageError> {
        let place = self.place(name)?;
        let (media_type, hashed) = match self.layers.get(&place) {
            Some(known) => known.clone(),
            None => {
                let media_type = self.layer_type(place)?;
                let hashed = (media_type != media_type::LAYER).then(|| self.hash(place)).transpose()?;
                self.layers.entry(place).or_insert((media_type, hashed)).clone()
            }
        };
        let digest = hashed.unwrap_or_else(|| diff_id.clone());
        self.put(&digest, place);
        Ok(Descriptor::new(media_type, digest, place.1))
    }

    fn finish(mut self) -> Result<BTreeMap<String, Contents>, ImageError> {
        let index = Exact::write(Index::new(std::mem::take(&mut self.listed)));
        let index = index.map_err(|source| self.refused(json_error(LIST, source)))?;
        self.files.insert(INDEX.to_owned(), Contents::Made(index.bytes().into()));
        self.files.insert(MARKER.to_owned(), Contents::Made(MARKER_TEXT.into()));
        Ok(self.files)
    }

    fn put(&mut self, digest: &Digest, (offset, size): Place) {
        self.files.insert(blob_name(digest), Contents::At { offset, size });
    }

    /// Returns where a file that the list names lies.
    fn place(&self, name: &str) -> Result<Place, ImageError> {
        match self.table.resolve(name).and_then(|name| self.table.get(name)) {
            Some(Contents::At { offset, size }) => Ok((*offset, *size)),
            _ => Err(self.refused(ArchiveError::NotThere { entry: shown(name.as_bytes()) })),
        }
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, ImageError> {
        let (offset, size) = self.place(name)?;
        if size > DOCUMENT_LIMIT {
            let name = shown(name.as_bytes());
            return Err(self.not_one(LayoutProblem::TooLarge { name, size, limit: DOCUMENT_LIMIT }));
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
        self.table.file.read_exact_at(&mut bytes, offset).map_err(|source| self.unreadable(source))?;
        Ok(bytes)
    }

    /// Returns the media type of a layer, by how it begins: docker's list does not say.
    fn layer_type(&self, (offset, size): Place) -> Result<&'static str, ImageError> {
        let mut start = [0; 4];
        let start = &mut start[..usize::try_from(size.min(4)).unwrap_or_default()];
        self.table.file.read_exact_at(start, offset).map_err(|source| self.unreadable(source))?;
        Ok(match start {
            [0x1f, 0x8b, ..] => media_type::LAYER_GZIP,
            [0x28, 0xb5, 0x2f, 0xfd] => media_type::LAYER_ZSTD,
            _ => media_type::LAYER,
        })
    }

    fn hash(&self, (offset, size): Place) -> Result<Digest, ImageError> {
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

    fn not_one(&self, problem: LayoutProblem) -> ImageError {
        let Table { path, form, .. } = self.table;
        ImageError::NotALayout { path: path.clone(), form: *form, problem }
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
