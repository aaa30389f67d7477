use super::DebError;
use bytes::Bytes;
use consign_oci::layer::{Contents, Entry, EntryPath, Kind};
use std::collections::{BTreeMap, HashMap};
use std::io;
use tar::{Archive, EntryType};

/// Reads the files of a control archive that are text, by name.
pub(super) fn read_texts(archive: &Bytes, limit: usize) -> Result<BTreeMap<String, String>, DebError> {
    let mut texts = BTreeMap::new();
    for entry in read_entries(archive, limit)? {
        if let Kind::File(Contents::Bytes(content)) = entry.kind {
            let name = entry.path.as_str().to_owned();
            let text = String::from_utf8(content.to_vec()).map_err(|_| DebError::NotText { name: name.clone() })?;
            texts.insert(name, text);
        }
    }
    Ok(texts)
}

/// Reads an archive's entries, without its root. Contents are slices of `archive`.
pub(super) fn read_entries(archive: &Bytes, limit: usize) -> Result<Vec<Entry>, DebError> {
    let damaged = |source| DebError::Archive { source };
    let mut entries: Vec<Entry> = Vec::new();
    let mut places: HashMap<EntryPath, usize> = HashMap::new();
    for entry in Archive::new(&archive[..]).entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let Some(entry) = read_entry(archive, &mut entry)? else { continue };
        if let Kind::HardLink(target) = &entry.kind {
            let earlier = places.get(target).and_then(|place| entries.get(*place));
            if !earlier.is_some_and(|earlier| matches!(earlier.kind, Kind::File(_) | Kind::HardLink(_))) {
                return Err(DebError::HardLink { path: entry.path, target: target.clone() });
            }
        }
        if entries.len() == limit {
            return Err(DebError::TooMany { limit });
        }
        if let Some(earlier) = places.insert(entry.path.clone(), entries.len()) {
            // A folder may be listed again, with the same meaning.
            if entry.kind != Kind::Directory || entries[earlier].kind != Kind::Directory {
                return Err(DebError::Duplicate { path: entry.path });
            }
            places.insert(entry.path.clone(), earlier);
            entries[earlier] = entry;
            continue;
        }
        entries.push(entry);
    }
    check_folders(&entries)?;
    Ok(entries)
}

/// Refuses paths that lead through what is not a folder. What lies in one is sorted right behind its path and a slash, so that the many
/// folders of deep paths need not be gone through.
fn check_folders(entries: &[Entry]) -> Result<(), DebError> {
    let mut paths: Vec<&EntryPath> = entries.iter().map(|entry| &entry.path).collect();
    paths.sort_unstable();
    for Entry { path: parent, .. } in entries.iter().filter(|entry| entry.kind != Kind::Directory) {
        let inside = format!("{}/", parent.as_str());
        let next = paths.get(paths.partition_point(|path| path.as_str() < inside.as_str()));
        if let Some(path) = next.filter(|path| path.as_str().starts_with(&inside)) {
            return Err(DebError::Through { path: (*path).clone(), parent: parent.clone() });
        }
    }
    Ok(())
}

fn read_entry(archive: &Bytes, entry: &mut tar::Entry<'_, &[u8]>) -> Result<Option<Entry>, DebError> {
    let damaged = |source| DebError::Archive { source };
    let path = parse_path(&entry.path_bytes())?;
    if has_sparse_map(entry).map_err(damaged)? {
        return Err(DebError::Kind { path, kind: "a sparse file" });
    }
    let target = entry.link_name_bytes().map(|target| target.into_owned()).filter(|target| !target.is_empty());
    let no_target = || DebError::NoTarget { path: path.clone() };
    let refused = |kind| Err(DebError::Kind { path: path.clone(), kind });
    let kind = match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous => {
            let start = usize::try_from(entry.raw_file_position()).ok();
            let end = start.zip(usize::try_from(entry.size()).ok()).and_then(|(start, size)| start.checked_add(size));
            let range = start.zip(end).filter(|(_, end)| *end <= archive.len());
            let (start, end) = range.ok_or_else(|| damaged(io::ErrorKind::UnexpectedEof.into()))?;
            Kind::File(archive.slice(start..end).into())
        }
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink => Kind::Symlink(text(&target.ok_or_else(no_target)?)?.to_owned()),
        EntryType::Link => Kind::HardLink(parse_path(&target.ok_or_else(no_target)?)?),
        EntryType::Char | EntryType::Block => return refused("a device"),
        EntryType::Fifo => return refused("a pipe"),
        EntryType::GNUSparse => return refused("a sparse file"),
        _ => return refused("an entry of unknown kind"),
    };
    if path.is_root() {
        return if kind == Kind::Directory { Ok(None) } else { refused("a file in place of the root folder") };
    }
    let header = entry.header();
    let number = |value: u64, field| u32::try_from(value).map_err(|_| DebError::Number { path: path.clone(), field });
    Ok(Some(Entry {
        mode: header.mode().map_err(damaged)? & 0o7777,
        uid: number(header.uid().map_err(damaged)?, "owner")?,
        gid: number(header.gid().map_err(damaged)?, "group")?,
        mtime: header.mtime().map_err(damaged)?,
        ..Entry::new(path.clone(), kind)
    }))
}

/// Returns whether a header of a newer form says that the file is sparse (GNU tar manual, "PAX 1").
fn has_sparse_map(entry: &mut tar::Entry<'_, &[u8]>) -> io::Result<bool> {
    let Some(extensions) = entry.pax_extensions()? else { return Ok(false) };
    for extension in extensions {
        if extension?.key_bytes().starts_with(b"GNU.sparse.") {
            return Ok(true);
        }
    }
    Ok(false)
}

fn parse_path(bytes: &[u8]) -> Result<EntryPath, DebError> {
    text(bytes)?.parse().map_err(|source| DebError::Path { source })
}

fn text(bytes: &[u8]) -> Result<&str, DebError> {
    let error = || DebError::PathEncoding { path: String::from_utf8_lossy(bytes).chars().take(200).collect() };
    std::str::from_utf8(bytes).map_err(|_| error())
}
