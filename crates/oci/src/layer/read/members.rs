use super::extension::Extension;
use super::{LayerError, Member, MemberKind};
use crate::layer::{Device, DeviceClass};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use tar::Header;

const BLOCK: usize = 512;
/// Where a header has its checksum (POSIX.1-2017, pax, "ustar Interchange Format"; it was there in older forms, too).
const CHECKSUM: Range<usize> = 148..156;
/// Longest header before a member's own that is read, in bytes (Go's limit, which is that of the engines).
const EXTENSION_LIMIT: u64 = 1 << 20;

/// Reads a tar stream in one pass and bounded memory, as container engines read it (Go's `archive/tar`); POSIX pax and GNU forms. What
/// readers are known to understand in different ways is refused.
///
/// As a [`Read`], it is the contents of the member that was returned last.
pub struct Members<R> {
    input: R,
    offset: u64,
    contents_left: u64,
    padding: u64,
    is_terminated: bool,
}

impl<R: Read> Members<R> {
    /// Starts reading an uncompressed layer.
    pub fn new(input: R) -> Self {
        Self { input, offset: 0, contents_left: 0, padding: 0, is_terminated: false }
    }

    /// Returns whether the end was marked, and not only that of the bytes. Engines read on without a mark.
    pub fn is_terminated(&self) -> bool {
        self.is_terminated
    }

    /// Returns the next member, or `None` at the end. Contents of the member before that were not read are skipped.
    pub fn next_member(&mut self) -> Result<Option<Member>, LayerError> {
        let mut extension = Extension::default();
        loop {
            self.skip_contents()?;
            let Some(header) = self.header()? else {
                let complete = extension == Extension::default();
                return if complete { Ok(None) } else { Err(self.fault("it ends within a header")) };
            };
            let flag = header.as_old().linkflag[0];
            let stated = header.entry_size().map_err(|_| self.fault("the size is not a number"))?;
            let twice = match flag {
                b'x' => extension.pax,
                b'L' => extension.gnu_path.is_some(),
                b'K' => extension.gnu_link.is_some(),
                _ => false,
            };
            if twice {
                return Err(self.fault("two headers say the same of one member"));
            }
            match flag {
                b'x' => {
                    let bytes = self.extension(stated)?;
                    extension.read_pax(&bytes).map_err(|reason| self.fault(reason))?;
                }
                // Of all members that follow: comments, as a rule. No engine heeds it.
                b'g' => self.begin_contents(stated),
                b'L' => extension.gnu_path = Some(self.read_name(stated)?),
                b'K' => extension.gnu_link = Some(self.read_name(stated)?),
                _ => return self.member(&header, flag, stated, extension).map(Some),
            }
        }
    }

    fn member(&mut self, header: &Header, flag: u8, stated: u64, extension: Extension) -> Result<Member, LayerError> {
        let Extension { gnu_path, gnu_link, path, link, size, uid, gid, mtime, attributes, sparse, pax: _ } = extension;
        let path = path.or(gnu_path).unwrap_or_else(|| header.path_bytes().into_owned());
        let link = link.or(gnu_link).or_else(|| header.link_name_bytes().map(|name| name.into_owned()));
        let link = link.unwrap_or_default();
        let kind = match flag {
            // So wrote the oldest tar.
            b'0' | b'\0' | b'7' if path.ends_with(b"/") => MemberKind::Directory,
            b'0' | b'\0' | b'7' if sparse => MemberKind::SparseFile,
            b'0' | b'\0' | b'7' => MemberKind::File,
            b'S' => MemberKind::SparseFile,
            b'1' => MemberKind::HardLink(link),
            b'2' => MemberKind::Symlink(link),
            b'3' => MemberKind::Device(self.device(header, DeviceClass::Character)?),
            b'4' => MemberKind::Device(self.device(header, DeviceClass::Block)?),
            b'6' => MemberKind::Fifo,
            b'5' => MemberKind::Directory,
            _ => MemberKind::Unknown,
        };
        if flag == b'S' {
            self.skip_sparse_maps(header)?;
        }
        // Links, devices and folders have no contents, whatever size they state: engines take the next header from there.
        let size = if matches!(flag, b'1'..=b'6') { 0 } else { size.unwrap_or(stated) };
        if size > 0 && kind == MemberKind::Directory {
            // By its flag it is a file, by its name a folder: readers differ over whether a header or contents come next.
            return Err(self.fault("a folder has contents"));
        }
        let old = header.as_old();
        let mode = self.number(&old.mode, header.mode().map(u64::from))?;
        let member = Member {
            path,
            kind,
            size,
            mode: u32::try_from(mode).unwrap_or_default(),
            uid: uid.map_or_else(|| self.number(&old.uid, header.uid()), Ok)?,
            gid: gid.map_or_else(|| self.number(&old.gid, header.gid()), Ok)?,
            mtime: mtime.map_or_else(|| self.number(&old.mtime, header.mtime()), Ok)?,
            attributes,
        };
        self.begin_contents(size);
        Ok(member)
    }

