use super::UnpackError;
use super::path::{entry_path, link_target, shown};
use std::io::{self, Read};
use tar::{Entry, EntryType};

/// Longest name or link in a header of its own (GNU tar), in bytes.
const NAME_LIMIT: u64 = 4097;
/// Longest extended header (pax), in bytes. Extended attributes are in it.
const EXTENDED_LIMIT: u64 = 1 << 20;

/// One entry of a layer, with what came in headers before its own.
pub(super) struct Member {
    /// Normalized path; empty for the root.
    pub(super) path: Vec<u8>,
    pub(super) kind: MemberKind,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Seconds since 1970.
    pub(super) mtime: i64,
    /// Length of the contents in bytes.
    pub(super) size: u64,
}

#[derive(PartialEq, Eq)]
pub(super) enum MemberKind {
    File,
    Directory,
    /// Target, as written.
    Symlink(Vec<u8>),
    /// Normalized path of the target.
    HardLink(Vec<u8>),
    /// A device, FIFO or socket.
    Special,
}

/// Puts members together from raw entries. The `tar` crate can do so itself, but reads headers of any length into memory.
pub(super) struct Members {
    layer: usize,
    pending: Pending,
}

#[derive(Default, PartialEq, Eq)]
struct Pending {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    extended: Option<Vec<u8>>,
}

impl Members {
    pub(super) fn new(layer: usize) -> Self {
        Self { layer, pending: Pending::default() }
    }

    /// Returns the member that this entry completes, if it does.
    pub(super) fn next<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> Result<Option<Member>, UnpackError> {
        let kind = entry.header().entry_type();
        let (slot, limit) = match kind {
            EntryType::GNULongName => (&mut self.pending.path, NAME_LIMIT),
            EntryType::GNULongLink => (&mut self.pending.link, NAME_LIMIT),
            EntryType::XHeader => (&mut self.pending.extended, EXTENDED_LIMIT),
            // Of all members that follow: comments, as a rule. No layer depends on it.
            EntryType::XGlobalHeader => return Ok(None),
            _ => {
                let pending = std::mem::take(&mut self.pending);
                return Draft { layer: self.layer, pending, entry }.member().map(Some);
            }
        };
        let path = entry.path_bytes().into_owned();
        let refused = |reason| UnpackError::Member { layer: self.layer, path: shown(&path), reason };
        if slot.is_some() {
            return Err(refused("comes twice for the same entry"));
        }
        if entry.size() > limit {
            return Err(refused("is a header that is too long"));
        }
        let mut bytes = Vec::new();
        let length =
            entry.read_to_end(&mut bytes).map_err(|source| UnpackError::Stream { layer: self.layer, source })?;
        if length as u64 != entry.size() {
            return Err(refused("ends too early"));
        }
        if kind != EntryType::XHeader {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            bytes.truncate(end);
        }
        *slot = Some(bytes);
        Ok(None)
    }

    /// Checks that every header has found its member.
    pub(super) fn finish(self) -> Result<(), UnpackError> {
        if self.pending == Pending::default() {
            return Ok(());
        }
        let source = io::Error::from(io::ErrorKind::UnexpectedEof);
        Err(UnpackError::Stream { layer: self.layer, source })
    }
}

struct Draft<'a, 'b, R: Read> {
    layer: usize,
    pending: Pending,
    entry: &'a Entry<'b, R>,
}

