//! Tar streams that no polite writer would make.

use std::io::Read;
use tar::{Archive, EntryType, Header};

/// Bytes at the end of a stream.
pub(super) const END: usize = 1024;

/// Returns an entry with any name and link. Its kind is that of POSIX: `0` is a file, `1` a hard link, `2` a symbolic link, `3` a device.
pub(super) fn entry(kind: u8, name: &str, link: &str, contents: &[u8]) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(EntryType::new(kind));
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1_600_000_000);
    header.set_size(contents.len() as u64);
    header.set_cksum();
    let mut bytes = [header.as_bytes(), contents].concat();
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// Returns entries with the end of a stream.
pub(super) fn ended(entries: &[Vec<u8>]) -> Vec<u8> {
    [&entries.concat()[..], &[0; END]].concat()
}

/// Returns the files of a stream, in their order.
pub(super) fn files(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = Archive::new(bytes);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).unwrap();
        (entry.path().unwrap().to_str().unwrap().to_owned(), contents)
    });
    entries.collect()
}
