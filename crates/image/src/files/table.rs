use super::archive_error::shown;
use super::{ArchiveError, Form, LayoutProblem};
use crate::ImageError;
use consign_oci::layer::{EntryPath, LayerError, Member, MemberKind, Members};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most entries of an archive.
const ENTRY_LIMIT: usize = 100_000;
/// Most bytes of headers in an archive: names of any length are read into memory.
const HEADER_LIMIT: u64 = 64 << 20;
/// How compressed files begin, and what decompresses them.
const COMPRESSED: [(&[u8], &str); 4] = [
    (&[0x1f, 0x8b], "gunzip"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "unzstd"),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "unxz"),
    (b"BZh", "bunzip2"),
];

/// How many times as many bytes a compressed archive may have when it is decompressed, and how many beside, in bytes.
const PLAIN_RATIO: u64 = 32;
const PLAIN_FREE: u64 = 16 << 20;

/// What is in a tar file, and where. Nothing of it is unpacked, and nothing but names is held in memory.
#[derive(Debug)]
pub(crate) struct Table {
    pub(super) path: PathBuf,
    pub(super) form: Form,
    pub(super) file: File,
    files: BTreeMap<String, Contents>,
    /// Symbolic links, with their targets as written.
    links: BTreeMap<String, Vec<u8>>,
    folders: BTreeSet<String>,
}

/// A file's bytes.
#[derive(Clone, Debug)]
pub(super) enum Contents {
    /// In the archive: from this byte on, so many.
    At { offset: u64, size: u64 },
    /// In memory.
    Made(Arc<[u8]>),
}

impl Table {
    /// Reads the headers of an archive.
    pub(super) fn read(path: &Path, form: Form) -> Result<Self, ImageError> {
        let io = |action| move |source| ImageError::Io { action, path: path.to_owned(), source };
        let refused = |problem| ImageError::NotALayout { path: path.to_owned(), form, problem };
        // Looked at first: to open a pipe is to wait for its other end.
        if !path.metadata().map_err(io("open"))?.is_file() {
            return Err(refused(LayoutProblem::NotAFile));
        }
        let file = File::open(path).map_err(io("open"))?;
        let length = file.metadata().map_err(io("open"))?.len();
        let (file, length) = match decompressor(&file).map_err(io("read"))? {
            None => (file, length),
            Some(tool) => {
                // People keep what docker saves compressed. Layouts are not: they are read where they lie.
                let plain =
                    if form == Form::Docker { plain(&file, tool, length).map_err(io("decompress"))? } else { None };
                plain.ok_or_else(|| refused(LayoutProblem::Compressed { tool }))?
            }
        };
        let (files, folders) = (BTreeMap::new(), BTreeSet::new());
        let mut table = Self { path: path.to_owned(), form, file, files, links: BTreeMap::new(), folders };
        table.fill(length).map_err(|problem| ImageError::Archive { path: path.to_owned(), problem })?;
        Ok(table)
    }

    /// Returns where the file of this name has its bytes.
    pub(super) fn get(&self, name: &str) -> Option<&Contents> {
        self.files.get(name)
    }

