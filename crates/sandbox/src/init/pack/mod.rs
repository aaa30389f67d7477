//! Packs the upper folder of stacked layers, or any unpacked layer, as a layer: entries sorted by path, marks back in the form of images (image-spec, layer.md).

mod entries;
mod stream;

use super::below::Below;
use super::beneath::open;
use super::fault::{AtEntry, Fault};
use super::look::Look;
use crate::order::{At, Step};
use crate::{Ids, PackOptions, Packed};
use entries::{Entry, EntryKind, Listing};
use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat, readlinkat};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use stream::{Contents, Stream};

/// Bytes that are written at once.
const BUFFER: usize = 1 << 20;

/// Writes what a folder holds as a layer.
pub(super) fn pack(folder: &Path, options: &PackOptions, ids: &Ids, output: impl Write) -> Result<Packed, Fault> {
    let path = folder.to_string_lossy();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = openat(CWD, folder, flags, Mode::empty()).at_path(Step::Pack, &path)?;
    let Listing { entries, left_out } = entries::list(&root, &Below::open(&options.lower)?)?;
    let mut stream = Stream::new(BufWriter::with_capacity(BUFFER, output));
    let mut packer = Packer { root, options, ids, linked: HashMap::new() };
    for entry in &entries {
        packer.write(entry, &mut stream)?;
    }
    stream.finish().at_path(Step::Pack, &path)?;
    Ok(Packed { entries: entries.len() as u64, left_out })
}

struct Packer<'a> {
    root: OwnedFd,
    options: &'a PackOptions,
    ids: &'a Ids,
    /// First paths of files that have several, by device and inode.
    linked: HashMap<(u64, u64), Vec<u8>>,
}

impl Packer<'_> {
    fn write(&mut self, entry: &Entry, stream: &mut Stream<impl Write>) -> Result<(), Fault> {
        let Entry { path, kind } = entry;
        if *kind == EntryKind::Mark {
            // Whatever it is, it says nothing but its name.
            let look = Look { mode: 0o600, ..Look::default() };
            return stream.write(path, &look, Contents::File(0, &mut std::io::empty())).at_entry(Step::Pack, path);
        }
        let file = open(&self.root, path, OFlags::PATH).at_entry(Step::Pack, path)?;
        let stat = fstat(&file).at_entry(Step::Pack, path)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if stat.st_nlink > 1 && kind != FileType::Directory {
            let id = (stat.st_dev, stat.st_ino);
            if let Some(first) = self.linked.get(&id) {
                return stream
                    .write(path, &self.look(&file, path)?, Contents::HardLink(first))
                    .at_entry(Step::Pack, path);
            }
            self.linked.insert(id, path.clone());
        }
        let look = self.look(&file, path)?;
        match kind {
            FileType::Directory => stream.write(path, &look, Contents::Folder),
            FileType::Symlink => {
                let target = readlinkat(&file, c"", Vec::new()).at_entry(Step::Pack, path)?;
                stream.write(path, &look, Contents::Symlink(target.as_bytes()))
            }
            FileType::Fifo => stream.write(path, &look, Contents::Fifo),
            _ => {
                let mut file = File::from(open(&self.root, path, OFlags::RDONLY).at_entry(Step::Pack, path)?);
                stream.write(path, &look, Contents::File(u64::try_from(stat.st_size).unwrap_or(0), &mut file))
            }
        }
        .at_entry(Step::Pack, path)
    }

    fn look(&self, file: &OwnedFd, path: &[u8]) -> Result<Look, Fault> {
        let mut look = Look::of(file, self.ids).at_entry(Step::Pack, path)?;
        // Access lists are of the file system more than of the image: no engine has them in layers.
        look.attributes.retain(|name, _| !name.starts_with(b"system."));
        look.mtime = look.mtime.max(0);
        if let Some(latest) = self.options.latest.and_then(|latest| i64::try_from(latest).ok()) {
            look.mtime = look.mtime.min(latest);
        }
        Ok(look)
    }
}
