use super::{Entry, Kind};
use crate::{Descriptor, Digest, Hasher, media_type};
use flate2::{Compression, GzBuilder};
use std::io::{self, Write};

/// Bytes of zeros that end a tar stream.
const END_OF_ARCHIVE: usize = 1024;

/// Names how segments are compressed. Part of the cache key, and of what a build's digest depends on: change it when the bytes change.
const COMPRESSION: &str = "gzip-6-zlib-rs";

/// Keeps compressed segments by the digest of what they hold, so that a segment is compressed once.
pub trait SegmentCache {
    /// Returns what was kept under `key`.
    fn get(&self, key: &Digest) -> Option<Vec<u8>>;
    /// Keeps `compressed` under `key`. A failure to keep is no failure to build.
    fn put(&self, key: &Digest, compressed: &[u8]);
}

/// Keeps nothing.
pub struct NoCache;

impl SegmentCache for NoCache {
    fn get(&self, _: &Digest) -> Option<Vec<u8>> {
        None
    }

    fn put(&self, _: &Digest, _: &[u8]) {}
}

/// A finished layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The compressed blob.
    pub descriptor: Descriptor,
    /// Digest of the uncompressed tar stream.
    pub diff_id: Digest,
}

/// Writes a layer segment by segment: each entry is shown to the observer, put into the tar stream, hashed, compressed and handed to the sink, once.
pub struct LayerWriter<'a, W> {
    sink: W,
    cache: &'a dyn SegmentCache,
    observer: &'a mut dyn FnMut(&Entry),
    uncompressed: Hasher,
    compressed: Hasher,
    size: u64,
}

impl<'a, W: Write> LayerWriter<'a, W> {
    /// Starts a layer that is written to `sink`.
    pub fn new(sink: W, cache: &'a dyn SegmentCache, observer: &'a mut dyn FnMut(&Entry)) -> Self {
        Self { sink, cache, observer, uncompressed: Hasher::default(), compressed: Hasher::default(), size: 0 }
    }

    /// Writes one segment. Entries come in the order given; the caller sorts them by path.
    pub fn segment(&mut self, entries: &[Entry]) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        entries.iter().for_each(&mut *self.observer);
        self.member(&tar_segment(entries)?)
    }

    /// Ends the tar stream. Returns the sink and what was written to it.
    pub fn finish(mut self) -> io::Result<(W, Layer)> {
        self.member(&[0; END_OF_ARCHIVE])?;
        self.sink.flush()?;
        let descriptor = Descriptor::new(media_type::LAYER_GZIP, self.compressed.finish(), self.size);
        Ok((self.sink, Layer { descriptor, diff_id: self.uncompressed.finish() }))
    }

    fn member(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.uncompressed.update(bytes);
        let mut key = Hasher::default();
        key.update(COMPRESSION.as_bytes());
        key.update(bytes);
        let key = key.finish();
        let compressed = match self.cache.get(&key) {
            Some(compressed) => compressed,
            None => {
                let compressed = gzip(bytes)?;
                self.cache.put(&key, &compressed);
                compressed
            }
        };
        self.compressed.update(&compressed);
        self.size += compressed.len() as u64;
        self.sink.write_all(&compressed)
    }
}

/// Adds a symbolic link whose target is as given. The archive's own way shortens what it can, such as `a//b`.
fn link(archive: &mut tar::Builder<Vec<u8>>, header: &mut tar::Header, path: &str, target: &str) -> io::Result<()> {
    if target.len() > header.as_old().linkname.len() {
        return archive.append_link(header, path, target);
    }
    header.set_link_name_literal(target)?;
    archive.append_data(header, path, io::empty())
}