    /// Returns the name of the file that a name stands for: its own, or that of the link's target. A link to a link stands for nothing.
    pub(super) fn resolve<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        if self.files.contains_key(name) {
            return Some(name);
        }
        let target = std::str::from_utf8(self.links.get(name)?).ok()?;
        let mut parts: Vec<&str> = name.split('/').collect();
        parts.pop();
        for part in target.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()?),
                part => parts.push(part),
            }
        }
        let target = parts.join("/");
        self.files.get_key_value(&target).map(|(name, _)| name.as_str())
    }

    /// Leaves nothing but these files in it.
    pub(super) fn replace(self, files: BTreeMap<String, Contents>) -> Self {
        Self { files, links: BTreeMap::new(), folders: BTreeSet::new(), ..self }
    }

    fn fill(&mut self, length: u64) -> Result<(), ArchiveError> {
        let file = self.file.try_clone().map_err(|error| ArchiveError::Stream { source: error.into() })?;
        let mut members = Members::new(Metered { file, left: HEADER_LIMIT });
        let mut last = None;
        while let Some(member) = members.next_member().map_err(stream_error)? {
            let offset = members.pass_over().map_err(stream_error)?;
            let entry = || shown(&member.path);
            if offset.checked_add(member.size).is_none_or(|end| end > length) {
                return Err(ArchiveError::Cut { entry: entry() });
            }
            self.add(&member, offset)?;
            last = Some(entry());
            if self.files.len() + self.folders.len() + self.links.len() > ENTRY_LIMIT {
                return Err(ArchiveError::TooManyEntries { limit: ENTRY_LIMIT });
            }
        }
        match last {
            Some(entry) if !members.is_terminated() => Err(ArchiveError::NoEnd { entry }),
            _ => Ok(()),
        }
    }

    fn add(&mut self, member: &Member, offset: u64) -> Result<(), ArchiveError> {
        let refused = |kind| Err(ArchiveError::Kind { entry: shown(&member.path), kind });
        let name = name(&member.path)?;
        let twice = || ArchiveError::Twice { entry: shown(&member.path) };
        match &member.kind {
            MemberKind::Directory => {
                if self.files.contains_key(&name) || self.links.contains_key(&name) {
                    return Err(twice());
                }
                self.folders.insert(name);
                return Ok(());
            }
            // `docker save` wrote one for each layer that an image has twice.
            MemberKind::Symlink(target) if self.form == Form::Docker => {
                if self.is_taken(&name) {
                    return Err(twice());
                }
                self.links.insert(name, target.clone());
                return Ok(());
            }
            MemberKind::File => {}
            MemberKind::SparseFile => return refused("a sparse file"),
            MemberKind::Symlink(_) => return refused("a symbolic link"),
            MemberKind::HardLink(_) => return refused("a hard link"),
            MemberKind::Fifo | MemberKind::Device(_) => return refused("a device, a pipe or a socket"),
            MemberKind::Unknown => return refused("of an unknown kind"),
        }
        if name.is_empty() {
            return Err(ArchiveError::Name { entry: shown(&member.path), reason: "it is empty" });
        }
        if self.is_taken(&name) {
            return Err(twice());
        }
        self.files.insert(name, Contents::At { offset, size: member.size });
        Ok(())
    }

    fn is_taken(&self, name: &str) -> bool {
        self.files.contains_key(name) || self.links.contains_key(name) || self.folders.contains(name)
    }
}

/// Returns a name as the files are listed by it.
fn name(path: &[u8]) -> Result<String, ArchiveError> {
    let refused = |reason| ArchiveError::Name { entry: shown(path), reason };
    let text = std::str::from_utf8(path).map_err(|_| refused("it is not UTF-8"))?;
    if text.starts_with('/') {
        return Err(refused("it is an absolute path"));
    }
    let name = text.parse::<EntryPath>().map_err(|error| refused(error.reason))?;
    Ok(name.as_str().to_owned())
}

fn stream_error(source: LayerError) -> ArchiveError {
    match source {
        LayerError::Read { source } if source.kind() == io::ErrorKind::FileTooLarge => {
            ArchiveError::TooManyHeaders { limit: HEADER_LIMIT }
        }
        source => ArchiveError::Stream { source },
    }
}

/// Returns the program that decompresses the file, if it is compressed.
fn decompressor(file: &File) -> io::Result<Option<&'static str>> {
    let mut start = [0; 6];
    let read = file.read_at(&mut start, 0)?;
    Ok(COMPRESSED.iter().find(|(magic, _)| start[..read].starts_with(magic)).map(|(_, tool)| *tool))
}

/// Returns a file without a name that has the decompressed bytes, and how many they are; `None` where that is for its owner to do: the form is
/// rare, or they are far more than those of an image that is compressed.
fn plain(mut file: &File, tool: &str, length: u64) -> io::Result<Option<(File, u64)>> {
    file.seek(SeekFrom::Start(0))?;
    let stream: Box<dyn Read + '_> = match tool {
        "gunzip" => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(file))),
        "unzstd" => Box::new(zstd::Decoder::new(file)?),
        _ => return Ok(None),
    };
    let limit = length.saturating_mul(PLAIN_RATIO).saturating_add(PLAIN_FREE);
    let mut plain = tempfile::tempfile()?;
    let written = io::copy(&mut stream.take(limit + 1), &mut plain)?;
    plain.seek(SeekFrom::Start(0))?;
    Ok((written <= limit).then_some((plain, written)))
}

/// Reads no more than so many bytes. What is sought past does not count.
struct Metered {
    file: File,
    left: u64,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

impl Seek for Metered {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}
