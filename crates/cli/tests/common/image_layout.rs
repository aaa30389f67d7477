use consign_oci::{Algorithm, Digest, Hasher};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};

const PREFIX: &str = "application/vnd.oci.image";

/// An image that is written as a layout, layer by layer, by nothing of the program. Layers are not compressed: nobody has to wait for that.
pub struct ImageLayout {
    folder: PathBuf,
    layers: Vec<(Digest, u64)>,
}

impl ImageLayout {
    /// Starts one in a folder that is made for it.
    pub fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        Self { folder: folder.to_owned(), layers: Vec::new() }
    }

    /// Adds a layer, and returns what was learned while it was written.
    pub fn layer<T>(&mut self, fill: impl FnOnce(&mut LayerWriter) -> T) -> T {
        let path = self.folder.join("layer");
        let file = BufWriter::with_capacity(1 << 20, File::create(&path).unwrap());
        let mut layer = LayerWriter(Builder::new(Hashed { file, hasher: Hasher::new(Algorithm::Sha256), size: 0 }));
        let learned = fill(&mut layer);
        let Hashed { mut file, hasher, size } = layer.0.into_inner().unwrap();
        file.flush().unwrap();
        let digest = hasher.finish();
        fs::rename(path, self.blob(&digest)).unwrap();
        self.layers.push((digest, size));
        learned
    }

    /// Writes the rest.
    pub fn finish(self) {
        let diff_ids: Vec<String> = self.layers.iter().map(|(digest, _)| digest.to_string()).collect();
        let config = self.put(
            "config.v1+json",
            &json!({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": diff_ids}}),
        );
        let layers = self.layers.iter().map(|(digest, size)| descriptor("layer.v1.tar", digest, *size));
        let layers: Vec<Value> = layers.collect();
        let media_type = format!("{PREFIX}.manifest.v1+json");
        let manifest = json!({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers});
        let manifest = self.put("manifest.v1+json", &manifest);
        let index = json!({"schemaVersion": 2, "manifests": [manifest]});
        fs::write(self.folder.join("index.json"), index.to_string()).unwrap();
        fs::write(self.folder.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).unwrap();
    }

    fn put(&self, media_type: &str, value: &Value) -> Value {
        let text = value.to_string();
        let digest = Digest::of(text.as_bytes());
        fs::write(self.blob(&digest), &text).unwrap();
        descriptor(media_type, &digest, text.len() as u64)
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        self.folder.join("blobs/sha256").join(digest.hex())
    }
}

fn descriptor(media_type: &str, digest: &Digest, size: u64) -> Value {
    json!({"mediaType": format!("{PREFIX}.{media_type}"), "digest": digest.to_string(), "size": size})
}

/// A layer that is written.
pub struct LayerWriter(Builder<Hashed>);

impl LayerWriter {
    /// Adds a folder.
    pub fn folder(&mut self, path: &str) {
        self.0.append_data(&mut header(EntryType::Directory, 0o755, 0), path, io::empty()).unwrap();
    }

    /// Adds a file that is no program.
    pub fn file(&mut self, path: &str, contents: &[u8]) {
        self.file_with_mode(path, 0o644, contents);
    }

    /// Adds a file.
    pub fn file_with_mode(&mut self, path: &str, mode: u32, contents: &[u8]) {
        self.0.append_data(&mut header(EntryType::Regular, mode, contents.len() as u64), path, contents).unwrap();
    }

    /// Adds a symbolic link.
    pub fn link(&mut self, path: &str, target: &str) {
        self.0.append_link(&mut header(EntryType::Symlink, 0o777, 0), path, target).unwrap();
    }

    /// Adds another name of a file.
    pub fn hard_link(&mut self, path: &str, target: &str) {
        self.0.append_link(&mut header(EntryType::Link, 0o644, 0), path, target).unwrap();
    }
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header
}

/// A file that is hashed and counted as it is written.
struct Hashed {
    file: BufWriter<File>,
    hasher: Hasher,
    size: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
