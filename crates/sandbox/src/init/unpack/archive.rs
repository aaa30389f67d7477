use super::member::{Member, MemberKind};
use super::pax::Extension;
use crate::init::fault::{AtEntry, Fault};
use crate::order::Step;
use crate::{LayerFault, UnpackOptions};
use std::collections::BTreeMap;
use std::io::{self, Read};
use tar::Header;

const BLOCK: u64 = 512;
/// Longest header before a member's own, in bytes (Go's limit, which is that of the engines).
const EXTENSION_LIMIT: u64 = 1 << 20;

/// Reads a tar stream in one pass and bounded memory (POSIX pax and GNU forms). As a [`Read`], it is the contents of the member that was returned last.
pub(super) struct Archive<'a, R> {
    input: R,
    limits: &'a UnpackOptions,
    read: u64,
    entries: u64,
    contents: u64,
    padding: u64,
}

impl<'a, R: Read> Archive<'a, R> {
    pub(super) fn new(input: R, limits: &'a UnpackOptions) -> Self {
        Self { input, limits, read: 0, entries: 0, contents: 0, padding: 0 }
    }

    /// Returns the next member, or `None` at the end. Contents of the member before that were not read are skipped.
    pub(super) fn next_member(&mut self) -> Result<Option<Member>, Fault> {
        let mut extension = Extension::default();
        loop {
            self.skip()?;
            let Some(header) = self.header()? else {
                let complete = extension == Extension::default();
                return if complete { Ok(None) } else { Err(malformed("it ends within a header")) };
            };
            let size = header.entry_size().map_err(|_| malformed("a size is not a number"))?;
            match header.as_old().linkflag[0] {
                b'x' if !extension.pax => {
                    let bytes = self.extension(size)?;
                    extension.read_pax(&bytes).ok_or_else(|| malformed("an extended header is not valid"))?;
                }
                b'L' if extension.gnu_path.is_none() => extension.gnu_path = Some(self.name(size)?),
                b'K' if extension.gnu_link.is_none() => extension.gnu_link = Some(self.name(size)?),
                b'x' | b'L' | b'K' => return Err(malformed("two headers say the same of one member")),
                // Of all members that follow: comments, as a rule. No engine heeds it.
                b'g' => self.begin(size),
                flag => return self.member(&header, flag, size, extension).map(Some),
            }
        }
    }

    fn member(&mut self, header: &Header, flag: u8, size: u64, mut extension: Extension) -> Result<Member, Fault> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(Fault::layer(b"", LayerFault::Entries { limit: self.limits.entries }));
        }
        let path = header.path_bytes().into_owned();
        let link = extension.link.take().or(extension.gnu_link.take());
        let link = link.or_else(|| header.link_name_bytes().map(|name| name.into_owned())).unwrap_or_default();
        let size = extension.size.unwrap_or(size);
        let sparse = extension.sparse;
        let old = header.as_old();
        let mut member = Member {
            path,
            kind: MemberKind::File,
            size,
            mode: number(&old.mode, header.mode().map(u64::from))?,
            uid: number(&old.uid, header.uid())?,
            gid: number(&old.gid, header.gid())?,
            // Before 1970 is 1970.
            mtime: i64::try_from(number::<u64>(&old.mtime, header.mtime())?).unwrap_or(0),
            attributes: BTreeMap::new(),
        };
        extension.apply(&mut member).ok_or_else(|| malformed("an owner is not a number of 32 bits"))?;
        member.kind = match flag {
            // So wrote the oldest tar.
            b'0' | 0 | b'7' if member.path.ends_with(b"/") && size == 0 => MemberKind::Folder,
            b'0' | 0 | b'7' if !sparse && !member.path.ends_with(b"/") => MemberKind::File,
            b'1' => MemberKind::HardLink(link),
            b'2' => MemberKind::Symlink(link),
            b'3' | b'4' => MemberKind::Device,
            b'5' => MemberKind::Folder,
            b'6' => MemberKind::Fifo,
            _ => MemberKind::Other,
        };
        // Links, devices and folders have no contents, whatever size they state: engines take the next header from there.
        if member.kind != MemberKind::File {
            member.size = 0;
        }
        self.begin(member.size);
        Ok(member)
    }

    fn header(&mut self) -> Result<Option<Header>, Fault> {
        let Some(block) = self.block()? else { return Ok(None) };
        if block == [0; BLOCK as usize] {
            if self.block()?.is_some_and(|next| next != block) {
                return Err(malformed("something follows a block of zeros"));
            }
            // The rest is of no use, but whoever writes it should come to an end.
            while self.block()?.is_some() {}
            return Ok(None);
        }
        let header = Header::from_byte_slice(&block).clone();
        let sum = |(at, byte): (usize, &u8)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) };
        if header.cksum().ok() != Some(block.iter().enumerate().map(sum).sum()) {
            return Err(malformed("a header's checksum is wrong"));
        }
        Ok(Some(header))
    }

    fn block(&mut self) -> Result<Option<[u8; BLOCK as usize]>, Fault> {
        let mut block = [0; BLOCK as usize];
        let mut filled = 0;
        while filled < block.len() {
            match self.take(&mut block[filled..]).at_entry(Step::Unpack, b"")? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(malformed("it ends within a header")),
                count => filled += count,
            }
        }
        Ok(Some(block))
    }

    fn take(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = loop {
            match self.input.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.read = self.read.saturating_add(count as u64);
        if self.read > self.limits.bytes {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(count)
    }

    /// Returns whether there were more bytes than allowed.
    pub(super) fn is_too_long(&self) -> bool {
        self.read > self.limits.bytes
    }

    fn begin(&mut self, size: u64) {
        self.contents = size;
        self.padding = size.wrapping_neg() % BLOCK;
    }

    fn skip(&mut self) -> Result<(), Fault> {
        let mut left = self.contents.saturating_add(self.padding);
        let mut buffer = [0; 8 << 10];
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            match self.take(&mut buffer[..most]).at_entry(Step::Unpack, b"")? {
                0 => return Err(malformed("it ends within a file")),
                count => left -= count as u64,
            }
        }
        self.begin(0);
        Ok(())
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>, Fault> {
        if size > EXTENSION_LIMIT {
            return Err(malformed("an extended header is larger than 1 MiB"));
        }
        self.begin(size);
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).at_entry(Step::Unpack, b"")?;
        if (bytes.len() as u64) < size {
            return Err(malformed("it ends within a header"));
        }
        Ok(bytes)
    }

    fn name(&mut self, size: u64) -> Result<Vec<u8>, Fault> {
        let mut name = self.extension(size)?;
        name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
        Ok(name)
    }
}

