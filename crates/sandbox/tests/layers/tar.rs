//! Writes and reads layers in a short notation: one line an entry, `KIND PATH [MODE UID:GID] [WHAT]`.

use std::collections::BTreeMap;
use std::io::Read;

/// An entry of a test's layer.
pub(crate) struct Entry<'a> {
    pub(crate) path: &'a str,
    pub(crate) kind: tar::EntryType,
    pub(crate) mode: u32,
    pub(crate) owner: (u64, u64),
    pub(crate) mtime: u64,
    pub(crate) text: &'a str,
    pub(crate) attributes: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(kind: tar::EntryType, path: &'a str, text: &'a str) -> Self {
        let mode = if kind.is_dir() { 0o755 } else { 0o644 };
        Self { path, kind, mode, owner: (0, 0), mtime: 1000, text, attributes: Vec::new() }
    }

    pub(crate) fn file(path: &'a str, text: &'a str) -> Self {
        Self::new(tar::EntryType::Regular, path, text)
    }

    pub(crate) fn folder(path: &'a str) -> Self {
        Self::new(tar::EntryType::Directory, path, "")
    }

    pub(crate) fn symlink(path: &'a str, target: &'a str) -> Self {
        Self::new(tar::EntryType::Symlink, path, target)
    }

    pub(crate) fn hard_link(path: &'a str, target: &'a str) -> Self {
        Self::new(tar::EntryType::Link, path, target)
    }

    pub(crate) fn owner(mut self, uid: u64, gid: u64) -> Self {
        self.owner = (uid, gid);
        self
    }

    pub(crate) fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    pub(crate) fn attribute(mut self, name: &'a str, value: &'a [u8]) -> Self {
        self.attributes.push((name, value));
        self
    }
}

/// Returns the layer as a tar stream. Paths are written as they are, however hostile.
pub(crate) fn layer(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for entry in entries {
        if !entry.attributes.is_empty() {
            let mut records = Vec::new();
            for (name, value) in &entry.attributes {
                let rest = name.len() + value.len() + " SCHILY.xattr.=\n".len();
                let length = (rest..).find(|length| rest + length.to_string().len() == *length).unwrap();
                records.extend(format!("{length} SCHILY.xattr.{name}=").bytes());
                records.extend(*value);
                records.push(b'\n');
            }
            append(&mut archive, &Entry::new(tar::EntryType::XHeader, "pax", ""), &records);
        }
        let contents = if entry.kind.is_file() { entry.text.as_bytes() } else { &[] };
        append(&mut archive, entry, contents);
    }
    archive.into_inner().unwrap()
}

fn append(archive: &mut tar::Builder<Vec<u8>>, entry: &Entry<'_>, contents: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..entry.path.len()].copy_from_slice(entry.path.as_bytes());
    header.set_entry_type(entry.kind);
    header.set_mode(entry.mode);
    header.set_uid(entry.owner.0);
    header.set_gid(entry.owner.1);
    header.set_mtime(entry.mtime);
    header.set_size(contents.len() as u64);
    if matches!(entry.kind, tar::EntryType::Symlink | tar::EntryType::Link) {
        header.set_link_name_literal(entry.text).unwrap();
    }
    header.set_cksum();
    archive.append(&header, contents).unwrap();
}

/// Returns the entries of a layer as text, one a line: `PATH MODE UID:GID WHAT`.
pub(crate) fn listed(layer: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(layer);
    let show = |mut entry: tar::Entry<'_, &[u8]>| {
        let attributes: BTreeMap<String, String> = entry
            .pax_extensions()
            .unwrap()
            .into_iter()
            .flatten()
            .map(|record| record.unwrap())
            .map(|record| (record.key().unwrap().to_owned(), record.value_bytes().escape_ascii().to_string()))
            .collect();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let link = entry.link_name_bytes().map(|name| String::from_utf8(name.into_owned()).unwrap());
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        let header = entry.header();
        let what = match header.entry_type() {
            tar::EntryType::Directory => "folder".to_owned(),
            tar::EntryType::Symlink => format!("symlink {}", link.unwrap()),
            tar::EntryType::Link => format!("link {}", link.unwrap()),
            tar::EntryType::Fifo => "fifo".to_owned(),
            _ => format!("file {text}"),
        };
        let (mode, uid, gid) = (header.mode().unwrap(), header.uid().unwrap(), header.gid().unwrap());
        let attributes: String = attributes
            .iter()
            .map(|(name, value)| format!(" {}={value}", name.strip_prefix("SCHILY.xattr.").unwrap_or(name)))
            .collect();
        format!("{path} {mode:o} {uid}:{gid} {what}{attributes}").trim_end().to_owned()
    };
    archive.entries().unwrap().map(|entry| show(entry.unwrap())).collect()
}
