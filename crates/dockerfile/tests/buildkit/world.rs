//! Contexts to build from, and what came of them.

use consign_dockerfile::buildkit::{Builder, BuildkitError, Form, Progress, Solve, Solved};
use consign_image::layer::uncompressed;
use consign_image::unpack::{Layer, unpack};
use consign_image::{Layout, Place, import};
use consign_oci::{Descriptor, Document, Manifest};
use consign_store::Store;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A context, and a store for images.
pub(crate) struct World {
    folder: TempDir,
    store: Store,
}

/// An image that was built.
pub(crate) struct Image {
    pub(crate) solved: Solved,
    pub(crate) progress: Vec<Progress>,
    /// What a container of it would see.
    pub(crate) root: PathBuf,
    /// Its config.
    pub(crate) config: serde_json::Value,
    /// Everything that it consists of, uncompressed.
    pub(crate) bytes: Vec<u8>,
}

impl World {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        fs::create_dir(folder.path().join("context")).unwrap();
        let this = Self { folder, store };
        for (path, content) in files {
            this.write(path, content.as_bytes());
        }
        this
    }

    pub(crate) fn context(&self) -> PathBuf {
        self.folder.path().join("context")
    }

    pub(crate) fn write(&self, path: &str, content: &[u8]) {
        let path = self.context().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Adds a shell of this machine under `root`, with the libraries that it needs.
    pub(crate) fn with_shell(self) -> Self {
        self.with_program("/bin/sh")
    }

    /// Adds a program of this machine under `root`, with the libraries that it needs.
    pub(crate) fn with_program(self, program: &str) -> Self {
        let libraries = Command::new("ldd").arg(program).output().unwrap();
        let libraries = String::from_utf8(libraries.stdout).unwrap();
        let paths = libraries.split_whitespace().filter(|word| word.starts_with('/'));
        for path in paths.chain([program]) {
            let inside = self.context().join("root").join(path.trim_start_matches('/'));
            fs::create_dir_all(inside.parent().unwrap()).unwrap();
            fs::copy(path, inside).unwrap();
        }
        self
    }

    pub(crate) fn solve(&self, dockerfile: &str) -> Solve {
        Solve::new(dockerfile, self.context())
    }

    /// Builds, and brings what comes of it into the store, as any image.
    pub(crate) async fn build(&self, builder: &Builder, solve: &Solve) -> Result<Image, BuildkitError> {
        let archive = self.folder.path().join("archive.tar");
        let mut file = tokio::fs::File::create(&archive).await.unwrap();
        let mut progress = Vec::new();
        let solved = builder.solve(solve, &mut file, &mut |event| progress.push(event)).await?;
        assert_eq!(solved.bytes, fs::metadata(&archive).unwrap().len());
        let layout = match solved.form {
            Form::Oci => Layout::archive(&archive),
            Form::Docker => Layout::docker_archive(&archive),
        };
        let place = Place::Layout { layout: layout.unwrap(), tag: None };
        let root = place.root().await.unwrap().unwrap();
        import(&place, &root, &self.store).await.unwrap();
        let manifest = self.manifest(&root);
        let config = self.store.read(&manifest.config.digest, 1 << 20).unwrap();
        let tree = self.folder.path().join("tree");
        let _ = fs::remove_dir_all(&tree);
        fs::create_dir(&tree).unwrap();
        let layers = manifest.layers.iter().map(|layer| {
            let reader = self.store.open_blob(&layer.digest)?;
            Ok::<_, consign_store::StoreError>(Layer { media_type: layer.media_type.clone(), reader })
        });
        unpack(layers, &tree, &Default::default()).unwrap();
        let mut bytes = config.clone();
        for layer in &manifest.layers {
            let reader = self.store.open_blob(&layer.digest).unwrap();
            uncompressed(&layer.media_type, reader).unwrap().unwrap().read_to_end(&mut bytes).unwrap();
        }
        Ok(Image { solved, progress, root: tree, config: serde_json::from_slice(&config).unwrap(), bytes })
    }

    fn manifest(&self, root: &Descriptor) -> Manifest {
        let bytes = self.store.read(&root.digest, 1 << 20).unwrap();
        match Document::read(&root.media_type, bytes).unwrap() {
            Document::Manifest(manifest) => (*manifest).clone(),
            Document::Index(index) => self.manifest(&index.manifests[0]),
        }
    }
}

impl Image {
    /// Returns all files and links, sorted, with what they hold.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        list(&self.root, &self.root, &mut found);
        found.sort();
        found
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

fn list(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_dir() {
            list(root, &path, found);
        } else if kind.is_symlink() {
            found.push((name, fs::read_link(&path).unwrap().display().to_string()));
        } else {
            found.push((name, fs::read_to_string(&path).unwrap_or_default()));
        }
    }
}
