//! Archives that ADD unpacks: tar, plain or compressed by gzip, bzip2, xz or zstd, told by what is in them.

use super::{Items, Placing, TransferError, clean};
use crate::files::{FileNode, Lies, Node, NodeKind};
use consign_oci::layer::{Counted, EntryPath, LayerError, MemberKind, Members, begins_tar_stream};
use flate2::read::MultiGzDecoder;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

/// Most that an archive may hold, in bytes.
const BYTES_LIMIT: u64 = 64 << 30;
/// Most members of an archive.
const MEMBER_LIMIT: usize = 2_000_000;
/// Most memory that unpacking xz may take, in bytes: that of `xz -9`.
const XZ_MEMORY: u64 = 128 << 20;
/// Largest window of a zstd stream, as a power of two.
const ZSTD_WINDOW: u32 = 27;
/// Bytes by which it is told whether a stream is a tar archive.
const START: usize = 512;
/// How names begin that a layer takes for the removal of what lies below (image-spec, layer.md, "Whiteouts").
const WHITEOUT: &str = ".wh.";

/// Opens an archive as the tar stream in it; `None` if it is no archive.
fn open(path: &Path) -> io::Result<Option<Box<dyn Read>>> {
    let start = |reader: &mut dyn Read, length: usize| {
        let mut bytes = Vec::new();
        reader.take(length as u64).read_to_end(&mut bytes).map(|_| bytes)
    };
    let magic = start(&mut File::open(path)?, 6)?;
    let unpacked = || -> io::Result<Box<dyn Read>> {
        let file = BufReader::with_capacity(128 << 10, File::open(path)?);
        Ok(match &magic[..] {
            [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(file)),
            [b'B', b'Z', b'h', ..] => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
            [0xfd, b'7', b'z', b'X', b'Z', 0] => {
                let stream = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED)?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(file, stream))
            }
            [0x28, 0xb5, 0x2f, 0xfd, ..] => {
                let mut decoder = zstd::Decoder::with_buffer(file)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Box::new(decoder)
            }
            _ => Box::new(file),
        })
    };
    // What cannot be unpacked is no archive, but a file like any other.
    let Ok(first) = start(&mut *unpacked()?, START) else { return Ok(None) };
    if begins_tar_stream(&first) { unpacked().map(Some) } else { Ok(None) }
}

/// Adds what is in an archive, if the file is one. Files are unpacked into `folder`, where they lie until the layer is written.
pub(crate) fn unpack(
    path: &Path,
    folder: &Path,
    placing: &Placing<'_>,
    items: &mut Items,
) -> Result<bool, TransferError> {
    let shown = || path.display().to_string();
    let failed = |source: LayerError| TransferError::Archive { archive: shown(), source };
    let Some(stream) = open(path).map_err(|error| failed(error.into()))? else { return Ok(false) };
    let bytes = Cell::new(0);
    let mut members = Members::new(Counted::new(stream, &bytes, BYTES_LIMIT));
    let mut files: BTreeMap<EntryPath, Node> = BTreeMap::new();
    // With what is unpacked already: members may lie below a link that the archive itself brings.
    let mut tree = placing.image.clone();
    for number in 0.. {
        let Some(member) = members.next_member().map_err(failed)? else { break };
        if number == MEMBER_LIMIT {
            return Err(TransferError::TooMuch { archive: shown(), limit: MEMBER_LIMIT });
        }
        let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(TransferError::Name { archive: shown(), path: String::from_utf8_lossy(bytes).into_owned() }),
        };
        let to = inside(&text(&member.path)?)?;
        if to.as_str().split('/').any(|part| part.starts_with(WHITEOUT)) {
            return Err(TransferError::Whiteout { path: to.to_string() });
        }
        let kind = match &member.kind {
            MemberKind::Directory => NodeKind::Directory,
            MemberKind::Symlink(target) => NodeKind::Symlink(text(target)?),
            MemberKind::HardLink(target) => {
                let target = inside(&text(target)?)?;
                let missing = || TransferError::LinkTarget { path: to.to_string(), target: target.to_string() };
                files.get(&target).ok_or_else(missing)?.kind.clone()
            }
            MemberKind::File => {
                let on_disk = folder.join(number.to_string());
                let write = File::create_new(&on_disk).and_then(|mut file| io::copy(&mut members, &mut file));
                let size = write.map_err(|error| failed(error.into()))?;
                NodeKind::File(Arc::new(FileNode::new(size, Lies::OnDisk(on_disk))))
            }
            MemberKind::SparseFile => return Err(TransferError::Sparse { path: to.to_string() }),
            MemberKind::Fifo => NodeKind::Fifo,
            MemberKind::Device(device) => NodeKind::Device(*device),
            MemberKind::Unknown => return Err(TransferError::Special { source_path: to.to_string() }),
        };
        let number = |number: u64| u32::try_from(number).unwrap_or_default();
        let node = Node {
            kind,
            mode: member.mode & 0o7777,
            uid: number(member.uid),
            gid: number(member.gid),
            mtime: placing.latest.map_or(member.mtime, |latest| member.mtime.min(latest)),
            attributes: member.attributes,
        };
        files.insert(to.clone(), node.clone());
        placing.replace(&to, &node, &mut tree, items)?;
    }
    Ok(true)
}

/// Returns a path of an archive, which may go up again where it went down. One that leads out is refused.
fn inside(path: &str) -> Result<EntryPath, TransferError> {
    let mut depth = 0_usize;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return Ok(path.parse()?),
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    Ok(clean(path)?)
}
