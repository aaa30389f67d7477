use crate::FetchError;
use crate::upkeep::note_use;
use bytes::Bytes;
use consign_oci::Digest;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Longest first line of a kept answer, in bytes.
const HEADER_LIMIT: usize = 64 * 1024;
/// What the names of files begin with that are being written.
pub(crate) const PARTIAL_PREFIX: &str = ".tmp";

/// Answers kept on disk. Any number of processes may share one: files are only ever renamed into place.
#[derive(Debug)]
pub(crate) struct Cache {
    root: PathBuf,
}

/// What is known of the last answer for an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    /// The server's name for this version of the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    /// When the server says they changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_modified: Option<String>,
    /// The digest of the bytes.
    pub(crate) digest: Digest,
}

impl Cache {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Returns the last answer for an address. One that is damaged, or larger than `limit` bytes, counts as absent.
    pub(crate) fn named(&self, url: &str, limit: u64) -> Option<(Header, Bytes)> {
        let content = used(&self.named_path(url), limit.saturating_add(HEADER_LIMIT as u64))?;
        let end = content.iter().take(HEADER_LIMIT).position(|byte| *byte == b'\n')?;
        let header: Header = serde_json::from_slice(&content[..end]).ok()?;
        let bytes = Bytes::from(content).slice(end + 1..);
        (bytes.len() as u64 <= limit && header.digest.matches(&bytes)).then_some((header, bytes))
    }

    pub(crate) fn keep_named(&self, url: &str, header: &Header, bytes: &[u8]) -> Result<(), FetchError> {
        let path = self.named_path(url);
        let header = serde_json::to_vec(header)
            .map_err(|error| FetchError::File { path: path.clone(), source: error.into() })?;
        if header.len() >= HEADER_LIMIT {
            return Ok(());
        }
        self.write(&path, &[&header, b"\n", bytes])
    }

    /// Notes that there was nothing at an address.
    pub(crate) fn note_absent(&self, url: &str) -> Result<(), FetchError> {
        self.write(&self.absent_path(url), &[])
    }

    /// Returns whether there was nothing at an address when it was asked for last.
    pub(crate) fn is_absent(&self, url: &str) -> bool {
        let path = self.absent_path(url);
        fs::metadata(&path).is_ok_and(|metadata| {
            note_use(&path, &metadata);
            true
        })
    }

    /// Returns the bytes with this digest. A damaged file counts as absent, and is replaced by the next download.
    pub(crate) fn exact(&self, digest: &Digest, size: u64) -> Option<Bytes> {
        let bytes = used(&self.exact_path(digest), size)?;
        (bytes.len() as u64 == size && digest.matches(&bytes)).then(|| bytes.into())
    }

    pub(crate) fn keep_exact(&self, digest: &Digest, bytes: &[u8]) -> Result<(), FetchError> {
        self.write(&self.exact_path(digest), &[bytes])
    }

    /// Addresses are hashed, since they may be longer than a file name, and may hold a token.
    fn named_path(&self, url: &str) -> PathBuf {
        self.root.join("named").join(Digest::of(url.as_bytes()).hex())
    }

    fn absent_path(&self, url: &str) -> PathBuf {
        self.root.join("absent").join(Digest::of(url.as_bytes()).hex())
    }

    fn exact_path(&self, digest: &Digest) -> PathBuf {
        self.root.join("exact").join(digest.algorithm().name()).join(digest.hex())
    }

    fn write(&self, path: &Path, parts: &[&[u8]]) -> Result<(), FetchError> {
        let attempt = || {
            let partial = self.root.join("partial");
            fs::create_dir_all(&partial)?;
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut file = tempfile::Builder::new().prefix(PARTIAL_PREFIX).tempfile_in(&partial)?;
            parts.iter().try_for_each(|part| file.write_all(part))?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            Ok(())
        };
        attempt().map_err(|source: io::Error| FetchError::File { path: path.to_owned(), source })
    }
}

/// Reads a file of the cache, if it has at most `limit` bytes, and notes its use.
fn used(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let Bounded::Whole(bytes) = read_bounded(path, limit).ok()? else { return None };
    note_use(path, &fs::metadata(path).ok()?);
    Some(bytes)
}

/// What there is of a file that was read up to a limit.
pub(crate) enum Bounded {
    /// All its bytes.
    Whole(Vec<u8>),
    /// It has more; how many, where that is known.
    TooLarge(Option<u64>),
}

