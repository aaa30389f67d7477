//! A checkout as one run of bytes, for the cache: a line that lists its files, and what is in them.

use super::Checkout;
use super::checkout::{Content, Files};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Listing {
    commit: String,
    files: Vec<Listed>,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    path: String,
    kind: Kind,
    /// In bytes.
    size: u64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Folder,
    File,
    Program,
    Link,
}

pub(super) fn write(checkout: &Checkout) -> Result<Vec<u8>, serde_json::Error> {
    let parts: Vec<(&String, Kind, &[u8])> = checkout
        .files
        .iter()
        .map(|(path, content)| match content {
            Content::Folder => (path, Kind::Folder, &[][..]),
            Content::File(bytes, false) => (path, Kind::File, &bytes[..]),
            Content::File(bytes, true) => (path, Kind::Program, &bytes[..]),
            Content::Link(target) => (path, Kind::Link, target.as_bytes()),
        })
        .collect();
    let listed = |(path, kind, bytes): &(&String, Kind, &[u8])| Listed {
        path: (*path).clone(),
        kind: *kind,
        size: bytes.len() as u64,
    };
    let listing = Listing { commit: checkout.commit.clone(), files: parts.iter().map(listed).collect() };
    let mut all = serde_json::to_vec(&listing)?;
    all.push(b'\n');
    parts.iter().for_each(|(_, _, bytes)| all.extend_from_slice(bytes));
    Ok(all)
}

/// Reads what was written; `None` if it is something else.
pub(super) fn read(all: &Bytes) -> Option<Checkout> {
    let line = all.iter().position(|byte| *byte == b'\n')?;
    let listing: Listing = serde_json::from_slice(&all[..line]).ok()?;
    let (mut files, mut start) = (Files::new(), line + 1);
    for Listed { path, kind, size } in listing.files {
        let end = start.checked_add(usize::try_from(size).ok()?).filter(|end| *end <= all.len())?;
        let bytes = all.slice(start..end);
        start = end;
        let content = match kind {
            Kind::Folder => Content::Folder,
            Kind::File => Content::File(bytes, false),
            Kind::Program => Content::File(bytes, true),
            Kind::Link => Content::Link(String::from_utf8(bytes.to_vec()).ok()?),
        };
        files.insert(path, content);
    }
    (start == all.len()).then_some(Checkout { commit: listing.commit, files })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let files = Files::from([
            ("a".to_owned(), Content::File(Bytes::from_static(b"x\ny"), false)),
            ("b/c".to_owned(), Content::File(Bytes::new(), true)),
            ("d".to_owned(), Content::Folder),
            ("e".to_owned(), Content::Link("../a".to_owned())),
        ]);
        let checkout = Checkout { commit: "1".repeat(40), files };
        let written = Bytes::from(write(&checkout).unwrap());
        assert_eq!(read(&written), Some(checkout));
        assert_eq!(read(&written.slice(..written.len() - 1)), None);
        assert_eq!(read(&Bytes::from_static(b"x")), None);
    }
}
