use crate::InventoryError;
use bytes::Bytes;
use std::io::{self, Read};
use tar::Header;

const BLOCK: usize = 512;
/// Longest extended header that is read, in bytes (Go's limit, which is that of the engines).
const EXTENSION_LIMIT: u64 = 1 << 20;

/// What a member of a tar stream is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum MemberKind {
    /// A file whose contents follow as they are.
    File,
    /// A file whose contents follow in pieces, with holes left out.
    SparseFile,
    /// A folder.
    Directory,
    /// A symbolic link to this target.
    Symlink(String),
    /// Another name of this path.
    HardLink(String),
    /// A device, pipe or something that no engine unpacks.
    Other,
}

/// One member of a tar stream.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its name as written. What is not UTF-8 is replaced: no path that is looked for has it.
    pub(crate) path: String,
    /// What it is.
    pub(crate) kind: MemberKind,
    /// Size of its contents in the stream, in bytes.
    pub(crate) size: u64,
}

/// Reads a tar stream in one pass and bounded memory, as container engines read it (Go's `archive/tar`); POSIX pax and GNU forms.
pub(crate) struct TarStream<R> {
    input: R,
    offset: u64,
    contents_left: u64,
    padding: u64,
}

#[derive(Default)]
struct Extension {
    path: Option<String>,
    link: Option<String>,
    size: Option<u64>,
    sparse: bool,
}

impl<R: Read> TarStream<R> {
    /// Starts reading.
    pub(crate) fn new(input: R) -> Self {
        Self { input, offset: 0, contents_left: 0, padding: 0 }
    }

    /// Returns the next member, or `None` at the end. Contents of the member before that were not read are skipped.
    pub(crate) fn next_member(&mut self) -> Result<Option<Member>, InventoryError> {
        let mut extension = Extension::default();
        loop {
            self.skip_contents()?;
            let Some(header) = self.header()? else { return Ok(None) };
            let flag = header.as_old().linkflag[0];
            let stated = header.entry_size().map_err(|_| self.fault("the size is not a number"))?;
            match flag {
                b'x' => self.read_pax(stated, &mut extension)?,
                b'g' => self.expect(stated),
                b'L' => extension.path = Some(self.read_name(stated)?),
                b'K' => extension.link = Some(self.read_name(stated)?),
                _ => return self.member(&header, flag, stated, extension).map(Some),
            }
        }
    }

    /// Returns the contents of the member that was just returned, at most `limit` bytes of them.
    pub(crate) fn contents(&mut self, limit: u64) -> Result<Bytes, InventoryError> {
        let wanted = self.contents_left.min(limit);
        // Grows as bytes come: a size is only a claim.
        let mut contents = Vec::new();
        self.input.by_ref().take(wanted).read_to_end(&mut contents)?;
        self.advance(contents.len() as u64);
        if (contents.len() as u64) < wanted {
            return Err(self.fault("it ends within a file"));
        }
        Ok(contents.into())
    }

    fn member(
        &mut self,
        header: &Header,
        flag: u8,
        stated: u64,
        extension: Extension,
    ) -> Result<Member, InventoryError> {
        let path = extension.path.unwrap_or_else(|| lossy(&header.path_bytes()));
        let link = || {
            extension
                .link
                .clone()
                .unwrap_or_else(|| header.link_name_bytes().map(|name| lossy(&name)).unwrap_or_default())
        };
        let kind = match flag {
            b'0' | b'\0' | b'7' if path.ends_with('/') => MemberKind::Directory,
            b'0' | b'\0' | b'7' if extension.sparse => MemberKind::SparseFile,
            b'0' | b'\0' | b'7' => MemberKind::File,
            b'S' => MemberKind::SparseFile,
            b'1' => MemberKind::HardLink(link()),
            b'2' => MemberKind::Symlink(link()),
            b'5' => MemberKind::Directory,
            _ => MemberKind::Other,
        };
        if flag == b'S' {
            self.skip_sparse_maps(header)?;
        }
        // Links, devices and folders have no contents, whatever size they state.
        let size = if matches!(flag, b'1'..=b'6') { 0 } else { extension.size.unwrap_or(stated) };
        if size > 0 && kind == MemberKind::Directory {
            // By its flag it is a file, by its name a folder: readers differ over whether a header or contents come next.
            return Err(self.fault("a folder has contents"));
        }
        self.expect(size);
        Ok(Member { path, kind, size })
    }