/// Reads a regular file of at most `limit` bytes.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> io::Result<Bounded> {
    // Asked before it is opened: opening a pipe that nobody writes to would wait for ever.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    if metadata.len() > limit {
        return Ok(Bounded::TooLarge(Some(metadata.len())));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    // It may grow meanwhile.
    Ok(if bytes.len() as u64 <= limit { Bounded::Whole(bytes) } else { Bounded::TooLarge(None) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upkeep::{Kept, prune};
    use std::time::{Duration, SystemTime};

    #[test]
    fn keeps_answers_and_notices_damage() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("cache"));
        let digest = Digest::of(b"hello\nworld");
        let header = Header { etag: Some("\"1\"".into()), last_modified: None, digest: digest.clone() };
        assert_eq!(cache.named("http://a", 100), None);
        cache.keep_named("http://a", &header, b"hello\nworld").unwrap();
        assert_eq!(cache.named("http://a", 100), Some((header.clone(), Bytes::from_static(b"hello\nworld"))));
        assert_eq!(cache.named("http://b", 100), None);
        assert_eq!(cache.named("http://a", 5), None);

        cache.keep_exact(&digest, b"hello\nworld").unwrap();
        assert_eq!(cache.exact(&digest, 11).unwrap(), "hello\nworld");
        assert_eq!(cache.exact(&digest, 12), None);
        for path in [cache.named_path("http://a"), cache.exact_path(&digest)] {
            let mut bytes = fs::read(&path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(&path, bytes).unwrap();
        }
        assert_eq!(cache.named("http://a", 100), None);
        assert_eq!(cache.exact(&digest, 11), None);
        assert_eq!(fs::read_dir(folder.path().join("cache/partial")).unwrap().count(), 0);
    }
    #[test]
    fn what_was_not_used_lately_is_pruned() {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("cache"));
        let ago = |days: u32| SystemTime::now() - days * DAY;
        assert_eq!(prune(&cache.root, Some(ago(30)), true).unwrap(), Kept::default());
        let bytes = |text: &str| (Digest::of(text.as_bytes()), text.as_bytes().to_vec());
        let [(used, used_bytes), (unused, unused_bytes)] = [bytes("used"), bytes("not used")];
        let header = |digest: &Digest| Header { etag: None, last_modified: None, digest: digest.clone() };
        cache.keep_exact(&used, &used_bytes).unwrap();
        cache.keep_exact(&unused, &unused_bytes).unwrap();
        cache.keep_named("http://used", &header(&used), &used_bytes).unwrap();
        cache.keep_named("http://unused", &header(&unused), &unused_bytes).unwrap();
        cache.note_absent("http://used").unwrap();
        cache.note_absent("http://unused").unwrap();
        fs::write(cache.root.join("partial/.tmp012345"), "x").unwrap();
        let paths = [
            cache.exact_path(&used),
            cache.exact_path(&unused),
            cache.named_path("http://used"),
            cache.named_path("http://unused"),
            cache.absent_path("http://used"),
            cache.absent_path("http://unused"),
        ];
        for path in &paths {
            File::open(path).unwrap().set_modified(ago(40)).unwrap();
        }
        cache.exact(&used, 4).unwrap();
        cache.named("http://used", 100).unwrap();
        assert!(cache.is_absent("http://used"));
        let would = prune(&cache.root, Some(ago(30)), false).unwrap();
        assert_eq!((would.files, would.pruned_files), (7, 3));
        assert_eq!(prune(&cache.root, Some(ago(30)), true).unwrap(), would);
        assert!(paths.iter().step_by(2).all(|path| path.exists()));
        assert!(paths.iter().skip(1).step_by(2).all(|path| !path.exists()));
        // Without a time everything goes that nobody is writing.
        let all = prune(&cache.root, None, true).unwrap();
        assert_eq!((all.files, all.pruned_files), (4, 3));
        assert_eq!(cache.exact(&used, 4), None);
    }

    #[test]
    fn what_others_keep_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned());
        cache.keep_exact(&Digest::of(b"ours"), b"ours").unwrap();
        cache.note_absent("http://a").unwrap();
        let hex = "0".repeat(64);
        let inside = |folder: &str| format!("{folder}/{hex}");
        let theirs = [
            "thesis.pdf".to_owned(),
            "photos/2019/one.jpg".to_owned(),
            hex.clone(),
            inside("photos"),
            inside("exact"),
            inside("exact/sha512"),
            inside("exact/sha256/below"),
            inside("partial"),
            "named/notes.txt".to_owned(),
            "exact/sha256/notes.txt".to_owned(),
            "partial/film.iso".to_owned(),
        ];
        for path in &theirs {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "dear to somebody").unwrap();
            File::open(path).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        std::os::unix::fs::symlink(folder.path().join("thesis.pdf"), folder.path().join(inside("named"))).unwrap();
        let pruned = prune(&cache.root, None, true).unwrap();
        assert_eq!((pruned.files, pruned.pruned_files, pruned.bytes), (2, 2, 4));
        assert!(theirs.iter().all(|path| folder.path().join(path).exists()));
        assert!(folder.path().join(inside("named")).exists());
    }
}
