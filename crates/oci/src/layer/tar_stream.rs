use super::on_disk::capacity;
use super::pax::extension;
use super::{Device, DeviceClass, Entry, EntryError, Kind};
use std::io::{self, BufReader, Read, Write};
use tar::{Builder, EntryType, Header};

/// Bytes of zeros that end a tar stream.
pub(super) const END_OF_ARCHIVE: usize = 1024;
/// Largest number of a device that fits its field: seven octal digits.
const DEVICE_LIMIT: u32 = 0o7_777_777;

/// Writes entries one by one as a tar stream, in bounded memory: what [`write_layer`](super::write_layer) compresses, byte for byte (POSIX.1-1988,
/// ustar; GNU forms for what does not fit; pax records for extended attributes).
///
/// After an error the stream is cut short, and nothing makes it look complete: only [`TarWriter::finish`] marks the end.
pub struct TarWriter<W: Write> {
    archive: Builder<Gate<W>>,
}

impl<W: Write> TarWriter<W> {
    /// Starts a stream.
    pub fn new(output: W) -> Self {
        Self { archive: Builder::new(Gate { output, is_open: false }) }
    }

    /// Writes an entry.
    pub fn append(&mut self, entry: &Entry) -> io::Result<()> {
        let path = path(entry);
        match &entry.kind {
            Kind::File(contents) => self.append_file(entry, contents.size(), contents.reader()?),
            Kind::Directory => self.put(entry, EntryType::Directory, |archive, header| {
                let path = if path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
                archive.append_data(header, path, io::empty())
            }),
            Kind::Symlink(target) => {
                self.put(entry, EntryType::Symlink, |archive, header| append_symlink(archive, header, path, target))
            }
            Kind::HardLink(target) => {
                self.put(entry, EntryType::Link, |archive, header| archive.append_link(header, path, target.as_str()))
            }
            Kind::Fifo => {
                self.put(entry, EntryType::Fifo, |archive, header| archive.append_data(header, path, io::empty()))
            }
            Kind::Device(device) => self.append_device(entry, device),
        }
    }

    /// Writes an entry as a file of `size` bytes that come from a reader, whatever its kind is. Contents that end earlier or go on are an error.
    pub fn append_from(&mut self, entry: &Entry, size: u64, contents: impl Read) -> io::Result<()> {
        // The archive itself reads little at once.
        self.append_file(entry, size, BufReader::with_capacity(capacity(size), contents))
    }

    /// Ends the stream, with two blocks of zeros, and returns where it went.
    pub fn finish(self) -> io::Result<W> {
        let mut output = self.into_output()?;
        output.write_all(&[0; END_OF_ARCHIVE])?;
        output.flush()?;
        Ok(output)
    }

    /// Returns where the stream went, without its end.
    pub(super) fn into_output(self) -> io::Result<W> {
        Ok(self.archive.into_inner()?.output)
    }

    fn append_file(&mut self, entry: &Entry, size: u64, contents: impl Read) -> io::Result<()> {
        self.put(entry, EntryType::Regular, |archive, header| {
            header.set_size(size);
            archive.append_data(header, path(entry), Stated { contents, left: size, size, entry })
        })
    }

    fn append_device(&mut self, entry: &Entry, device: &Device) -> io::Result<()> {
        let Device { class, major, minor } = *device;
        if major.max(minor) > DEVICE_LIMIT {
            return Err(EntryError::Device { path: entry.path.clone(), major, minor, limit: DEVICE_LIMIT }.into());
        }
        let kind = match class {
            DeviceClass::Character => EntryType::Char,
            DeviceClass::Block => EntryType::Block,
        };
        self.put(entry, kind, |archive, header| {
            header.set_device_major(major)?;
            header.set_device_minor(minor)?;
            archive.append_data(header, path(entry), io::empty())
        })
    }

    /// Writes what all kinds have, and leaves the rest to `write`.
    fn put(
        &mut self,
        entry: &Entry,
        kind: EntryType,
        write: impl FnOnce(&mut Builder<Gate<W>>, &mut Header) -> io::Result<()>,
    ) -> io::Result<()> {
        let extension = extension(entry)?;
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(entry.mode & 0o7777);
        header.set_uid(entry.uid.into());
        header.set_gid(entry.gid.into());
        header.set_mtime(entry.mtime);
        header.set_size(0);
        self.archive.get_mut().is_open = true;
        let extended = extension.map_or(Ok(()), |(header, records)| self.archive.append(&header, &records[..]));
        let result = extended.and_then(|()| write(&mut self.archive, &mut header));
        self.archive.get_mut().is_open = false;
        result
    }
}

/// Lets through what belongs to an entry. The archive marks an end when it is dropped, even after an error.
struct Gate<W> {
    output: W,
    is_open: bool,
}

impl<W: Write> Write for Gate<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_open { self.output.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// Reads contents of which it was said how many there are.
struct Stated<'a, R> {
    contents: R,
    left: u64,
    size: u64,
    entry: &'a Entry,
}

impl<R: Read> Read for Stated<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.contents.read(buffer)?;
        let ended_early = count == 0 && self.left > 0 && !buffer.is_empty();
        match self.left.checked_sub(count as u64) {
            Some(left) if !ended_early => self.left = left,
            _ => return Err(EntryError::Size { path: self.entry.path.clone(), size: self.size }.into()),
        }
        Ok(count)
    }
}

fn path(entry: &Entry) -> &str {
    if entry.path.is_root() { "./" } else { entry.path.as_str() }
}

/// Adds a symbolic link whose target is as given. The archive's own way shortens what it can, such as `a//b`.
fn append_symlink<W: Write>(archive: &mut Builder<W>, header: &mut Header, path: &str, target: &str) -> io::Result<()> {
    if target.len() <= header.as_old().linkname.len() {
        header.set_link_name_literal(target)?;
        return archive.append_data(header, path, io::empty());
    }
    if header.clone().set_link_name(target).is_err() {
        return archive.append_link(header, path, target);
    }
    // Shortened, it would fit.
    archive.append(&long_link(target.len()), target.as_bytes().chain(&[0][..]))?;
    archive.append_data(header, path, io::empty())
}

/// Returns the header before a target that is too long for its field (GNU tar manual, "Basic Tar Format", `GNUTYPE_LONGLINK`).
fn long_link(length: usize) -> Header {
    let mut header = Header::new_gnu();
    let name = b"././@LongLink";
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(EntryType::GNULongLink);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(length as u64 + 1);
    header.set_cksum();
    header
}

#[cfg(test)]
mod tests;