/// Compresses without a name, a time or an operating system in the header.
fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().write(Vec::with_capacity(bytes.len() / 2), Compression::new(6));
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn tar_segment(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for entry in entries {
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
                archive.append_data(&mut header, path, &contents[..])?;
            }
            Kind::Directory => {
                header.set_entry_type(tar::EntryType::Directory);
                let path = if path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
                archive.append_data(&mut header, path, io::empty())?;
            }
            Kind::Symlink(target) => {
                header.set_entry_type(tar::EntryType::Symlink);
                link(&mut archive, &mut header, path, target)?;
            }
            Kind::HardLink(target) => {
                header.set_entry_type(tar::EntryType::Link);
                archive.append_link(&mut header, path, target.as_str())?;
            }
        }
    }
    let mut bytes = archive.into_inner()?;
    bytes.truncate(bytes.len() - END_OF_ARCHIVE);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::cell::RefCell;
    use std::collections::HashMap;
    use std::io::Read;

    fn entry(path: &str, kind: Kind) -> Entry {
        Entry { path: path.parse().unwrap(), kind, mode: 0o755, uid: 0, gid: 0, mtime: 7 }
    }

    fn file(path: &str, contents: &'static str) -> Entry {
        entry(path, Kind::File(Bytes::from_static(contents.as_bytes())))
    }

    fn segments() -> Vec<Vec<Entry>> {
        let long = format!("usr/{}/x", "long".repeat(60));
        vec![
            vec![entry("usr", Kind::Directory)],
            vec![file("usr/a", "A"), entry("usr/b", Kind::HardLink("usr/a".parse().unwrap())), file(&long, "L")],
            vec![entry("z", Kind::Symlink("/usr/a".into()))],
        ]
    }

    fn write(cache: &dyn SegmentCache) -> (Vec<u8>, Layer, Vec<String>) {
        let mut seen = Vec::new();
        let mut observer = |entry: &Entry| seen.push(entry.path.as_str().to_owned());
        let mut writer = LayerWriter::new(Vec::new(), cache, &mut observer);
        for segment in segments() {
            writer.segment(&segment).unwrap();
        }
        let (bytes, layer) = writer.finish().unwrap();
        (bytes, layer, seen)
    }

    #[test]
    fn is_one_tar_stream_with_all_entries() {
        let (bytes, layer, seen) = write(&NoCache);
        assert_eq!(layer.descriptor, Descriptor::of(media_type::LAYER_GZIP, &bytes));
        let mut raw = Vec::new();
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut raw).unwrap();
        assert_eq!(layer.diff_id, Digest::of(&raw));
        let mut archive = tar::Archive::new(&raw[..]);
        let paths: Vec<String> = archive
            .entries()
            .unwrap()
            .map(|e| e.unwrap().path().unwrap().to_string_lossy().trim_end_matches('/').to_owned())
            .collect();
        assert_eq!(paths, seen);
        assert_eq!(raw.len() % 512, 0);
    }

    #[test]
    fn links_are_as_given() {
        let targets = ["a//b/./c/", "./x", "..", "/", &"long/".repeat(50)];
        let entries: Vec<Entry> =
            targets.iter().map(|target| entry("l", Kind::Symlink((*target).to_owned()))).collect();
        let bytes = tar_segment(&entries).unwrap();
        let mut archive = tar::Archive::new(&bytes[..]);
        let found: Vec<Vec<u8>> =
            archive.entries().unwrap().map(|entry| entry.unwrap().link_name_bytes().unwrap().into_owned()).collect();
        assert_eq!(found, targets.map(|target| target.as_bytes().to_vec()));
    }

    #[derive(Default)]
    struct Memory {
        kept: RefCell<HashMap<Digest, Vec<u8>>>,
        hits: RefCell<usize>,
    }

    impl SegmentCache for Memory {
        fn get(&self, key: &Digest) -> Option<Vec<u8>> {
            let found = self.kept.borrow().get(key).cloned();
            *self.hits.borrow_mut() += usize::from(found.is_some());
            found
        }

        fn put(&self, key: &Digest, compressed: &[u8]) {
            self.kept.borrow_mut().insert(key.clone(), compressed.to_vec());
        }
    }

    #[test]
    fn compresses_each_segment_once() {
        let cache = Memory::default();
        let (first, ..) = write(&cache);
        assert_eq!(*cache.hits.borrow(), 0);
        let (second, ..) = write(&cache);
        assert_eq!(*cache.hits.borrow(), segments().len() + 1);
        assert_eq!(first, second);
        assert_eq!(first, write(&NoCache).0);
    }
}