impl<R: Read> Read for Archive<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.contents).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.take(&mut buffer[..most])?;
        self.contents -= count as u64;
        Ok(count)
    }
}

fn malformed(reason: &str) -> Fault {
    Fault::malformed(b"", reason)
}

/// Returns the number of a field; an empty one is 0.
fn number<T: TryFrom<u64> + Default>(field: &[u8], parsed: io::Result<u64>) -> Result<T, Fault> {
    if field.iter().all(|byte| matches!(byte, 0 | b' ')) {
        return Ok(T::default());
    }
    let number = parsed.ok().and_then(|number| number.try_into().ok());
    number.ok_or_else(|| malformed("a header has something else where a number belongs"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::At;
    use proptest::prelude::*;

    /// A layer with every form of header.
    fn layer() -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        let mut add = |kind: u8, path: &str, contents: &[u8]| {
            let mut header = Header::new_gnu();
            header.set_entry_type(tar::EntryType::new(kind));
            header.set_size(contents.len() as u64);
            archive.append_data(&mut header, path, contents).unwrap();
        };
        add(b'0', "file", b"contents");
        add(b'0', &"long/".repeat(50), b"");
        add(b'x', "pax", b"20 path=another/one\n18 uid=3000000000\n27 SCHILY.xattr.user.a=b\n\n\n");
        add(b'0', "named", b"x");
        add(b'5', "folder/", b"");
        add(b'6', "pipe", b"");
        archive.into_inner().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Vec<Member>, Fault> {
        let options = UnpackOptions { bytes: 1 << 20, entries: 100, ..UnpackOptions::default() };
        let mut archive = Archive::new(bytes, &options);
        let mut members = Vec::new();
        while let Some(member) = archive.next_member()? {
            io::copy(&mut archive, &mut io::sink()).at(Step::Unpack)?;
            members.push(member);
        }
        Ok(members)
    }

    #[test]
    fn reads_members() {
        let members = read(&layer()).unwrap();
        let paths: Vec<String> =
            members.iter().map(|member| String::from_utf8_lossy(&member.path).into_owned()).collect();
        assert_eq!(paths, ["file", &"long/".repeat(50), "another/one", "folder/", "pipe"]);
        assert_eq!((members[2].uid, members[2].size), (3_000_000_000, 1));
        assert_eq!(members[2].attributes, BTreeMap::from([(b"user.a".to_vec(), b"b\n\n".to_vec())]));
        let kinds = [MemberKind::File, MemberKind::Folder, MemberKind::File, MemberKind::Folder, MemberKind::Fifo];
        assert!(members.iter().map(|member| &member.kind).eq(&kinds));
    }

    #[test]
    fn nothing_follows_the_end() {
        let mut bytes = vec![0; 512];
        bytes.extend(layer());
        assert!(read(&bytes).is_err());
        assert_eq!(read(&[0; 512]).unwrap(), Vec::new());
    }

    proptest! {
        #[test]
        fn damage_does_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20), cut in any::<prop::sample::Index>()) {
            let mut bytes = layer();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            // Checksums as they would have to be for the damage to be noticed elsewhere.
            for block in bytes.chunks_exact_mut(512).filter(|block| block[257..262] == *b"ustar") {
                let mut header = Header::from_byte_slice(block).clone();
                header.set_cksum();
                block.copy_from_slice(header.as_bytes());
            }
            bytes.truncate(cut.index(bytes.len()) + 1);
            if let Ok(members) = read(&bytes) {
                prop_assert!(members.len() <= 100);
            }
        }
    }
}
