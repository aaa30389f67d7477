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
/// Most bytes of headers in an archive: names of any length are read into memory.
const TABLE_LIMIT: u64 = 64 << 20;
/// How compressed files begin, and what decompresses them.
const COMPRESSED: [(&[u8], &str); 4] = [
    (&[0x1f, 0x8b], "gunzip"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "unzstd"),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "unxz"),
    (b"BZh", "bunzip2"),
];

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
        // Looked at first: to open a pipe is to wait for its other end.
        let metadata = path.metadata().map_err(io("open"))?;
        if !metadata.is_file() {
            return Err(refused("it is not a file".to_owned()));
        }
        let file = File::open(path).map_err(io("open"))?;
        if let Some(tool) = decompressor(&file).map_err(io("read"))? {
            return Err(refused(format!("it is compressed; decompress it first (`{tool}`)")));
        }
        let mut entries = BTreeMap::new();
        let mut archive = tar::Archive::new(Metered { file: &file, left: TABLE_LIMIT });
        for entry in archive.entries_with_seek().map_err(io("read"))? {
            let entry =
                entry.map_err(|error| refused(format!("its tar stream is damaged: {}", shown(&error.to_string()))))?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let kind = entry.header().entry_type();
            if kind.is_dir() {
                continue;
            }
            // Some readers take a file whose name ends in a slash for a folder.
            if !kind.is_file() || name.ends_with('/') {
                return Err(refused(format!("`{}` is neither a file nor a folder", shown(&name))));
            }
            let Some(entry_path) = name.parse::<EntryPath>().ok().filter(|_| !name.starts_with('/')) else {
                return Err(refused(format!("`{}` is not the name of a file inside it", shown(&name))));
            };
            let (offset, size) = (entry.raw_file_position(), entry.size());
            if offset.checked_add(size).is_none_or(|end| end > metadata.len()) {
                return Err(refused(format!("it ends within `{}`", shown(&name))));
            }
            if entries.len() == ENTRY_LIMIT {
                return Err(refused(format!("it has more than {ENTRY_LIMIT} files")));
            }
            if entries.insert(entry_path.as_str().to_owned(), (offset, size)).is_some() {
                return Err(refused(format!("`{}` is in it twice", shown(&name))));
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
                // Looked at first: to open a pipe is to wait for its other end.
                let file = match path.metadata() {
                    Ok(metadata) if metadata.is_file() => {
                        File::open(&path).and_then(|file| Ok((file.metadata()?, file)))
                    }
                    Ok(_) => return Ok(None),
                    Err(error) => Err(error),
                };
                match file {
                    Ok((metadata, file)) => {
                        Ok(Some(OpenFile { file: OpenIn::Folder(file), position: 0, size: metadata.len() }))
                    }
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
            let reason = format!("`{name}` has {} bytes, more than the {limit} allowed here", file.size);
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

/// Returns the program that decompresses the file, if it is compressed.
fn decompressor(file: &File) -> io::Result<Option<&'static str>> {
    let mut start = [0; 6];
    let read = file.read_at(&mut start, 0)?;
    Ok(COMPRESSED.iter().find(|(magic, _)| start[..read].starts_with(magic)).map(|(_, tool)| *tool))
}

/// Returns a name from an archive as a message may show it.
fn shown(name: &str) -> String {
    name.chars().take(200).flat_map(char::escape_debug).collect()
}

/// Reads no more than so many bytes. What is sought past does not count.
struct Metered<'a> {
    file: &'a File,
    left: u64,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other("its headers are too large"))?;
        Ok(read)
    }
}

impl Seek for Metered<'_> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}