    /// Returns the device of a header; the oldest form has no numbers.
    fn device(&self, header: &Header, class: DeviceClass) -> Result<Device, LayerError> {
        let fields = match (header.as_gnu(), header.as_ustar()) {
            (Some(gnu), _) => [gnu.dev_major, gnu.dev_minor],
            (_, Some(ustar)) => [ustar.dev_major, ustar.dev_minor],
            (None, None) => [[0; 8]; 2],
        };
        let [major, minor] = fields.map(|field| self.device_number(&field));
        Ok(Device { class, major: major?, minor: minor? })
    }

    /// Returns a number of a device: octal digits, or, in GNU's form, bytes of which the first has its highest bit set.
    fn device_number(&self, field: &[u8; 8]) -> Result<u32, LayerError> {
        let mut header = Header::new_gnu();
        header.as_old_mut().uid = *field;
        let number = self.number(field, header.uid())?;
        u32::try_from(number).map_err(|_| self.fault("a device has too large a number"))
    }

    /// Returns the number of a field; an empty one is 0.
    fn number(&self, field: &[u8], parsed: io::Result<u64>) -> Result<u64, LayerError> {
        if field.iter().all(|byte| matches!(byte, 0 | b' ')) {
            return Ok(0);
        }
        parsed.map_err(|_| self.fault("a header has something else where a number belongs"))
    }

    fn header(&mut self) -> Result<Option<Header>, LayerError> {
        let Some(block) = self.block()? else { return Ok(None) };
        if block == [0; BLOCK] {
            self.is_terminated = true;
            return match self.block()? {
                Some(next) if next != [0; BLOCK] => Err(self.fault("something follows a block of zeros")),
                _ => Ok(None),
            };
        }
        if !is_header(&block) {
            return Err(self.fault("the header's checksum is wrong"));
        }
        Ok(Some(Header::from_byte_slice(&block).clone()))
    }

    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, LayerError> {
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

    fn begin_contents(&mut self, size: u64) {
        self.contents_left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
    }

    fn skip_contents(&mut self) -> Result<(), LayerError> {
        let wanted = self.contents_left.saturating_add(self.padding);
        let skipped = io::copy(&mut self.input.by_ref().take(wanted), &mut io::sink())?;
        self.offset = self.offset.saturating_add(skipped);
        if skipped < wanted {
            return Err(self.fault("it ends within a file"));
        }
        self.begin_contents(0);
        Ok(())
    }

    fn skip_sparse_maps(&mut self, header: &Header) -> Result<(), LayerError> {
        let mut more = header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
        while more {
            let block = self.block()?.ok_or_else(|| self.fault("it ends within a header"))?;
            more = block[504] == 1;
        }
        Ok(())
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>, LayerError> {
        if size > EXTENSION_LIMIT {
            return Err(self.fault("an extended header is larger than 1 MiB"));
        }
        self.begin_contents(size);
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < size {
            return Err(self.fault("it ends within a header"));
        }
        Ok(bytes)
    }

    fn read_name(&mut self, size: u64) -> Result<Vec<u8>, LayerError> {
        let mut name = self.extension(size)?;
        name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
        Ok(name)
    }

    fn fault(&self, reason: &'static str) -> LayerError {
        LayerError::Malformed { offset: self.offset, reason }
    }
}

/// Returns whether bytes begin as a tar stream does that has members, of whatever form: the oldest says so by its checksum alone.
pub fn begins_tar_stream(bytes: &[u8]) -> bool {
    bytes.first_chunk().is_some_and(is_header)
}

/// Returns whether a block states the sum of its bytes, those of the sum itself counted as spaces.
fn is_header(block: &[u8; BLOCK]) -> bool {
    let bytes = block.iter().enumerate();
    let sum: u32 = bytes.map(|(at, byte)| u32::from(if CHECKSUM.contains(&at) { b' ' } else { *byte })).sum();
    Header::from_byte_slice(block).cksum().ok() == Some(sum)
}

impl<R: Read + Seek> Members<R> {
    /// Returns the byte at which the contents of the member that was returned last begin, and passes over them without reading. Whether
    /// the input goes on that far is the caller's to find out: files can be sought past their end.
    pub fn pass_over(&mut self) -> Result<u64, LayerError> {
        let start = self.offset;
        let end = start.checked_add(self.contents_left).and_then(|end| end.checked_add(self.padding));
        let end = end.ok_or_else(|| self.fault("it ends within a file"))?;
        self.input.seek(SeekFrom::Start(end))?;
        self.offset = end;
        self.begin_contents(0);
        Ok(start)
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.contents_left).unwrap_or(usize::MAX).min(buffer.len());
        // A decoder that is asked for nothing may take that for an error.
        if most == 0 {
            return Ok(0);
        }
        let count = self.input.read(&mut buffer[..most])?;
        self.contents_left -= count as u64;
        self.offset = self.offset.saturating_add(count as u64);
        Ok(count)
    }
}
