use crate::name::Name;
use consign_oci::{Algorithm, Descriptor, Digest, Tag, Target};
use consign_store::{StoreError, write_file};
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Longest file that names something: a tag, a media type.
const NAME_LIMIT: u64 = 1024;
/// Largest manifest in bytes, and so the largest descriptor of a referrer.
pub(crate) const MANIFEST_LIMIT: u64 = 4 * 1024 * 1024;

/// The registry's folder. All of this blocks.
pub(crate) struct Storage {
    root: PathBuf,
}

/// A manifest that has been checked and is to be kept.
pub(crate) struct NewManifest<'a> {
    pub(crate) name: &'a Name,
    pub(crate) digest: &'a Digest,
    pub(crate) media_type: &'a str,
    pub(crate) bytes: &'a [u8],
    pub(crate) tag: Option<&'a Tag>,
    pub(crate) referrer: Option<(&'a Digest, Vec<u8>)>,
}

/// A manifest that is kept.
pub(crate) struct StoredManifest {
    pub(crate) digest: Digest,
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
}

impl Storage {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Fails unless the folder is there.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        fs::read_dir(&self.root).map_err(failed("open", &self.root))?;
        Ok(())
    }

    /// Makes the folder where it is missing.
    pub(crate) fn make_root(&self) -> Result<(), StoreError> {
        fs::create_dir_all(&self.root).map_err(failed("make the folder", &self.root))
    }

    /// Makes the folders in it, and removes what a process that was killed left behind. Nobody else may be writing.
    pub(crate) fn make_ready(&self) -> Result<(), StoreError> {
        for folder in ["blobs/sha256", "blobs/sha512", "repositories", "uploads"] {
            let folder = self.root.join(folder);
            fs::create_dir_all(&folder).map_err(failed("make the folder", &folder))?;
        }
        for name in list(&self.uploads())? {
            remove(&self.uploads().join(name))?;
        }
        Ok(())
    }

    pub(crate) fn uploads(&self) -> PathBuf {
        self.root.join("uploads")
    }

    pub(crate) fn content(&self, digest: &Digest) -> PathBuf {
        below(&self.root.join("blobs"), digest)
    }

    fn repository(&self, name: &Name) -> PathBuf {
        name.under(&self.root.join("repositories"))
    }

    fn blob(&self, name: &Name, digest: &Digest) -> PathBuf {
        below(&self.repository(name).join("_blobs"), digest)
    }

    fn manifest_link(&self, name: &Name, digest: &Digest) -> PathBuf {
        below(&self.repository(name).join("_manifests"), digest)
    }

    fn tag(&self, name: &Name, tag: &Tag) -> PathBuf {
        self.repository(name).join("_tags").join(tag.as_str())
    }

    fn referrer_folder(&self, name: &Name, subject: &Digest) -> PathBuf {
        below(&self.repository(name).join("_referrers"), subject)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        write_file(&self.uploads(), path, bytes)
    }

    /// Returns whether the repository has the blob.
    pub(crate) fn has_blob(&self, name: &Name, digest: &Digest) -> bool {
        self.blob(name, digest).is_file() && self.has_content(digest)
    }

    /// Returns whether any repository has, or had, these bytes.
    pub(crate) fn has_content(&self, digest: &Digest) -> bool {
        self.content(digest).is_file()
    }

    /// Returns whether the repository has this as a blob or as a manifest.
    pub(crate) fn has(&self, name: &Name, digest: &Digest) -> bool {
        self.has_blob(name, digest) || (self.manifest_link(name, digest).is_file() && self.has_content(digest))
    }

    /// Returns whether anything was ever pushed to the repository.
    pub(crate) fn has_repository(&self, name: &Name) -> bool {
        let folder = self.repository(name);
        ["_blobs", "_manifests", "_tags"].iter().any(|part| folder.join(part).is_dir())
    }

    /// Gives the repository a blob whose bytes are here already.
    pub(crate) fn link_blob(&self, name: &Name, digest: &Digest) -> Result<(), StoreError> {
        self.write(&self.blob(name, digest), b"")
    }

    /// Keeps the bytes of a finished upload, replacing what may have been damaged, and gives them to the repository.
    pub(crate) fn keep_blob(
        &self,
        name: &Name,
        digest: &Digest,
        file: tempfile::NamedTempFile,
    ) -> Result<(), StoreError> {
        file.as_file().sync_all().map_err(failed("flush", file.path()))?;
        let path = self.content(digest);
        file.persist(&path).map_err(|error| failed("write", &path)(error.error))?;
        // The rename is durable only once the folder is flushed.
        let folder = self.root.join("blobs").join(digest.algorithm().name());
        fs::File::open(&folder).and_then(|folder| folder.sync_all()).map_err(failed("flush the folder", &folder))?;
        self.link_blob(name, digest)
    }

    /// Takes a blob from the repository. Its bytes stay for other repositories.
    pub(crate) fn delete_blob(&self, name: &Name, digest: &Digest) -> Result<bool, StoreError> {
        remove(&self.blob(name, digest))
    }

    /// Keeps a manifest. Readers see it, and its place among referrers, from the moment its link is there; the tag moves last.
    pub(crate) fn keep_manifest(&self, new: &NewManifest<'_>) -> Result<(), StoreError> {
        self.write(&self.content(new.digest), new.bytes)?;
        if let Some((subject, descriptor)) = &new.referrer {
            let file = format!("{}-{}", new.digest.algorithm().name(), new.digest.hex());
            self.write(&self.referrer_folder(new.name, subject).join(file), descriptor)?;
        }
        self.write(&self.manifest_link(new.name, new.digest), new.media_type.as_bytes())?;
        match new.tag {
            Some(tag) => self.write(&self.tag(new.name, tag), new.digest.to_string().as_bytes()),
            None => Ok(()),
        }
    }

    /// Returns the digest that the target names, whether or not the manifest is there.
    pub(crate) fn resolve(&self, name: &Name, target: &Target) -> Result<Option<Digest>, StoreError> {
        match target {
            Target::Digest(digest) => Ok(Some(digest.clone())),
            Target::Tag(tag) => {
                let path = self.tag(name, tag);
                let Some(text) = read(&path, NAME_LIMIT)? else { return Ok(None) };
                let digest = String::from_utf8_lossy(&text).parse().map_err(invalid("read the digest in", &path))?;
                Ok(Some(digest))
            }
        }
    }

    /// Returns a manifest as it lies on disk.
    pub(crate) fn manifest(&self, name: &Name, target: &Target) -> Result<Option<StoredManifest>, StoreError> {
        let Some(digest) = self.resolve(name, target)? else { return Ok(None) };
        let link = self.manifest_link(name, &digest);
        let Some(media_type) = read(&link, NAME_LIMIT)? else { return Ok(None) };
        let media_type = String::from_utf8(media_type).map_err(invalid("read the media type in", &link))?;
        let bytes = read(&self.content(&digest), MANIFEST_LIMIT)?;
        Ok(bytes.map(|bytes| StoredManifest { digest, media_type, bytes }))
    }

    /// Takes a tag from the repository.
    pub(crate) fn delete_tag(&self, name: &Name, tag: &Tag) -> Result<bool, StoreError> {
        remove(&self.tag(name, tag))
    }

    /// Takes a manifest from the repository, and then the tags that name it.
    pub(crate) fn delete_manifest(&self, name: &Name, digest: &Digest) -> Result<bool, StoreError> {
        if !remove(&self.manifest_link(name, digest))? {
            return Ok(false);
        }
        for tag in self.tags(name)? {
            if self.resolve(name, &Target::Tag(tag.clone()))?.as_ref() == Some(digest) {
                self.delete_tag(name, &tag)?;
            }
        }
        Ok(true)
    }

    /// Returns the repository's tags, sorted.
    pub(crate) fn tags(&self, name: &Name) -> Result<Vec<Tag>, StoreError> {
        let mut tags: Vec<Tag> =
            list(&self.repository(name).join("_tags"))?.iter().filter_map(|name| name.parse().ok()).collect();
        tags.sort();
        Ok(tags)
    }

    /// Returns the digests of the manifests about `subject`, sorted.
    pub(crate) fn referrers(&self, name: &Name, subject: &Digest) -> Result<Vec<Digest>, StoreError> {
        let mut referrers: Vec<Digest> = list(&self.referrer_folder(name, subject))?
            .iter()
            .filter_map(|file| file.replacen('-', ":", 1).parse().ok())
            .filter(|digest| self.manifest_link(name, digest).is_file())
            .collect();
        referrers.sort();
        Ok(referrers)
    }

    /// Returns the descriptor of a manifest about `subject`, unless it is gone by now.
    pub(crate) fn referrer(
        &self,
        name: &Name,
        subject: &Digest,
        digest: &Digest,
    ) -> Result<Option<Descriptor>, StoreError> {
        let file = format!("{}-{}", digest.algorithm().name(), digest.hex());
        let path = self.referrer_folder(name, subject).join(file);
        let Some(bytes) = read(&path, 2 * MANIFEST_LIMIT)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(invalid("read the descriptor in", &path))
    }
}

fn below(folder: &Path, digest: &Digest) -> PathBuf {
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => "sha256",
        Algorithm::Sha512 => "sha512",
    };
    folder.join(algorithm).join(digest.hex())
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { action, path, source }
}

fn invalid<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(E) -> StoreError {
    let path = path.to_owned();
    move |error| StoreError::Io { action, path, source: io::Error::new(ErrorKind::InvalidData, error) }
}

/// Returns whether the error only says that the file, or a folder above it, is not there.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(failed("open", path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(failed("read", path)(io::Error::new(ErrorKind::FileTooLarge, format!("more than {limit} bytes"))));
    }
    Ok(Some(bytes))
}

fn remove(path: &Path) -> Result<bool, StoreError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if is_absence(&error) => Ok(false),
        Err(error) => Err(failed("delete", path)(error)),
    }
}

fn list(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absence(&error) => return Ok(Vec::new()),
        Err(error) => return Err(failed("list", folder)(error)),
    };
    entries.map(|entry| Ok(entry.map_err(failed("list", folder))?.file_name().to_string_lossy().into_owned())).collect()
}
