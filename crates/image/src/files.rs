use crate::ImageError;
use consign_oci::layer::EntryPath;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most files in an archive.
const ENTRY_LIMIT: usize = 100_000;

/// The files of an OCI layout: in a folder, or in a tar file that is read in place.
#[derive(Clone, Debug)]
pub(crate) enum Files {
    Folder(PathBuf),
    Archive(Arc<ArchiveFiles>),
}

#[derive(Debug)]
pub(crate) struct ArchiveFiles {
    path: PathBuf,
    file: File,
    /// Offset and length in bytes of each file.
    entries: BTreeMap<String, (u64, u64)>,
}

impl Files {
    /// Reads an archive's table of contents. Links, devices and paths that lead elsewhere are refused.
    pub(crate) fn archive(path: &Path) -> Result<Self, ImageError> {
        let io = |action| move |source| ImageError::Io { action, path: path.to_owned(), source };
        let refused = |reason: String| ImageError::NotALayout { path: path.to_owned(), reason };
        let mut file = File::open(path).map_err(io("open"))?;
        let mut magic = [0; 6];
        let read = file.read(&mut magic).map_err(io("read"))?;
        if magic[..read].starts_with(&[0x1f, 0x8b]) {
            return Err(refused("it is compressed; decompress it first (`gunzip`)".to_owned()));
        }
        file.seek(SeekFrom::Start(0)).map_err(io("read"))?;
        let length = file.metadata().map_err(io("look at"))?.len();
        let mut entries = BTreeMap::new();
        let mut archive = tar::Archive::new(&file);
        for entry in archive.entries_with_seek().map_err(io("read"))? {
            let entry = entry.map_err(|error| refused(format!("its tar stream is damaged: {error}")))?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let kind = entry.header().entry_type();
            if kind.is_dir() {
                continue;
            }
            if !kind.is_file() {
                return Err(refused(format!("`{name}` is neither a file nor a folder")));
            }
            let valid = !name.starts_with('/');
            let entry_path = name.parse::<EntryPath>().ok().filter(|_| valid);
            let Some(entry_path) = entry_path else { return Err(refused(format!("`{name}` leads out of it"))) };
            let (offset, size) = (entry.raw_file_position(), entry.size());
            if offset.checked_add(size).is_none_or(|end| end > length) {
                return Err(refused(format!("it ends within `{name}`")));
            }
            if entries.len() == ENTRY_LIMIT {
                return Err(refused(format!("it has more than {ENTRY_LIMIT} files")));
            }
            if entries.insert(entry_path.as_str().to_owned(), (offset, size)).is_some() {
                return Err(refused(format!("`{name}` is in it twice")));
            }
        }
        Ok(Self::Archive(Arc::new(ArchiveFiles { path: path.to_owned(), file, entries })))
    }

    /// Returns the folder or file that this is.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Folder(path) => path,
            Self::Archive(archive) => &archive.path,
        }
    }

    /// Opens a file; `None` if there is none of that name.
    pub(crate) fn open(&self, name: &str) -> Result<Option<OpenFile>, ImageError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                match File::open(&path).and_then(|file| Ok((file.metadata()?, file))) {
                    Ok((metadata, file)) if metadata.is_file() => {
                        Ok(Some(OpenFile { file: OpenIn::Folder(file), position: 0, size: metadata.len() }))
                    }
                    Ok(_) => Ok(None),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(source) => Err(ImageError::Io { action: "open", path, source }),
                }
            }
            Self::Archive(archive) => Ok(archive.entries.get(name).map(|&(offset, size)| OpenFile {
                file: OpenIn::Archive { archive: archive.clone(), offset },
                position: 0,
                size,
            })),
        }
    }

    /// Reads a whole file of at most `limit` bytes; `None` if there is none of that name.
    pub(crate) fn read(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, ImageError> {
        let Some(file) = self.open(name)? else { return Ok(None) };
        if file.size > limit {
            let reason = format!("`{name}` has {} bytes, more than {limit}", file.size);
            return Err(ImageError::NotALayout { path: self.path().to_owned(), reason });
        }
        let mut bytes = Vec::new();
        let result = file.take(limit).read_to_end(&mut bytes);
        result.map_err(|source| ImageError::Io { action: "read", path: self.path().join(name), source })?;
        Ok(Some(bytes))
    }
}

/// A file of a layout, open for reading.
pub(crate) struct OpenFile {
    file: OpenIn,
    position: u64,
    pub(crate) size: u64,
}

enum OpenIn {
    Folder(File),
    Archive { archive: Arc<ArchiveFiles>, offset: u64 },
}

impl Read for OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size - self.position).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let read = match &self.file {
            OpenIn::Folder(file) => file.read_at(&mut buffer[..wanted], self.position)?,
            OpenIn::Archive { archive, offset } => {
                archive.file.read_at(&mut buffer[..wanted], offset + self.position)?
            }
        };
        self.position += read as u64;
        Ok(read)
    }
}
