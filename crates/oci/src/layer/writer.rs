use super::compressing::compress;
use super::pieces::{PIECE, Pieces};
use super::tar_stream::END_OF_ARCHIVE;
use super::{Entry, SegmentCache, TarWriter};
use crate::{Descriptor, Digest};
use bytes::Bytes;
use std::io::{self, ErrorKind, Read, Write};
use std::num::NonZeroUsize;

/// Bytes of a block, of which a tar stream has whole ones.
const BLOCK: u64 = 512;

/// A finished layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The compressed blob.
    pub descriptor: Descriptor,
    /// Digest of the uncompressed tar stream.
    pub diff_id: Digest,
}

/// Writes a layer: each entry is put into the tar stream, whose bytes are hashed, shown to the observer, compressed and handed to the sink, once.
///
/// Entries come in the order given; the caller sorts them by path. Pieces are compressed by `threads` threads, of which each has a few pieces of
/// some megabytes in hand; contents that lie on disk are read in parts, too. Returns the digest of the tar stream.
pub fn write_layer(
    segments: &[Vec<Entry>],
    sink: &mut dyn Write,
    cache: &dyn SegmentCache,
    threads: NonZeroUsize,
    observer: &mut dyn FnMut(&Bytes),
) -> io::Result<Digest> {
    let (diff_id, ()) = compress(sink, cache, threads, observer, |compressing| {
        for segment in segments {
            let mut taker = |piece| compressing.take(piece);
            let mut archive = TarWriter::new(Pieces::new(&mut taker));
            segment.iter().try_for_each(|entry| archive.append(entry))?;
            archive.into_output()?.end()?;
        }
        compressing.take(vec![0; END_OF_ARCHIVE])
    })?;
    Ok(diff_id)
}

