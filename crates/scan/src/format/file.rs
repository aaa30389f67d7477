use super::chunk::Chunk;
use super::contents::{CONTENTS_LIMIT, Contents, HASH, HEADER, MAGIC, Section, VERSION, digest, is_hash};
use super::encoding::{Decoder, Malformed};
use crate::DatabaseError;
use consign_oci::Digest;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Most memory of chunks that are kept for the next question, in bytes.
const CACHE_LIMIT: usize = 256 << 20;

/// A database that is open. Chunks are read when they are asked for, and kept.
#[derive(Debug)]
pub(crate) struct DatabaseFile {
    bytes: Bytes,
    /// For messages.
    path: PathBuf,
    /// Where the chunks begin.
    start: u64,
    pub(crate) contents: Contents,
    pub(crate) digest: Digest,
    cache: Mutex<Cache>,
    /// How many bytes were read so far.
    read: AtomicU64,
}

#[derive(Debug)]
enum Bytes {
    File(File),
    Memory(Vec<u8>),
}

#[derive(Debug, Default)]
struct Cache {
    chunks: HashMap<(usize, usize), (Arc<Chunk>, u64)>,
    /// When each was last asked for; the earliest goes first.
    uses: BTreeMap<u64, (usize, usize)>,
    size: usize,
    clock: u64,
}

/// Returns whether a file is a database, of whatever format, by what it begins with.
pub(crate) fn is_database(path: &Path) -> bool {
    let mut magic = [0; MAGIC.len()];
    path.is_file() && File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *MAGIC
}

