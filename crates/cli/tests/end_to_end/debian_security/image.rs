//! What lies in layouts, read by nothing of the program.

use super::archive::ARCHITECTURES;
use consign_oci::Digest;
use flate2::read::{GzDecoder, MultiGzDecoder};
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// An image for all architectures in a layout.
pub(super) struct Image {
    pub(super) name: String,
    layout: PathBuf,
    /// In the order of the architectures.
    pub(super) contents: [Contents; 2],
}

/// What lies in an image of one platform.
pub(super) struct Contents {
    pub(super) installed: Vec<Installed>,
    pub(super) changelogs: Vec<String>,
}

/// A package that is installed, as dpkg says.
pub(super) struct Installed {
    pub(super) name: String,
    version: String,
    pub(super) source: String,
    pub(super) source_version: String,
}

impl Image {
    pub(super) fn read(name: &str, layout: PathBuf) -> Self {
        let contents = ARCHITECTURES.map(|architecture| Contents::read(&layout, architecture));
        Self { name: name.to_owned(), layout, contents }
    }
}

impl Contents {
    fn read(layout: &Path, architecture: &str) -> Self {
        let manifest: Value = document(layout, &descriptor(layout, architecture));
        let (mut status, mut changelogs) = (Vec::new(), Vec::new());
        for layer in manifest["layers"].as_array().unwrap() {
            let mut archive = tar::Archive::new(MultiGzDecoder::new(fs::File::open(blob(layout, layer)).unwrap()));
            for entry in archive.entries().unwrap() {
                let mut entry = entry.unwrap();
                let path = entry.path().unwrap().to_string_lossy().into_owned();
                let is_changelog = path.starts_with("usr/share/doc/")
                    && ["changelog.gz", "changelog.Debian.gz"].iter().any(|end| path.ends_with(end));
                if path == "var/lib/dpkg/status" {
                    status.clear();
                    entry.read_to_end(&mut status).unwrap();
                } else if is_changelog && entry.header().entry_type().is_file() {
                    let mut text = Vec::new();
                    GzDecoder::new(entry).read_to_end(&mut text).unwrap();
                    changelogs.push(String::from_utf8_lossy(&text).into_owned());
                }
            }
        }
        Self { installed: installed(&status), changelogs }
    }

    pub(super) fn version_of(&self, package: &str) -> Option<&str> {
        self.installed.iter().find(|installed| installed.name == package).map(|installed| installed.version.as_str())
    }
}

/// Asks dpkg what a database of its lists.
fn installed(status: &[u8]) -> Vec<Installed> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("status"), status).unwrap();
    let format = "${Package} ${Version} ${source:Package} ${source:Version}\n";
    let mut command = Command::new("dpkg-query");
    let output =
        command.arg("--admindir").arg(folder.path()).args(["--show", "--showformat", format]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let package = |line: &str| {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let [name, version, source, source_version] = words.try_into().unwrap();
        Installed { name, version, source, source_version }
    };
    String::from_utf8(output.stdout).unwrap().lines().map(package).collect()
}

/// Writes a layout of an image that has each platform from another image.
pub(super) fn assemble(parts: [&Image; 2], folder: &Path) {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    for part in parts {
        for entry in fs::read_dir(part.layout.join("blobs/sha256")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), blobs.join(entry.file_name())).unwrap();
        }
    }
    let manifests: Vec<Value> =
        parts.iter().zip(ARCHITECTURES).map(|(part, architecture)| descriptor(&part.layout, architecture)).collect();
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).to_string();
    let digest = Digest::of(index.as_bytes());
    fs::write(blobs.join(digest.hex()), &index).unwrap();
    let root = json!({"mediaType": INDEX, "digest": digest.to_string(), "size": index.len()});
    fs::write(folder.join("index.json"), json!({"schemaVersion": 2, "manifests": [root]}).to_string()).unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).unwrap();
}

/// Returns the descriptor of an architecture's manifest.
fn descriptor(layout: &Path, architecture: &str) -> Value {
    let list: Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
    let roots = list["manifests"].as_array().unwrap();
    let index = document(layout, roots.iter().find(|root| root["mediaType"] == INDEX).unwrap());
    let mut manifests = index["manifests"].as_array().unwrap().iter();
    manifests.find(|manifest| manifest["platform"]["architecture"] == architecture).unwrap().clone()
}

fn document(layout: &Path, descriptor: &Value) -> Value {
    serde_json::from_slice(&fs::read(blob(layout, descriptor)).unwrap()).unwrap()
}

fn blob(layout: &Path, descriptor: &Value) -> PathBuf {
    let digest = descriptor["digest"].as_str().unwrap();
    layout.join("blobs").join(digest.replace(':', "/"))
}
