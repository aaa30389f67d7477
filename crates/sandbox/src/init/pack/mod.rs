//! Packs the upper folder of stacked layers, or any unpacked layer, as a layer: entries sorted by path, marks back in the form of images (image-spec, layer.md).

mod entries;
mod settle;

use super::below::Below;
use super::beneath::open;
use super::fault::{AtEntry, Fault};
use super::look::Look;
use crate::order::{At, Step};
use crate::{Ids, LayerFault, PackOptions, Packed};
use consign_oci::layer::{Contents, Entry, EntryPath, Kind, TarWriter};
use entries::{Found, FoundKind, Listing};
use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat, readlinkat};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

/// Bytes that are written at once.
const BUFFER: usize = 1 << 20;

/// Writes what a folder holds as a layer.
pub(super) fn pack(folder: &Path, options: &PackOptions, ids: &Ids, output: impl Write) -> Result<Packed, Fault> {
    let path = folder.to_string_lossy();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = openat(CWD, folder, flags, Mode::empty()).at_path(Step::Pack, &path)?;
    let below = Below::open(&options.lower)?;
    let Listing { found, left_out } = entries::list(&root, &below)?;
    let mut stream = TarWriter::new(BufWriter::with_capacity(BUFFER, output));
    let mut packer = Packer { root, options, ids, linked: HashMap::new() };
    for one in &found {
        packer.write(one, &mut stream)?;
    }
    if options.settle {
        settle::settle(&packer.root, &left_out, &below, ids)?;
    }
    stream.finish().at_path(Step::Pack, &path)?;
    Ok(Packed { entries: found.len() as u64, left_out: left_out.len() as u64 })
}

struct Packer<'a> {
    root: OwnedFd,
    options: &'a PackOptions,
    ids: &'a Ids,
    /// First paths of files that have several, by device and inode.
    linked: HashMap<(u64, u64), EntryPath>,
}

impl Packer<'_> {
    fn write(&mut self, found: &Found, stream: &mut TarWriter<impl Write>) -> Result<(), Fault> {
        let Found { path, kind } = found;
        let name = entry_path(path)?;
        if *kind == FoundKind::Mark {
            // Whatever it is, it says nothing but its name.
            let mark = Entry { mode: 0o600, ..Entry::new(name, Kind::File(Contents::from(Vec::new()))) };
            return stream.append(&mark).at_entry(Step::Pack, path);
        }
        let file = open(&self.root, path, OFlags::PATH).at_entry(Step::Pack, path)?;
        let stat = fstat(&file).at_entry(Step::Pack, path)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        let id = (stat.st_dev, stat.st_ino);
        let is_linked = stat.st_nlink > 1 && kind != FileType::Directory;
        let kind = match (self.linked.get(&id), kind) {
            (Some(first), _) if is_linked => Kind::HardLink(first.clone()),
            (_, FileType::Directory) => Kind::Directory,
            (_, FileType::Symlink) => {
                let target = readlinkat(&file, c"", Vec::new()).at_entry(Step::Pack, path)?;
                Kind::Symlink(target.into_string().map_err(|_| Fault::layer(path, LayerFault::Text))?)
            }
            (_, FileType::Fifo) => Kind::Fifo,
            _ => Kind::File(Contents::from(Vec::new())),
        };
        let is_first = is_linked && !matches!(kind, Kind::HardLink(_));
        let entry = self.entry(&file, path, name, kind)?;
        if self.options.settle {
            settle::set_time(&file, entry.mtime).at_entry(Step::Pack, path)?;
        }
        if is_first {
            self.linked.insert(id, entry.path.clone());
        }
        if !matches!(entry.kind, Kind::File(_)) {
            return stream.append(&entry).at_entry(Step::Pack, path);
        }
        let contents = File::from(open(&self.root, path, OFlags::RDONLY).at_entry(Step::Pack, path)?);
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        stream.append_from(&entry, size, contents).at_entry(Step::Pack, path)
    }

    fn entry(&self, file: &OwnedFd, path: &[u8], name: EntryPath, kind: Kind) -> Result<Entry, Fault> {
        let Look { mode, uid, gid, mtime, attributes } = Look::of(file, self.ids).at_entry(Step::Pack, path)?;
        let mtime = u64::try_from(mtime).unwrap_or(0);
        let text = |name: Vec<u8>| String::from_utf8(name).map_err(|_| Fault::layer(path, LayerFault::Text));
        let attributes = attributes.into_iter().filter(|(name, _)| {
            // Access lists are of the file system more than of the image: no engine has them in layers. A link has those of its file.
            !name.starts_with(b"system.") && !matches!(kind, Kind::HardLink(_))
        });
        let attributes =
            attributes.map(|(name, value)| Ok((text(name)?, value))).collect::<Result<BTreeMap<_, _>, Fault>>()?;
        let mtime = mtime.min(self.options.latest.unwrap_or(u64::MAX));
        Ok(Entry { path: name, kind, mode, uid, gid, mtime, attributes })
    }
}

fn entry_path(path: &[u8]) -> Result<EntryPath, Fault> {
    let parsed = std::str::from_utf8(path).ok().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| Fault::layer(path, LayerFault::Text))
}