impl DatabaseFile {
    /// Opens a file. Its table of contents is read, and nothing else.
    pub(crate) fn open(path: &Path) -> Result<Self, DatabaseError> {
        let failed = |source| DatabaseError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(DatabaseError::Foreign { path: path.to_owned() });
        }
        Self::of(Bytes::File(file), metadata.len(), path)
    }

    /// Opens what was just made.
    pub(crate) fn of_memory(bytes: Vec<u8>) -> Result<Self, DatabaseError> {
        let length = bytes.len() as u64;
        Self::of(Bytes::Memory(bytes), length, Path::new("the database"))
    }

    fn of(bytes: Bytes, length: u64, path: &Path) -> Result<Self, DatabaseError> {
        let foreign = || DatabaseError::Foreign { path: path.to_owned() };
        let mut file = Self {
            bytes,
            path: path.to_owned(),
            start: 0,
            contents: Contents::default(),
            digest: digest(&[]),
            cache: Mutex::default(),
            read: AtomicU64::new(0),
        };
        let length_at_least = |bytes: usize| length >= bytes as u64;
        if !length_at_least(MAGIC.len()) || file.read_at(0, MAGIC.len())? != MAGIC {
            return Err(foreign());
        }
        if !length_at_least(HEADER) {
            return Err(file.damaged("it is cut off"));
        }
        let header = file.read_at(0, HEADER)?;
        let number = |range: std::ops::Range<usize>| {
            header[range].iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte))
        };
        let (version, table) = (number(8..12), number(12..20));
        if version != u64::from(VERSION) {
            return Err(DatabaseError::Version { path: path.to_owned(), version, known: VERSION });
        }
        let end = table.saturating_add(HEADER as u64);
        file.start = end.saturating_add(HASH as u64);
        if table > CONTENTS_LIMIT || file.start > length {
            return Err(file.damaged("it is cut off"));
        }
        let table = file.read_at(0, file.start as usize)?;
        let (table, hash) = table.split_at(end as usize);
        file.digest = digest(table);
        if !hash.try_into().is_ok_and(|hash| is_hash(table, hash)) {
            return Err(file.damaged("its table of contents is not what was written"));
        }
        file.contents =
            Contents::decode(&table[HEADER..]).map_err(|_| file.damaged("its table of contents is wrong"))?;
        match length.checked_sub(file.start).map(|rest| rest.cmp(&file.contents.stored())) {
            Some(std::cmp::Ordering::Equal) => Ok(file),
            Some(std::cmp::Ordering::Greater) => Err(file.damaged("something follows its end")),
            _ => Err(file.damaged("it is cut off")),
        }
    }

    /// Returns how many bytes were read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, DatabaseError> {
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        match &self.bytes {
            Bytes::File(file) => {
                let mut bytes = vec![0; length];
                let read = file.read_exact_at(&mut bytes, offset);
                read.map_err(|source| DatabaseError::Read { path: self.path.clone(), source })?;
                Ok(bytes)
            }
            Bytes::Memory(all) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let bytes = all.get(start..start.saturating_add(length));
                bytes.map(<[u8]>::to_vec).ok_or_else(|| self.damaged("it is cut off"))
            }
        }
    }

    pub(crate) fn damaged(&self, what: &'static str) -> DatabaseError {
        DatabaseError::Damaged { path: self.path.clone(), what }
    }

    pub(crate) fn malformed(&self, _: Malformed) -> DatabaseError {
        self.damaged("what its table of contents names is not what lies there")
    }

    /// Returns a chunk of a section. It is checked before anything of it is used.
    pub(crate) fn chunk(&self, section: Section, index: usize) -> Result<Arc<Chunk>, DatabaseError> {
        let key = (section as usize, index);
        if let Some(chunk) = self.cache().get(key) {
            return Ok(chunk);
        }
        let contents = self.contents.section(section);
        let place = contents.chunks.get(index).ok_or_else(|| self.malformed(Malformed))?;
        let stored = self.read_at(self.start.saturating_add(place.offset), place.stored as usize)?;
        if !is_hash(&stored, &place.digest) {
            return Err(self.damaged("a part of it has not the digest that its table of contents says"));
        }
        let bytes = zstd::bulk::decompress(&stored, place.length as usize);
        let bytes = bytes.ok().filter(|bytes| bytes.len() as u64 == place.length);
        let chunk = bytes.ok_or(Malformed).and_then(Chunk::read).map_err(|error| self.malformed(error))?;
        let begins_with = |key: &[u8]| chunk.item(0).and_then(|mut item| item.bytes()).is_ok_and(|first| first == key);
        let is_placed =
            contents.count(index) == Some(chunk.len() as u64) && (!section.is_keyed() || begins_with(&place.key));
        if !is_placed {
            return Err(self.malformed(Malformed));
        }
        let chunk = Arc::new(chunk);
        self.cache().put(key, chunk.clone());
        Ok(chunk)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has an item read by its number.
    pub(crate) fn item<T>(
        &self,
        section: Section,
        number: u64,
        read: impl FnOnce(&mut Decoder<'_>) -> Result<T, Malformed>,
    ) -> Result<T, DatabaseError> {
        let places = &self.contents.section(section).chunks;
        let index = places.partition_point(|place| place.first <= number).checked_sub(1);
        let index = index.ok_or_else(|| self.malformed(Malformed))?;
        let chunk = self.chunk(section, index)?;
        let within = usize::try_from(number - places[index].first).map_err(|_| self.malformed(Malformed))?;
        chunk.item(within).and_then(|mut item| read(&mut item)).map_err(|error| self.malformed(error))
    }

    /// Has an item read by its key; `None`: there is none.
    pub(crate) fn find<T>(
        &self,
        section: Section,
        key: &[u8],
        read: impl FnOnce(&mut Decoder<'_>) -> Result<T, Malformed>,
    ) -> Result<Option<T>, DatabaseError> {
        let places = &self.contents.section(section).chunks;
        let Some(index) = places.partition_point(|place| place.key.as_slice() <= key).checked_sub(1) else {
            return Ok(None);
        };
        let chunk = self.chunk(section, index)?;
        find_in(&chunk, key, read).map_err(|error| self.malformed(error))
    }

    /// Has all items read, in order, with their keys in sections that have such.
    pub(crate) fn each(
        &self,
        section: Section,
        mut read: impl FnMut(&mut Decoder<'_>) -> Result<(), Malformed>,
    ) -> Result<(), DatabaseError> {
        for index in 0..self.contents.section(section).chunks.len() {
            let chunk = self.chunk(section, index)?;
            for item in 0..chunk.len() {
                chunk.item(item).and_then(|mut item| read(&mut item)).map_err(|error| self.malformed(error))?;
            }
        }
        Ok(())
    }
}

fn find_in<T>(
    chunk: &Chunk,
    key: &[u8],
    read: impl FnOnce(&mut Decoder<'_>) -> Result<T, Malformed>,
) -> Result<Option<T>, Malformed> {
    let (mut low, mut high) = (0, chunk.len());
    while low < high {
        let middle = low.midpoint(high);
        let mut item = chunk.item(middle)?;
        match item.bytes()?.cmp(key) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return read(&mut item).map(Some),
        }
    }
    Ok(None)
}

impl Cache {
    fn get(&mut self, key: (usize, usize)) -> Option<Arc<Chunk>> {
        let (chunk, used) = self.chunks.get_mut(&key)?;
        self.clock += 1;
        self.uses.remove(used);
        *used = self.clock;
        self.uses.insert(self.clock, key);
        Some(chunk.clone())
    }

    fn put(&mut self, key: (usize, usize), chunk: Arc<Chunk>) {
        self.clock += 1;
        self.size += chunk.size();
        if let Some((old, used)) = self.chunks.insert(key, (chunk, self.clock)) {
            self.size -= old.size();
            self.uses.remove(&used);
        }
        self.uses.insert(self.clock, key);
        while self.size > CACHE_LIMIT && self.uses.len() > 1 {
            let Some((_, key)) = self.uses.pop_first() else { return };
            self.size -= self.chunks.remove(&key).map_or(0, |(chunk, _)| chunk.size());
        }
    }
}
