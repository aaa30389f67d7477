//! The files of a layout, wherever they lie.

mod archive_error;
mod docker;
mod form;
mod layout_problem;
mod table;

pub use archive_error::ArchiveError;
pub use form::Form;
pub use layout_problem::LayoutProblem;

use crate::ImageError;
use crate::layout::{INDEX, MARKER};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use table::{Contents, Table};

/// The files of an OCI layout: in a folder, or in a tar file that is read in place.
#[derive(Clone, Debug)]
pub(crate) enum Files {
    Folder(PathBuf),
    Archive(Arc<Table>),
}

impl Files {
    /// Reads an archive's table of contents. Links, devices and paths that lead elsewhere are refused.
    pub(crate) fn archive(path: &Path) -> Result<Self, ImageError> {
        Ok(Self::Archive(Arc::new(Table::read(path, Form::Layout)?)))
    }

    /// Reads an archive as `docker save` writes it, as the layout that it would be.
    pub(crate) fn docker_archive(path: &Path) -> Result<Self, ImageError> {
        let table = Table::read(path, Form::Docker)?;
        Ok(Self::Archive(Arc::new(docker::as_layout(table)?)))
    }

    /// Reads an archive that an engine handed over: a layout, or as `docker save` writes it. Newer engines write both, and a layout has the manifests.
    /// In messages it has another name: that of its file is of nobody's interest.
    pub(crate) fn from_engine(path: &Path, name: &Path) -> Result<Self, ImageError> {
        let mut table = Table::read(path, Form::Docker)?;
        name.clone_into(&mut table.path);
        let is_layout = [MARKER, INDEX].iter().all(|name| table.get(name).is_some());
        Ok(Self::Archive(Arc::new(if is_layout { table } else { docker::as_layout(table)? })))
    }

    /// Returns the folder or file that this is.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Folder(path) => path,
            Self::Archive(table) => &table.path,
        }
    }

    /// Returns the error that says why this is not what was asked for.
    pub(crate) fn refused(&self, problem: LayoutProblem) -> ImageError {
        let form = match self {
            Self::Folder(_) => Form::Layout,
            Self::Archive(table) => table.form,
        };
        ImageError::NotALayout { path: self.path().to_owned(), form, problem }
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
            Self::Archive(table) => Ok(OpenFile::in_archive(table, name)),
        }
    }

    /// Reads a whole file of at most `limit` bytes; `None` if there is none of that name.
    pub(crate) fn read(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, ImageError> {
        let Some(file) = self.open(name)? else { return Ok(None) };
        if file.size > limit {
            return Err(self.refused(LayoutProblem::TooLarge { name: name.to_owned(), size: file.size, limit }));
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
    Archive { table: Arc<Table>, offset: u64 },
    Memory(Arc<[u8]>),
}

impl OpenFile {
    fn in_archive(table: &Arc<Table>, name: &str) -> Option<Self> {
        Some(match table.get(name)? {
            Contents::At { offset, size } => {
                Self { file: OpenIn::Archive { table: table.clone(), offset: *offset }, position: 0, size: *size }
            }
            Contents::Made(bytes) => {
                Self { file: OpenIn::Memory(bytes.clone()), position: 0, size: bytes.len() as u64 }
            }
        })
    }
}

impl Read for OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size - self.position).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let buffer = &mut buffer[..wanted];
        let read = match &self.file {
            OpenIn::Folder(file) => file.read_at(buffer, self.position)?,
            OpenIn::Archive { table, offset } => table.file.read_at(buffer, offset + self.position)?,
            OpenIn::Memory(bytes) => {
                let rest = usize::try_from(self.position).ok().and_then(|position| bytes.get(position..));
                rest.unwrap_or_default().read(buffer)?
            }
        };
        self.position += read as u64;
        Ok(read)
    }
}
