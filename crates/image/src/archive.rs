use crate::graph::{closure, read_stored};
use crate::{ImageError, ImageReference};
use consign_oci::{Descriptor, Digest, Document, Index, Tag, annotation};
use consign_store::Store;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// An image to put into an archive.
#[derive(Clone, Debug)]
pub struct ArchiveImage {
    /// Its index or manifest, in the store.
    pub root: Descriptor,
    /// The repository and tag that other tools load it under, if it has one.
    pub name: Option<(String, Tag)>,
    /// Artifacts in the store that are about it or one of its platforms.
    pub referrers: Vec<Descriptor>,
}

/// Writes an image as an OCI layout: to a tar file (`oci-archive:`) or a folder (`oci:`).
///
/// The archive also holds `manifest.json`, by which `docker load` and others find the platforms' images. The same image gives the same bytes.
/// The file stands at its place only when all of it is written.
pub fn write_archive(store: &Store, image: &ArchiveImage, to: &ImageReference) -> Result<(), ImageError> {
    match to {
        ImageReference::Archive { file, .. } => write_tar(store, image, file),
        ImageReference::Layout { folder, .. } => write_folder(store, image, folder),
        ImageReference::Store { name } => Ok(store.put_reference(name, &image.root)?),
        ImageReference::Registry(reference) => {
            let reason = "an image reaches a registry only by `consign release`, through the gate".to_owned();
            Err(ImageError::NotALayout { path: reference.to_string().into(), reason })
        }
    }
}

fn write_tar(store: &Store, image: &ArchiveImage, path: &Path) -> Result<(), ImageError> {
    let failed = |action| move |source| ImageError::Io { action, path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let partial = tempfile::NamedTempFile::new_in(folder).map_err(failed("make a file beside"))?;
    let mut archive = tar::Builder::new(BufWriter::new(partial));
    let documents = documents(store, image)?;
    for (name, bytes) in &documents {
        append(&mut archive, name, bytes.len() as u64, &bytes[..]).map_err(failed("write"))?;
    }
    for descriptor in blobs(store, image)? {
        let file = store.open_blob(&descriptor.digest)?;
        append(&mut archive, &blob_name(&descriptor.digest), descriptor.size, file).map_err(failed("write"))?;
    }
    let partial = archive.into_inner().and_then(|buffer| buffer.into_inner().map_err(io::IntoInnerError::into_error));
    let partial = partial.map_err(failed("write"))?;
    partial.as_file().sync_all().map_err(failed("flush"))?;
    set_readable(partial.as_file()).map_err(failed("write"))?;
    partial.persist(path).map_err(|error| failed("write")(error.error))?;
    Ok(())
}

fn write_folder(store: &Store, image: &ArchiveImage, folder: &Path) -> Result<(), ImageError> {
    let failed = |source| ImageError::Io { action: "write", path: folder.to_owned(), source };
    std::fs::create_dir_all(folder.join("blobs/sha256")).map_err(failed)?;
    for descriptor in blobs(store, image)? {
        let place = folder.join(blob_name(&descriptor.digest));
        if !place.exists() {
            let mut partial = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
            io::copy(&mut store.open_blob(&descriptor.digest)?, &mut partial).map_err(failed)?;
            set_readable(partial.as_file()).map_err(failed)?;
            partial.persist(&place).map_err(|error| failed(error.error))?;
        }
    }
    for (name, bytes) in documents(store, image)? {
        let mut partial = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        partial.write_all(&bytes).map_err(failed)?;
        set_readable(partial.as_file()).map_err(failed)?;
        partial.persist(folder.join(name)).map_err(|error| failed(error.error))?;
    }
    Ok(())
}

/// Temporary files are made for their owner only; an archive is for whoever may read its folder.
fn set_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

/// Returns `oci-layout`, `index.json` and `manifest.json`.
fn documents(store: &Store, image: &ArchiveImage) -> Result<Vec<(&'static str, Vec<u8>)>, ImageError> {
    let mut root = image.root.clone();
    if let Some((_, tag)) = &image.name {
        root.annotations.insert(annotation::REF_NAME.to_owned(), tag.to_string());
    }
    let mut referrers = image.referrers.clone();
    referrers.sort_by(|one, other| one.digest.cmp(&other.digest));
    let index = Index::new([root].into_iter().chain(referrers).collect());
    let json = |value: serde_json::Result<Vec<u8>>| {
        value.map_err(|source| ImageError::Io { action: "write", path: "index.json".into(), source: source.into() })
    };
    Ok(vec![
        ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
        ("index.json", json(serde_json::to_vec(&index))?),
        ("manifest.json", json(serde_json::to_vec(&docker_manifest(store, image)?))?),
    ])
}

/// Docker's list of images in an archive (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format").
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct DockerImage {
    config: String,
    repo_tags: Vec<String>,
    layers: Vec<String>,
}

fn docker_manifest(store: &Store, image: &ArchiveImage) -> Result<Vec<DockerImage>, ImageError> {
    let mut images = Vec::new();
    let manifests = match read_stored(store, &image.root)? {
        Document::Manifest(_) => vec![image.root.clone()],
        Document::Index(index) => index.platforms().map(|(_, descriptor)| descriptor.clone()).collect(),
    };
    // A name can mean one image only, and docker has no index: with several platforms none is named.
    let named = image.name.as_ref().filter(|_| manifests.len() == 1);
    for descriptor in &manifests {
        if let Document::Manifest(manifest) = read_stored(store, descriptor)? {
            images.push(DockerImage {
                config: blob_name(&manifest.config.digest),
                repo_tags: named.iter().map(|(repository, tag)| format!("{repository}:{tag}")).collect(),
                layers: manifest.layers.iter().map(|layer| blob_name(&layer.digest)).collect(),
            });
        }
    }
    Ok(images)
}

fn blobs(store: &Store, image: &ArchiveImage) -> Result<Vec<Descriptor>, ImageError> {
    let mut seen = BTreeSet::new();
    let mut blobs = Vec::new();
    for root in [&image.root].into_iter().chain(&image.referrers) {
        blobs.extend(closure(store, root)?.into_iter().filter(|descriptor| seen.insert(descriptor.digest.clone())));
    }
    blobs.sort_by(|one, other| one.digest.cmp(&other.digest));
    Ok(blobs)
}

fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

fn append<W: Write>(archive: &mut tar::Builder<W>, name: &str, size: u64, bytes: impl io::Read) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    archive.append_data(&mut header, name, bytes)
}
