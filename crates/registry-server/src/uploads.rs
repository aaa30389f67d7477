use crate::body::Pieces;
use crate::failure::{Code, Failure};
use crate::name::Name;
use axum::http::StatusCode;
use consign_oci::{Algorithm, Digest, Hasher};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

/// Most uploads that may be open at once.
const OPEN_LIMIT: usize = 1000;
/// How long an upload may lie untouched.
const IDLE_LIMIT: Duration = Duration::from_secs(3600);
/// Largest blob in bytes.
pub(crate) const BLOB_LIMIT: u64 = 16 * 1024 * 1024 * 1024;

/// A blob that is being sent.
pub(crate) struct Upload {
    file: NamedTempFile,
    writer: tokio::fs::File,
    hasher: Hasher,
    size: u64,
    /// Whether the disk refused something, so that the file may not hold what was hashed.
    broken: bool,
}

impl Upload {
    pub(crate) fn start(folder: &Path, algorithm: Algorithm) -> io::Result<Self> {
        let file = NamedTempFile::new_in(folder)?;
        let writer = tokio::fs::File::from_std(file.reopen()?);
        Ok(Self { file, writer, hasher: Hasher::new(algorithm), size: 0, broken: false })
    }

    /// Returns the number of bytes that have come.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Appends a body. With `length`, a body of another length is taken back.
    ///
    /// What came before a client went away stays, so that it may go on from there.
    pub(crate) async fn append(&mut self, pieces: &mut Pieces, length: Option<u64>) -> Result<(), Failure> {
        if self.broken {
            return Err(unknown());
        }
        let received = self.receive(pieces, length).await;
        self.broken = received.is_err();
        received?
    }

    /// Returns an error of the disk around what the client is told.
    async fn receive(&mut self, pieces: &mut Pieces, length: Option<u64>) -> io::Result<Result<(), Failure>> {
        let (start, before) = (self.size, self.hasher.clone());
        // A request that was cut off may have written more than it counted.
        self.writer.seek(io::SeekFrom::Start(start)).await?;
        let mut ended = loop {
            match pieces.next().await {
                Ok(Some(piece)) => {
                    self.writer.write_all(&piece).await?;
                    self.hasher.update(&piece);
                    self.size += piece.len() as u64;
                }
                Ok(None) => break Ok(()),
                Err(failure) => break Err(failure),
            }
        };
        self.writer.flush().await?;
        if length.is_some_and(|length| length != self.size - start) {
            (self.size, self.hasher) = (start, before);
            let message = "the body has another length than Content-Range says";
            ended = ended.and(Err(Failure::new(StatusCode::BAD_REQUEST, Code::SizeInvalid, message)));
        }
        self.writer.set_len(self.size).await?;
        Ok(ended)
    }

    /// Returns the file with all bytes if they have this digest.
    pub(crate) fn finish(self, expected: &Digest) -> Result<NamedTempFile, Failure> {
        if self.broken {
            return Err(unknown());
        }
        let mut found = self.hasher.finish();
        if found.algorithm() != expected.algorithm() {
            found = hash_file(&mut self.file.reopen()?, expected.algorithm())?;
        }
        if found != *expected {
            let message = format!("the bytes have the digest {found}, not {expected}");
            return Err(Failure::new(StatusCode::BAD_REQUEST, Code::DigestInvalid, message));
        }
        Ok(self.file)
    }
}

fn hash_file(file: &mut std::fs::File, algorithm: Algorithm) -> io::Result<Digest> {
    let mut hasher = Hasher::new(algorithm);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(&buffer[..length]),
        }
    }
}

/// An upload that several requests share; `None` once it is finished or broken.
pub(crate) type Shared = Arc<tokio::sync::Mutex<Option<Upload>>>;

struct Session {
    name: Name,
    touched: Instant,
    upload: Shared,
}

/// The uploads that are open. They end with the process: a client then starts again.
#[derive(Default)]
pub(crate) struct Uploads {
    sessions: Mutex<HashMap<String, Session>>,
    random: RandomState,
}

impl Uploads {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens an upload to a repository and returns its identifier.
    pub(crate) fn open(&self, name: &Name, upload: Upload) -> Result<String, Failure> {
        let mut sessions = self.lock();
        // One that a request holds is not idle, however long the request takes.
        sessions.retain(|_, session| session.touched.elapsed() < IDLE_LIMIT || Arc::strong_count(&session.upload) > 1);
        if sessions.len() >= OPEN_LIMIT {
            return Err(Failure::new(
                StatusCode::TOO_MANY_REQUESTS,
                Code::TooManyRequests,
                "too many uploads are open",
            ));
        }
        // The keys of `RandomState` are secret, so the identifiers of others cannot be guessed.
        let now = Instant::now();
        let identifier = loop {
            let attempt = sessions.len();
            let parts = [self.random.hash_one((now, attempt, 0)), RandomState::new().hash_one((now, attempt, 1))];
            let identifier = format!("{:016x}{:016x}", parts[0], parts[1]);
            if !sessions.contains_key(&identifier) {
                break identifier;
            }
        };
        let upload = Arc::new(tokio::sync::Mutex::new(Some(upload)));
        sessions.insert(identifier.clone(), Session { name: name.clone(), touched: now, upload });
        Ok(identifier)
    }

    /// Returns an open upload of this repository.
    pub(crate) fn find(&self, name: &Name, identifier: &str) -> Result<Shared, Failure> {
        let mut sessions = self.lock();
        let session = sessions.get_mut(identifier).filter(|session| session.name == *name).ok_or_else(unknown)?;
        session.touched = Instant::now();
        Ok(Arc::clone(&session.upload))
    }

    /// Forgets an upload.
    pub(crate) fn close(&self, identifier: &str) {
        self.lock().remove(identifier);
    }
}

pub(crate) fn unknown() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, Code::BlobUploadUnknown, "no such upload; start again")
}