impl<R: Read> Draft<'_, '_, R> {
    fn member(self) -> Result<Member, UnpackError> {
        let header = self.entry.header();
        let mut extended = Extended::default();
        let mut path = self.pending.path.unwrap_or_else(|| header.path_bytes().into_owned());
        let mut link = self.pending.link.or_else(|| header.link_name_bytes().map(|link| link.into_owned()));
        let (layer, name) = (self.layer, shown(&path));
        let refused = |reason| UnpackError::Member { layer, path: name.clone(), reason };
        if let Some(bytes) = self.pending.extended {
            extended = Extended::parse(&bytes).map_err(refused)?;
        }
        path = extended.path.unwrap_or(path);
        link = extended.link.or(link);
        let name = shown(&path);
        let refused = |reason| UnpackError::Member { layer, path: name.clone(), reason };
        let number = |value: io::Result<u64>| value.map_err(|source| UnpackError::Stream { layer, source });

        let size = self.entry.size();
        if extended.size.is_some_and(|stated| stated != size) {
            // Readers differ over which of the two counts, and so over what is in the layer.
            return Err(refused("states two sizes"));
        }
        let id = |value: u64| u32::try_from(value).map_err(|_| refused("has an owner that is too large a number"));
        let is_folder_by_name = path.ends_with(b"/");
        let link = || {
            link.filter(|link| !link.is_empty() && !link.contains(&0))
                .ok_or_else(|| refused("is a link without a target"))
        };
        let kind = match header.entry_type() {
            EntryType::Directory => MemberKind::Directory,
            // So wrote the oldest tar.
            EntryType::Regular | EntryType::Continuous if is_folder_by_name => MemberKind::Directory,
            EntryType::Regular | EntryType::Continuous => MemberKind::File,
            EntryType::Symlink => MemberKind::Symlink(link()?),
            EntryType::Link => MemberKind::HardLink(
                link_target(&link()?).map_err(|_| refused("is a hard link that leads out of the image"))?,
            ),
            EntryType::Char | EntryType::Block | EntryType::Fifo => MemberKind::Special,
            EntryType::GNUSparse => return Err(refused("is a sparse file")),
            _ => return Err(refused("is of a kind that layers do not have")),
        };
        if size > 0 && kind != MemberKind::File {
            // Engines take the next header from there, and so see entries that would be skipped here.
            return Err(refused("states a size, but holds nothing"));
        }
        Ok(Member {
            path: entry_path(&path).map_err(refused)?,
            kind,
            mode: header.mode().map_err(|source| UnpackError::Stream { layer, source })?,
            uid: id(extended.uid.map_or_else(|| number(header.uid()), Ok)?)?,
            gid: id(extended.gid.map_or_else(|| number(header.gid()), Ok)?)?,
            mtime: extended.mtime.map_or_else(|| number(header.mtime()), Ok)?.min(u32::MAX.into()) as i64,
            size,
        })
    }
}

/// What an extended header says (POSIX.1-2008, pax, "pax Header Block"), as far as it matters here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Extended {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
    mtime: Option<u64>,
}

impl Extended {
    /// Parses records of the form `LENGTH KEY=VALUE\n`, where the length counts the whole record.
    fn parse(mut bytes: &[u8]) -> Result<Self, &'static str> {
        const MALFORMED: &str = "has a malformed extended header";
        let mut extended = Self::default();
        while !bytes.is_empty() {
            let space = bytes.iter().take(8).position(|byte| *byte == b' ').ok_or(MALFORMED)?;
            let length: usize =
                std::str::from_utf8(&bytes[..space]).ok().and_then(|text| text.parse().ok()).ok_or(MALFORMED)?;
            let record = bytes.get(space + 1..length).and_then(|record| record.strip_suffix(b"\n")).ok_or(MALFORMED)?;
            bytes = &bytes[length..];
            let equals = record.iter().position(|byte| *byte == b'=').ok_or(MALFORMED)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            let number = || {
                let whole = value.split(|byte| *byte == b'.').next().unwrap_or_default();
                std::str::from_utf8(whole).ok().and_then(|text| text.parse().ok()).ok_or(MALFORMED)
            };
            match key {
                b"path" => extended.path = Some(value.to_vec()),
                b"linkpath" => extended.link = Some(value.to_vec()),
                b"size" => extended.size = Some(number()?),
                b"uid" => extended.uid = Some(number()?),
                b"gid" => extended.gid = Some(number()?),
                // Before 1970 is 1970.
                b"mtime" if value.starts_with(b"-") => extended.mtime = Some(0),
                b"mtime" => extended.mtime = Some(number()?),
                _ if key.starts_with(b"GNU.sparse.") => return Err("is a sparse file"),
                _ => {}
            }
        }
        Ok(extended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_extended_headers() {
        let bytes = b"11 path=a\n\n21 mtime=1234.567890\n9 uid=70\n24 SCHILY.xattr.x=\0\n=\xff\n\n";
        let expected =
            Extended { path: Some(b"a\n".to_vec()), uid: Some(70), mtime: Some(1234), ..Extended::default() };
        assert_eq!(Extended::parse(bytes), Ok(expected));
        assert_eq!(Extended::parse(b""), Ok(Extended::default()));
    }

    #[test]
    fn refuses_malformed_extended_headers() {
        for bytes in [
            &b"x"[..],
            b"8 path=a\n",
            b"11 path=a\n",
            b"0 path=a\n",
            b"3 \n",
            b"99999999999999999999 a=b\n",
            b"10 path=a\nx",
            b"8 uid=-\n",
            b"24 GNU.sparse.major=1.0\n",
        ] {
            assert!(Extended::parse(bytes).is_err(), "{}", shown(bytes));
        }
    }
}
