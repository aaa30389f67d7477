//! Writes a tar stream as `consign_oci`'s layers have it.

use crate::init::look::Look;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use tar::{Builder, EntryType, Header};

/// What an entry is.
pub(super) enum Contents<'a> {
    /// A file of so many bytes.
    File(u64, &'a mut dyn Read),
    Folder,
    Symlink(&'a [u8]),
    HardLink(&'a [u8]),
    Fifo,
}

/// A tar stream that is being written.
pub(super) struct Stream<W: Write> {
    archive: Builder<W>,
}

impl<W: Write> Stream<W> {
    pub(super) fn new(output: W) -> Self {
        Self { archive: Builder::new(output) }
    }

    /// Adds an entry. It is an error if a file has fewer bytes than stated.
    pub(super) fn write(&mut self, path: &[u8], look: &Look, contents: Contents<'_>) -> io::Result<()> {
        let is_link = matches!(contents, Contents::HardLink(_));
        if !look.attributes.is_empty() && !is_link {
            self.write_attributes(look)?;
        }
        let mut header = Header::new_gnu();
        header.set_mode(look.mode & 0o7777);
        header.set_uid(look.uid.into());
        header.set_gid(look.gid.into());
        header.set_mtime(look.mtime.unsigned_abs());
        header.set_size(0);
        let archive = &mut self.archive;
        match contents {
            Contents::File(size, data) => {
                header.set_entry_type(EntryType::Regular);
                header.set_size(size);
                archive.append_data(&mut header, as_path(path), Exactly { data, left: size })
            }
            Contents::Folder => {
                header.set_entry_type(EntryType::Directory);
                archive.append_data(&mut header, as_path(&[path, b"/"].concat()), io::empty())
            }
            Contents::Symlink(target) => {
                header.set_entry_type(EntryType::Symlink);
                if target.len() > header.as_old().linkname.len() {
                    return archive.append_link(&mut header, as_path(path), as_path(target));
                }
                // The archive's own way shortens what it can, such as `a//b`.
                header.set_link_name_literal(target)?;
                archive.append_data(&mut header, as_path(path), io::empty())
            }
            Contents::HardLink(target) => {
                header.set_entry_type(EntryType::Link);
                archive.append_link(&mut header, as_path(path), as_path(target))
            }
            Contents::Fifo => {
                header.set_entry_type(EntryType::Fifo);
                archive.append_data(&mut header, as_path(path), io::empty())
            }
        }
    }

    /// Adds the attributes of the entry that follows, as records of a pax header.
    fn write_attributes(&mut self, look: &Look) -> io::Result<()> {
        let mut records = Vec::new();
        for (name, value) in &look.attributes {
            records.extend(record(&[b"SCHILY.xattr.", name.as_slice()].concat(), value));
        }
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::XHeader);
        header.set_mode(0o644);
        header.set_size(records.len() as u64);
        self.archive.append_data(&mut header, "PaxHeader", records.as_slice())
    }

    /// Ends the stream.
    pub(super) fn finish(self) -> io::Result<()> {
        self.archive.into_inner()?.flush()
    }
}

fn as_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// Returns a record of a pax header: `LENGTH KEY=VALUE\n`, where the length counts the whole record (POSIX.1-2008, pax, "pax Extended Header").
fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [format!("{length} ").as_bytes(), key, b"=", value, b"\n"].concat()
}

/// Reads so many bytes. Fewer are an error; more are left.
struct Exactly<'a> {
    data: &'a mut dyn Read,
    left: u64,
}

impl Read for Exactly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.data.read(&mut buffer[..most])?;
        if count == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_records() {
        for size in 0..1200 {
            let found = record(b"k", &vec![b'x'; size]);
            let length: usize = found
                .split(|byte| *byte == b' ')
                .next()
                .and_then(|word| std::str::from_utf8(word).ok()?.parse().ok())
                .unwrap();
            assert_eq!(found.len(), length);
        }
    }
}
