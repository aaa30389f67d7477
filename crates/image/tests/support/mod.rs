//! Images to write and read, and archives that a polite writer would not make.
#![allow(dead_code, reason = "each test uses its part")]

use consign_image::{ArchiveImage, ImageReference, Layout, Place};
use consign_oci::{Descriptor, Exact, Index, Manifest, media_type};
use consign_store::Store;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use tar::{EntryType, Header};
use tempfile::TempDir;

/// A store with images in it, and a folder for what is made of them.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) store: Store,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        Self { folder, store }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn put(&self, media_type: &str, bytes: &[u8]) -> Descriptor {
        self.store.put(bytes).unwrap();
        Descriptor::of(media_type, bytes)
    }

    /// One platform's image, of two layers.
    pub(crate) fn manifest(&self, platform: &str, contents: &str) -> Descriptor {
        let layers = [contents, "the same in every image"].map(|text| (gzip(&layer(text)), layer(text)));
        let mut descriptor = {
            let diff_ids: Vec<_> =
                layers.iter().map(|(_, plain)| Descriptor::of("", plain).digest.to_string()).collect();
            let (os, architecture) = platform.split_once('/').unwrap();
            let rootfs = json!({"type": "layers", "diff_ids": diff_ids});
            let config = json!({"architecture": architecture, "os": os, "config": {}, "rootfs": rootfs});
            let config = self.put(media_type::CONFIG, config.to_string().as_bytes());
            let layers = layers.iter().map(|(packed, _)| self.put(media_type::LAYER_GZIP, packed)).collect();
            self.document(media_type::MANIFEST, &Manifest::new(config, layers))
        };
        descriptor.platform = Some(platform.parse().unwrap());
        descriptor
    }

    /// One platform's image of two layers, of which only its own source hands out the first: the store has not got it.
    pub(crate) fn foreign(&self, platform: &str) -> Descriptor {
        let foreign = Descriptor::of(FOREIGN, b"elsewhere");
        let own = self.put(media_type::LAYER_GZIP, &gzip(&layer("own")));
        let config = self.put(media_type::CONFIG, br#"{"os":"windows","architecture":"amd64"}"#);
        let manifest = self.document(media_type::MANIFEST, &Manifest::new(config, vec![foreign, own]));
        Descriptor { platform: Some(platform.parse().unwrap()), ..manifest }
    }

    pub(crate) fn index(&self, manifests: &[&Descriptor]) -> Descriptor {
        self.document(media_type::INDEX, &Index::new(manifests.iter().copied().cloned().collect()))
    }

    /// An artifact that is about `subject`.
    pub(crate) fn referrer(&self, subject: &Descriptor, text: &str) -> Descriptor {
        let config = self.put(media_type::EMPTY, b"{}");
        let mut manifest = Manifest::new(config, vec![self.put("text/plain", text.as_bytes())]);
        manifest.artifact_type = Some("text/plain".to_owned());
        manifest.subject = Some(subject.plain());
        let mut descriptor = self.document(media_type::MANIFEST, &manifest);
        descriptor.artifact_type = manifest.artifact_type;
        descriptor
    }

    pub(crate) fn document(&self, media_type: &str, document: &(impl serde::Serialize + Clone)) -> Descriptor {
        self.put(media_type, Exact::write(document.clone()).unwrap().bytes())
    }

    /// An image of one platform.
    pub(crate) fn single(&self, contents: &str, tag: Option<&str>) -> ArchiveImage {
        self.named(self.manifest("linux/amd64", contents), tag)
    }

    /// An image of three platforms, with artifacts about it and about one of them.
    pub(crate) fn multi(&self, contents: &str, tag: Option<&str>) -> ArchiveImage {
        let platforms = ["linux/amd64", "linux/arm64", "linux/ppc64le"];
        let manifests = platforms.map(|platform| self.manifest(platform, &format!("{contents} {platform}")));
        let root = self.index(&manifests.iter().collect::<Vec<_>>());
        let referrers = ["a", "b"].map(|text| self.referrer(&root, text));
        let referrers = referrers.into_iter().chain([self.referrer(&manifests[1], "c")]).collect();
        ArchiveImage { referrers, ..self.named(root, tag) }
    }

    pub(crate) fn named(&self, root: Descriptor, tag: Option<&str>) -> ArchiveImage {
        let name = tag.map(|tag| ("example.org/team/app".to_owned(), tag.parse().unwrap()));
        ArchiveImage { root, name, referrers: Vec::new() }
    }

    /// A layout in a folder whose list holds these, and all of the store's blobs.
    pub(crate) fn layout(&self, manifests: &[Descriptor]) -> PathBuf {
        let folder = self.path("layout");
        fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        fs::write(folder.join("oci-layout"), MARKER).unwrap();
        fs::write(folder.join("index.json"), serde_json::to_vec(&Index::new(manifests.to_vec())).unwrap()).unwrap();
        for blob in fs::read_dir(self.store.root().join("blobs/sha256")).unwrap() {
            let blob = blob.unwrap();
            fs::copy(blob.path(), folder.join("blobs/sha256").join(blob.file_name())).unwrap();
        }
        folder
    }
}

pub(crate) const FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
pub(crate) const MARKER: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

pub(crate) fn archive_at(path: &Path) -> ImageReference {
    ImageReference::Archive { file: path.to_owned(), tag: None }
}

pub(crate) fn folder_at(path: &Path) -> ImageReference {
    ImageReference::Layout { folder: path.to_owned(), tag: None }
}

pub(crate) fn place(layout: Layout) -> Place {
    Place::Layout { layout, tag: None }
}

pub(crate) fn blob(folder: &Path, descriptor: &Descriptor) -> PathBuf {
    folder.join("blobs/sha256").join(descriptor.digest.hex())
}

/// The names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn layer(text: &str) -> Vec<u8> {
    tar(&[Member::file("etc/text", text)])
}

/// One member of an archive.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) kind: EntryType,
    pub(crate) link: String,
    pub(crate) bytes: Vec<u8>,
}

impl Member {
    pub(crate) fn file(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let (kind, link) = (EntryType::Regular, "/etc/".to_owned());
        Self { name: name.to_owned(), kind, link, bytes: bytes.as_ref().to_owned() }
    }

    pub(crate) fn link(name: &str, target: &str) -> Self {
        Self { link: target.to_owned(), ..Self::other(name, EntryType::Symlink) }
    }

    pub(crate) fn other(name: &str, kind: EntryType) -> Self {
        Self { kind, ..Self::file(name, "") }
    }
}

pub(crate) fn tar(members: &[Member]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for member in members {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..member.name.len()].copy_from_slice(member.name.as_bytes());
        header.as_old_mut().linkname[..member.link.len()].copy_from_slice(member.link.as_bytes());
        header.set_entry_type(member.kind);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(member.bytes.len() as u64);
        header.set_cksum();
        bytes.extend(header.as_bytes());
        bytes.extend(&member.bytes);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

/// The files of an archive, in their order.
pub(crate) fn members(path: &Path) -> Vec<Member> {
    let mut archive = tar::Archive::new(fs::File::open(path).unwrap());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        Member::file(entry.path().unwrap().to_str().unwrap(), bytes)
    });
    entries.collect()
}
