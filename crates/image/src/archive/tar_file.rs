use super::{ArchiveImage, docker, stored};
use crate::ImageError;
use crate::layout::{INDEX, MARKER, REFERRERS, blob_name};
use consign_oci::{Index, Tag};
use consign_store::Store;
use std::fs::Permissions;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What `oci-layout` says.
pub(crate) const MARKER_TEXT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// Writes an archive beside its place and moves it there.
pub(super) fn write(store: &Store, image: &ArchiveImage, tag: Option<&Tag>, path: &Path) -> Result<(), ImageError> {
    let failed = |action| move |source| ImageError::Io { action, path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let partial = partial_file(folder).map_err(failed("make a file beside"))?;
    let mut archive = tar::Builder::new(BufWriter::new(partial));
    let index = json(&Index::new(vec![image.listed(tag)]), path)?;
    let docker = json(&docker::images(store, image, tag)?, path)?;
    let mut lists = vec![(MARKER, MARKER_TEXT), (INDEX, &index[..]), ("manifest.json", &docker[..])];
    let referrers = image.listed_referrers();
    let listed = json(&Index::new(referrers.clone()), path)?;
    lists.extend((!referrers.is_empty()).then_some((REFERRERS, &listed[..])));
    for (name, bytes) in lists {
        append(&mut archive, name, bytes.len() as u64, bytes).map_err(failed("write"))?;
    }
    for blob in stored::blobs(store, image)? {
        stored::copy(store, &blob, |bytes| {
            append(&mut archive, &blob_name(&blob.digest), blob.size, bytes).map_err(failed("write"))
        })?;
    }
    let partial = archive.into_inner().and_then(|buffer| buffer.into_inner().map_err(io::IntoInnerError::into_error));
    let partial = partial.map_err(failed("write"))?;
    partial.as_file().sync_all().map_err(failed("flush"))?;
    partial.persist(path).map_err(|error| failed("write")(error.error))?;
    Ok(())
}

/// Makes a file that becomes another when it is complete. Unlike most temporary files it is for whoever the user's mask lets read it.
pub(crate) fn partial_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(".partial-").permissions(Permissions::from_mode(0o666)).tempfile_in(folder)
}

pub(super) fn json(value: &impl serde::Serialize, path: &Path) -> Result<Vec<u8>, ImageError> {
    let failed = |source: serde_json::Error| ImageError::Io {
        action: "write a list into",
        path: path.to_owned(),
        source: source.into(),
    };
    serde_json::to_vec(value).map_err(failed)
}

fn append<W: Write>(archive: &mut tar::Builder<W>, name: &str, size: u64, bytes: impl Read) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    archive.append_data(&mut header, name, bytes)
}