    fn header(&mut self) -> Result<Option<Header>, InventoryError> {
        let Some(block) = self.block()? else { return Ok(None) };
        if block == [0; BLOCK] {
            return match self.block()? {
                Some(next) if next != [0; BLOCK] => Err(self.fault("something follows a block of zeros")),
                _ => Ok(None),
            };
        }
        let header = Header::from_byte_slice(&block).clone();
        let sum: u32 = block
            .iter()
            .enumerate()
            .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
            .sum();
        if header.cksum().ok() != Some(sum) {
            return Err(self.fault("the header's checksum is wrong"));
        }
        Ok(Some(header))
    }

    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, InventoryError> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self.input.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(self.fault("it ends within a header")),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.offset = self.offset.saturating_add(BLOCK as u64);
        Ok(Some(block))
    }

    fn expect(&mut self, size: u64) {
        self.contents_left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
    }

    fn advance(&mut self, count: u64) {
        self.offset = self.offset.saturating_add(count);
        self.contents_left = self.contents_left.saturating_sub(count);
    }

    fn skip_contents(&mut self) -> Result<(), InventoryError> {
        let wanted = self.contents_left.saturating_add(self.padding);
        let skipped = io::copy(&mut self.input.by_ref().take(wanted), &mut io::sink())?;
        self.offset = self.offset.saturating_add(skipped);
        if skipped < self.contents_left {
            return Err(self.fault("it ends within a file"));
        }
        self.expect(0);
        Ok(())
    }

    fn skip_sparse_maps(&mut self, header: &Header) -> Result<(), InventoryError> {
        let mut more = header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
        while more {
            let block = self.block()?.ok_or_else(|| self.fault("it ends within a header"))?;
            more = block[504] == 1;
        }
        Ok(())
    }

    fn extension(&mut self, size: u64) -> Result<Bytes, InventoryError> {
        if size > EXTENSION_LIMIT {
            return Err(self.fault("an extended header is larger than 1 MiB"));
        }
        self.expect(size);
        self.contents(size)
    }

    fn read_name(&mut self, size: u64) -> Result<String, InventoryError> {
        let bytes = self.extension(size)?;
        Ok(lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()))
    }

    /// Reads records `LENGTH KEY=VALUE\n` (POSIX pax, "pax Extended Header").
    fn read_pax(&mut self, size: u64, extension: &mut Extension) -> Result<(), InventoryError> {
        let bytes = self.extension(size)?;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (key, value, next) = pax_record(rest).ok_or_else(|| self.fault("an extended header is malformed"))?;
            match key {
                b"path" | b"GNU.sparse.name" => extension.path = Some(lossy(value)),
                b"linkpath" => extension.link = Some(lossy(value)),
                b"size" => {
                    let size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                    extension.size = Some(size.ok_or_else(|| self.fault("the size is not a number"))?);
                }
                _ => {}
            }
            extension.sparse |= key.starts_with(b"GNU.sparse.");
            rest = next;
        }
        Ok(())
    }

    fn fault(&self, reason: &'static str) -> InventoryError {
        InventoryError::Archive { offset: self.offset, reason }
    }
}

type PaxRecord<'a> = (&'a [u8], &'a [u8], &'a [u8]);

fn pax_record(bytes: &[u8]) -> Option<PaxRecord<'_>> {
    let space = bytes.iter().take(8).position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
    let record = bytes.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((&record[..equals], &record[equals + 1..], &bytes[length..]))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\n', "\u{FFFD}")
}
