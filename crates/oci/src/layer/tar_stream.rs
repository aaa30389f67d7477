use super::pieces::Pieces;
use super::{Entry, Kind};
use std::io;

/// Bytes of zeros that end a tar stream.
pub(super) const END_OF_ARCHIVE: usize = 1024;

type Archive<'a> = tar::Builder<Pieces<'a>>;

/// Writes entries as a part of a tar stream, without its end.
pub(super) fn write_entries(entries: &[Entry], pieces: Pieces<'_>) -> io::Result<()> {
    let mut archive = tar::Builder::new(pieces);
    entries.iter().try_for_each(|entry| append(&mut archive, entry))?;
    archive.get_mut().end()
}

fn append(archive: &mut Archive<'_>, entry: &Entry) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_mode(entry.mode & 0o7777);
    header.set_uid(entry.uid.into());
    header.set_gid(entry.gid.into());
    header.set_mtime(entry.mtime);
    header.set_size(0);
    let path = if entry.path.is_root() { "./" } else { entry.path.as_str() };
    match &entry.kind {
        Kind::File(contents) => {
            header.set_entry_type(tar::EntryType::Regular);
            header.set_size(contents.len() as u64);
            archive.append_data(&mut header, path, &contents[..])
        }
        Kind::Directory => {
            header.set_entry_type(tar::EntryType::Directory);
            let path = if path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
            archive.append_data(&mut header, path, io::empty())
        }
        Kind::Symlink(target) => {
            header.set_entry_type(tar::EntryType::Symlink);
            link(archive, &mut header, path, target)
        }
        Kind::HardLink(target) => {
            header.set_entry_type(tar::EntryType::Link);
            archive.append_link(&mut header, path, target.as_str())
        }
    }
}

/// Adds a symbolic link whose target is as given. The archive's own way shortens what it can, such as `a//b`.
fn link(archive: &mut Archive<'_>, header: &mut tar::Header, path: &str, target: &str) -> io::Result<()> {
    if target.len() > header.as_old().linkname.len() {
        return archive.append_link(header, path, target);
    }
    header.set_link_name_literal(target)?;
    archive.append_data(header, path, io::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_as_given() {
        let targets = ["a//b/./c/", "./x", "..", "/", &"long/".repeat(50)];
        let entry = |target: &&str| Entry {
            path: "l".parse().unwrap(),
            kind: Kind::Symlink((*target).to_owned()),
            mode: 0o755,
            uid: 0,
            gid: 0,
            mtime: 7,
        };
        let entries: Vec<Entry> = targets.iter().map(entry).collect();
        let mut bytes = Vec::new();
        let mut taker = |piece: Vec<u8>| {
            bytes.extend(piece);
            Ok(())
        };
        write_entries(&entries, Pieces::new(&mut taker)).unwrap();
        let mut archive = tar::Archive::new(&bytes[..]);
        let found: Vec<Vec<u8>> =
            archive.entries().unwrap().map(|entry| entry.unwrap().link_name_bytes().unwrap().into_owned()).collect();
        assert_eq!(found, targets.map(|target| target.as_bytes().to_vec()));
    }
}