/// Makes a layer of a tar stream that is ready, mark of the end included, in the memory that [`write_layer`] takes. Returns its digest and its bytes.
///
/// One of more than `limit` bytes is an error of the kind [`ErrorKind::FileTooLarge`]; one that does not end as tar streams do, because whoever
/// writes it was stopped, is one of the kind [`ErrorKind::UnexpectedEof`].
pub fn compress_stream(
    mut reader: impl Read,
    sink: &mut dyn Write,
    cache: &dyn SegmentCache,
    threads: NonZeroUsize,
    observer: &mut dyn FnMut(&Bytes),
    limit: u64,
) -> io::Result<(Digest, u64)> {
    compress(sink, cache, threads, observer, |compressing| {
        let (mut bytes, mut end) = (0, Vec::new());
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            reader.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
            bytes += piece.len() as u64;
            if bytes > limit {
                return Err(ErrorKind::FileTooLarge.into());
            }
            end.extend_from_slice(&piece[piece.len().saturating_sub(END_OF_ARCHIVE)..]);
            end.drain(..end.len().saturating_sub(END_OF_ARCHIVE));
            if piece.is_empty() {
                break;
            }
            compressing.take(piece)?;
        }
        if end != [0; END_OF_ARCHIVE] || !bytes.is_multiple_of(BLOCK) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{ContentsError, Kind, NoCache, OnDisk};
    use std::collections::HashMap;
    use std::fs;
    use std::sync::Mutex;

    fn entry(path: &str, kind: Kind) -> Entry {
        Entry { mode: 0o755, mtime: 7, ..Entry::new(path.parse().unwrap(), kind) }
    }

    fn file(path: &str, contents: &'static str) -> Entry {
        entry(path, Kind::File(contents.into()))
    }

    fn segments() -> Vec<Vec<Entry>> {
        let long = format!("usr/{}/x", "long".repeat(60));
        let large: Vec<u8> = (0..2 * PIECE).map(|place| (place % 251) as u8).collect();
        vec![
            vec![entry("usr", Kind::Directory)],
            vec![file("usr/a", "A"), entry("usr/b", Kind::HardLink("usr/a".parse().unwrap())), file(&long, "L")],
            vec![entry("var", Kind::File(large.into()))],
            vec![entry("z", Kind::Symlink("/usr/a".into()))],
        ]
    }

    /// The members of these segments, with that of the end.
    const MEMBERS: usize = 1 + 1 + 3 + 1 + 1;

    /// Returns the layer, the digest of its stream, and the stream as the observer saw it.
    fn write(cache: &dyn SegmentCache, threads: usize) -> (Vec<u8>, Digest, Vec<u8>) {
        let (mut bytes, mut seen) = (Vec::new(), Vec::new());
        let mut observer = |piece: &Bytes| seen.extend_from_slice(piece);
        let threads = NonZeroUsize::new(threads).unwrap();
        let stream = write_layer(&segments(), &mut bytes, cache, threads, &mut observer).unwrap();
        (bytes, stream, seen)
    }

    #[test]
    fn is_one_tar_stream_with_all_entries() {
        let (bytes, stream, seen) = write(&NoCache, 2);
        let mut raw = Vec::new();
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut raw).unwrap();
        assert!(stream == Digest::of(&raw) && raw == seen);
        let mut archive = tar::Archive::new(&raw[..]);
        let paths: Vec<String> = archive
            .entries()
            .unwrap()
            .map(|e| e.unwrap().path().unwrap().to_string_lossy().trim_end_matches('/').to_owned())
            .collect();
        let entries = segments().concat();
        assert_eq!(paths, entries.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>());
        assert_eq!(raw.len() % 512, 0);
    }

    /// What has neither attributes nor any of the rarer kinds keeps its bytes for ever: images have been signed with them.
    #[test]
    fn layers_keep_their_bytes() {
        let long = "é".repeat(60);
        let odd = Entry { uid: u32::MAX, gid: 2_097_152, mtime: 8_589_934_592, mode: 0o7755, ..file("odd", "odd") };
        let links = ["a//b/./c/", "../x", &long].map(|target| entry("l", Kind::Symlink(target.to_owned())));
        let mut segments = segments();
        segments.push(vec![entry("", Kind::Directory), entry(&long, Kind::Directory), odd]);
        segments.push(vec![file(&long, ""), entry(&long, Kind::HardLink(long.parse().unwrap()))]);
        segments.push(links.into());
        let mut bytes = Vec::new();
        let stream = write_layer(&segments, &mut bytes, &NoCache, NonZeroUsize::MIN, &mut |_| ()).unwrap();
        assert_eq!((stream.short(), Digest::of(&bytes).short()), ("639ec7be4622", "a97464fd17fd"));
    }

    #[test]
    fn threads_make_no_difference() {
        let first = write(&NoCache, 1);
        for threads in [2, 3, 16] {
            assert!(write(&NoCache, threads) == first, "{threads}");
        }
    }

    /// Remembers what was put, and how often each was found.
    #[derive(Default)]
    struct Memory(Mutex<HashMap<Digest, (Vec<u8>, usize)>>);

    impl SegmentCache for Memory {
        fn get(&self, key: &Digest) -> Option<Vec<u8>> {
            let mut kept = self.0.lock().unwrap();
            let (compressed, found) = kept.get_mut(key)?;
            *found += 1;
            Some(compressed.clone())
        }

        fn put(&self, key: &Digest, compressed: &[u8]) {
            let earlier = self.0.lock().unwrap().insert(key.clone(), (compressed.to_vec(), 0));
            assert!(earlier.is_none(), "compressed twice");
        }
    }

    #[test]
    fn compresses_each_piece_once() {
        let cache = Memory::default();
        let (first, ..) = write(&cache, 2);
        let (second, ..) = write(&cache, 2);
        let found: Vec<usize> = cache.0.lock().unwrap().values().map(|(_, found)| *found).collect();
        assert_eq!(found, [1; MEMBERS]);
        assert!(first == second && first == write(&NoCache, 1).0);
    }

    #[test]
    fn a_sink_that_fails_is_an_error() {
        struct Full(usize);
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for writes in 0..MEMBERS {
            let threads = NonZeroUsize::MIN;
            let result = write_layer(&segments(), &mut Full(writes), &NoCache, threads, &mut |_| ());
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::StorageFull, "{writes}");
        }
    }

    #[test]
    fn contents_on_disk_make_no_difference() {
        let folder = tempfile::tempdir().unwrap();
        let mut on_disk = segments();
        for entry in on_disk.iter_mut().flatten() {
            if let Kind::File(contents) = &mut entry.kind {
                let path = folder.path().join(entry.path.name());
                fs::write(&path, contents.read(u64::MAX).unwrap()).unwrap();
                *contents = OnDisk::of(path).unwrap().into();
            }
        }
        let mut bytes = Vec::new();
        let write = |bytes: &mut Vec<u8>| write_layer(&on_disk, bytes, &NoCache, NonZeroUsize::MIN, &mut |_| ());
        let stream = write(&mut bytes).unwrap();
        let (expected, diff_id, _) = self::write(&NoCache, 1);
        assert!(bytes == expected && stream == diff_id);

        fs::write(folder.path().join("a"), "B").unwrap();
        let error = write(&mut Vec::new()).unwrap_err();
        let error = error.get_ref().and_then(|error| error.downcast_ref::<ContentsError>());
        assert!(matches!(error, Some(ContentsError::Changed { path }) if path.ends_with("a")), "{error:?}");
    }

    /// Returns a tar stream of some pieces.
    fn stream() -> Vec<u8> {
        let contents: Vec<u8> = (0..2 * PIECE + 700).map(|place| (place % 253) as u8).collect();
        let mut archive = TarWriter::new(Vec::new());
        archive.append(&entry("large", Kind::File(contents.into()))).unwrap();
        archive.finish().unwrap()
    }

    #[test]
    fn a_ready_stream_becomes_a_layer() {
        let stream = stream();
        let size = stream.len() as u64;
        let compress = |stream: &[u8], threads: usize, limit: u64| {
            let mut bytes = Vec::new();
            let threads = NonZeroUsize::new(threads).unwrap();
            let mut seen = Vec::new();
            let mut observer = |piece: &Bytes| seen.extend_from_slice(piece);
            let written = compress_stream(stream, &mut bytes, &NoCache, threads, &mut observer, limit);
            assert!(written.is_err() || seen == stream);
            written.map(|layer| (layer, bytes))
        };
        let (layer, bytes) = compress(&stream, 1, size).unwrap();
        assert_eq!(layer, (Digest::of(&stream), size));
        let mut raw = Vec::new();
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut raw).unwrap();
        assert!(raw == stream);
        assert!(compress(&stream, 3, u64::MAX).unwrap() == (layer, bytes));
        for limit in [0, 1, size - 1] {
            assert_eq!(compress(&stream, 2, limit).unwrap_err().kind(), ErrorKind::FileTooLarge, "{limit}");
        }
        for cut in [0, 1, 1023, 1024, stream.len() - 1, stream.len() - 512] {
            assert_eq!(compress(&stream[..cut], 2, size).unwrap_err().kind(), ErrorKind::UnexpectedEof, "{cut}");
        }
    }

    #[test]
    fn a_stream_that_fails_is_an_error() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(ErrorKind::BrokenPipe.into())
            }
        }
        let (stream, one) = (stream(), NonZeroUsize::MIN);
        let broken = (&stream[..]).chain(Broken);
        let result = compress_stream(broken, &mut io::sink(), &NoCache, one, &mut |_| (), u64::MAX);
        assert_eq!(result.unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
}
