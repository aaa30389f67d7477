use consign_image::{ArchiveImage, Layout, Place, import, write_archive};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Exact, ImageConfig, Manifest, media_type};
use consign_receipt::Statement;
use consign_sign::PrivateKey;
use consign_store::Store;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// An archive taken apart, so that a test can put it together again with something else about its image.
pub struct OpenArchive {
    path: PathBuf,
    folder: TempDir,
    runtime: Runtime,
    image: ArchiveImage,
    /// The manifest of its one platform.
    pub manifest: Descriptor,
}

impl OpenArchive {
    /// Opens an archive of one platform.
    pub fn open(path: &Path) -> Self {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), Runtime::new().unwrap());
        let store = Store::open(folder.path()).unwrap();
        let place = Place::Layout { layout: Layout::archive(path).unwrap(), tag: None };
        let (root, referrers) = runtime.block_on(async {
            let root = place.root().await.unwrap().unwrap();
            let referrers = place.referrers(&root.digest).await.unwrap();
            for descriptor in [&root].into_iter().chain(&referrers) {
                import(&place, descriptor, &store).await.unwrap();
            }
            (root, referrers)
        });
        let manifest = root.plain();
        let image = ArchiveImage { root: manifest.clone(), name: None, referrers };
        Self { path: path.to_owned(), folder, runtime, image, manifest }
    }

    /// Takes away everything that is about the image.
    pub fn without_receipts(mut self) -> Self {
        self.image.referrers.clear();
        self
    }

    /// Changes the image. What was about it is about it no more.
    pub fn altered(mut self, change: impl FnOnce(&mut Manifest, &mut ImageConfig)) -> Self {
        let store = self.store();
        let read = |descriptor: &Descriptor| store.read(&descriptor.digest, DOCUMENT_LIMIT).unwrap();
        let mut manifest: Manifest = serde_json::from_slice(&read(&self.manifest)).unwrap();
        let mut config: ImageConfig = serde_json::from_slice(&read(&manifest.config)).unwrap();
        change(&mut manifest, &mut config);
        let config = Exact::write(config).unwrap();
        manifest.config = config.descriptor(media_type::CONFIG);
        let manifest = Exact::write(manifest).unwrap();
        for bytes in [config.bytes(), manifest.bytes()] {
            store.put(bytes).unwrap();
        }
        self.manifest = manifest.descriptor(media_type::MANIFEST);
        self.image.root = self.manifest.clone();
        self.without_receipts()
    }

    /// Adds a statement that nobody signed.
    pub fn claim(mut self, statement: &Statement) -> Self {
        let statement = Exact::write(statement.clone()).unwrap();
        let store = self.store();
        for bytes in [statement.bytes(), b"{}"] {
            store.put(bytes).unwrap();
        }
        let mut manifest = Manifest::new(Descriptor::empty(), vec![statement.descriptor(media_type::IN_TOTO)]);
        manifest.artifact_type = Some(media_type::IN_TOTO.to_owned());
        self.attach(manifest);
        self
    }

    /// Adds a statement that the key signs. Whatever it is about, it is attached to the image.
    pub fn signed(mut self, statement: &Statement, key: &PrivateKey) -> Self {
        let bundle = consign_sign::sign(&Exact::write(statement.clone()).unwrap(), key).unwrap();
        let created = "2026-01-02T03:04:05Z";
        let artifact = consign_sign::artifact(&self.manifest, &bundle, &statement.predicate_type, created).unwrap();
        for (_, bytes) in &artifact.blobs {
            self.store().put(bytes).unwrap();
        }
        self.attach(artifact.manifest.into_value());
        self
    }

    fn attach(&mut self, mut manifest: Manifest) {
        manifest.subject = Some(self.manifest.clone());
        let manifest = Exact::write(manifest).unwrap();
        self.store().put(manifest.bytes()).unwrap();
        self.image.referrers.push(manifest.descriptor(media_type::MANIFEST));
    }

    /// Writes it where it was.
    pub fn write(self) {
        let to = format!("oci-archive:{}", self.path.display()).parse().unwrap();
        write_archive(&self.store(), &self.image, &to).unwrap();
    }

    fn store(&self) -> Store {
        Store::open(self.folder.path()).unwrap()
    }
}
