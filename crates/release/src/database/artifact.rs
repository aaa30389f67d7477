use super::DatabaseUpdateError;
use consign_image::{ImageError, Place, Sink};
use consign_oci::{Descriptor, Digest, Document, Exact, Manifest, media_type};
use consign_scan::{Database, Staged};
use consign_store::Store;
use jiff::Timestamp;
use std::fs::File;
use std::io;
use std::path::Path;
use tokio::io::AsyncReadExt;

/// Type of the artifact, and of its only layer, which is the file as it is.
pub const ARTIFACT: &str = "application/vnd.consign.advisories.v1";
/// Annotation with the digest of the database, which is not that of the file.
const DATABASE: &str = "vnd.consign.advisories.digest";
/// Annotations of the image specification (annotations.md).
const CREATED: &str = "org.opencontainers.image.created";
const TITLE: &str = "org.opencontainers.image.title";
/// The document of which artifacts without a config have the digest (image-spec, manifest.md).
const EMPTY: &[u8] = b"{}";
/// Largest database, in bytes.
const SIZE_LIMIT: u64 = 4 << 30;
/// Bytes that are read and written at once.
const CHUNK: usize = 256 << 10;

/// A database that was published.
#[derive(Debug)]
pub(super) struct Published {
    /// The manifest.
    pub(super) manifest: Digest,
    /// The database that it says it has.
    pub(super) database: Option<Digest>,
    blob: Descriptor,
    reference: String,
}

/// Brings a database to a place as an artifact, by way of the store. The same database gives the same manifest. `path`: what is opened as `database`.
pub async fn publish_database(
    path: &Path,
    database: &Database,
    store: &Store,
    sink: &Sink,
) -> Result<Digest, DatabaseUpdateError> {
    database.check()?;
    let blob = stored(path, store)?;
    let config = store.put(EMPTY).map_err(ImageError::from)?;
    let config = Descriptor::new(media_type::EMPTY, config, EMPTY.len() as u64);
    let mut layer = blob.clone();
    layer.annotations.insert(TITLE.to_owned(), "advisories.db".to_owned());
    let mut manifest = Manifest::new(config.clone(), vec![layer]);
    manifest.artifact_type = Some(ARTIFACT.to_owned());
    manifest.annotations.insert(DATABASE.to_owned(), database.digest().to_string());
    manifest.annotations.insert(CREATED.to_owned(), database.newest().to_string());
    let manifest = Document::Manifest(Exact::write(manifest)?);
    let source = Place::Store { store: store.clone(), root: None, name: path.display().to_string() };
    if sink.before().await?.is_some_and(|before| before.digest == *manifest.digest()) {
        return Ok(manifest.digest().clone());
    }
    sink.put_blob(&config, &source).await?;
    sink.put_blob(&blob, &source).await?;
    sink.name(&manifest, &[]).await?;
    Ok(manifest.digest().clone())
}

fn stored(path: &Path, store: &Store) -> Result<Descriptor, DatabaseUpdateError> {
    let failed = |source| DatabaseUpdateError::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let mut writer = store.writer().map_err(ImageError::from)?;
    io::copy(&mut file, &mut writer).map_err(failed)?;
    let (digest, size) = writer.commit(None).map_err(ImageError::from)?;
    Ok(Descriptor::new(ARTIFACT, digest, size))
}

/// Looks at what is published there, without fetching it.
pub(super) async fn look(place: &Place) -> Result<Published, DatabaseUpdateError> {
    let reference = place.name();
    let other = |what: String| DatabaseUpdateError::Other { reference: reference.clone(), what };
    let Some(root) = place.root().await? else { return Err(DatabaseUpdateError::Absent { reference }) };
    let Document::Manifest(manifest) = place.document(&root).await? else {
        return Err(other("it is an index".to_owned()));
    };
    let kind = manifest.effective_artifact_type();
    if kind != ARTIFACT {
        return Err(other(format!("its type is `{kind}`")));
    }
    let [blob] = &manifest.layers[..] else {
        return Err(other(format!("it has {} layers", manifest.layers.len())));
    };
    if blob.size > SIZE_LIMIT {
        return Err(other(format!("it has {} bytes, and at most {SIZE_LIMIT} are read", blob.size)));
    }
    let database = manifest.annotations.get(DATABASE).and_then(|digest| digest.parse().ok());
    Ok(Published { manifest: manifest.digest().clone(), database, blob: blob.clone(), reference })
}

impl Published {
    /// Fetches the file, whose bytes are checked as they come, and opens it.
    pub(super) async fn fetch(
        &self,
        place: &Place,
        staged: &mut Staged,
        now: Timestamp,
    ) -> Result<Database, DatabaseUpdateError> {
        let mut reader = place.reader(&self.blob).await?;
        let mut chunk = vec![0; CHUNK];
        loop {
            let count = reader.read(&mut chunk).await.map_err(|error| place.unread(&self.blob, error))?;
            if count == 0 {
                break;
            }
            staged.write(&chunk[..count])?;
        }
        let database = staged.open(now)?;
        match &self.database {
            Some(stated) if stated != database.digest() => Err(DatabaseUpdateError::Digest {
                reference: self.reference.clone(),
                found: database.digest().clone(),
                wanted: stated.clone(),
            }),
            _ => Ok(database),
        }
    }
}
