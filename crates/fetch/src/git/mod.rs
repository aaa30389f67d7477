//! Checkouts of git repositories, by the program `git`.
//!
//! A reference is looked up each time, what a commit has is kept. Git reads no settings but ours, asks nobody, runs nothing that a repository brings,
//! and speaks only HTTP, SSH and its own protocol. The files are read out of the objects ([`checkout`]), so that no name in a repository is ever one
//! on this machine. As they are in the commit: what `.gitattributes` says of line ends and filters is not done.

mod access;
mod address;
mod checkout;
mod error;
mod history;
mod kept;
mod program;
mod references;
mod repository;
mod submodules;

pub use access::{GitAccess, GitLogin};
pub use address::{GitAddress, GitAddressError};
pub use checkout::Content;
pub use error::GitError;
pub(crate) use references::References;

use crate::Fetcher;
use crate::cache::{Cache, Header};
use crate::fetcher::blocking;
use checkout::{LIMIT, Reader};
use consign_oci::Digest;
use references::Resolved;
use repository::Repository;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names how checkouts are made: raise it when the same commit could become other files.
const FORMAT: u32 = 1;
/// Most bytes of a checkout in the cache: its files, and the list of them.
const KEPT_LIMIT: u64 = LIMIT * 3;
/// Longest line in the cache that says what a reference is, in bytes.
const LINE_LIMIT: u64 = 4096;

/// The files of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The commit's id, in hexadecimal digits.
    pub commit: String,
    /// The files, by paths without slashes at their beginning and without `.` and `..`. Folders above them need not be here.
    pub files: BTreeMap<String, Content>,
}

impl Fetcher {
    /// Returns the files of a git repository that an address asks for. Within one run, a reference is the same commit whenever it is asked for.
    pub async fn checkout(&self, address: &GitAddress, access: &GitAccess) -> Result<Checkout, GitError> {
        let name = format!("git {} {}", address.remote, address.reference.as_deref().unwrap_or("HEAD"));
        // Whoever asks for the same meanwhile finds it in the cache.
        let lock = self.turns.lock_of(&Digest::of(name.as_bytes()));
        let _turn = lock.lock().await;
        let known = match address.commit() {
            Some(commit) => Some(Resolved::of_commit(commit)),
            None => self.references.get(&name),
        };
        let (address, access) = (address.clone(), access.clone());
        let work = Work { address, access, cache: self.cache.clone(), offline: self.is_offline(), name: name.clone() };
        let (resolved, checkout) = blocking(move || Ok(work.run(known))).await??;
        self.references.note(name, resolved);
        Ok(checkout)
    }
}

/// A checkout, on a thread of its own.
struct Work {
    address: GitAddress,
    access: GitAccess,
    cache: Arc<Cache>,
    offline: bool,
    /// How the cache calls the reference.
    name: String,
}

impl Work {
    fn run(&self, known: Option<Resolved>) -> Result<(Resolved, Checkout), GitError> {
        let resolved = match known {
            Some(known) => known,
            None => self.resolve()?,
        };
        if let Some(expected) = self.address.checksum.as_ref().filter(|expected| !resolved.is(expected)) {
            let (remote, found) = (self.address.repository(), resolved.commit.clone());
            return Err(GitError::OtherCommit { remote, expected: expected.clone(), found });
        }
        let GitAddress { remote, subfolder, submodules, .. } = &self.address;
        let history = self.address.keeps_history().then(|| resolved.line());
        let commit = &resolved.commit;
        let key = format!("git checkout {FORMAT} {remote} {commit} {submodules} {history:?} {subfolder}");
        if let Some(kept) = self.cache.named(&key, KEPT_LIMIT).and_then(|(_, bytes)| kept::read(&bytes)) {
            return Ok((resolved, kept));
        }
        if self.offline {
            return Err(GitError::Offline { remote: self.address.repository() });
        }
        let checkout = self.fetch(&resolved)?;
        if let Ok(bytes) = kept::write(&checkout) {
            self.keep(&key, &bytes)?;
        }
        Ok((resolved, checkout))
    }

    /// Looks the reference up: at the repository, or offline as it was the last time.
    fn resolve(&self) -> Result<Resolved, GitError> {
        if self.offline {
            let kept = self.cache.named(&self.name, LINE_LIMIT);
            let line = kept.and_then(|(_, bytes)| String::from_utf8(bytes.to_vec()).ok());
            let offline = || GitError::Offline { remote: self.address.repository() };
            return line.and_then(|line| Resolved::of_line(&line)).ok_or_else(offline);
        }
        let repository = self.repository()?;
        let resolved = references::resolve(&repository.program, self.address.reference.as_deref())?;
        self.keep(&self.name, resolved.line().as_bytes())?;
        Ok(resolved)
    }

    fn repository(&self) -> Result<Repository<'_>, GitError> {
        Repository::new(&self.access, &self.address.remote, &self.address.remote, LIMIT.saturating_mul(2))
    }

    fn fetch(&self, resolved: &Resolved) -> Result<Checkout, GitError> {
        let repository = self.repository()?;
        let program = &repository.program;
        let keeps_history = self.address.keeps_history();
        let tip = resolved.tag.as_ref().filter(|_| keeps_history).unwrap_or(&resolved.commit);
        repository.fetch(tip, resolved.name.as_deref())?;
        let mut reader = Reader::new(&self.address.subfolder, self.address.submodules);
        reader.read(program, &resolved.commit, "", 0)?;
        let mut files = reader.files;
        if files.is_empty() && !self.address.subfolder.is_empty() {
            let folder = self.address.subfolder.clone();
            return Err(GitError::NoFolder { remote: self.address.repository(), folder });
        }
        if keeps_history {
            history::add(program, resolved, &mut files)?;
        }
        Ok(Checkout { commit: resolved.commit.clone(), files })
    }

    fn keep(&self, key: &str, bytes: &[u8]) -> Result<(), GitError> {
        let header = Header { etag: None, last_modified: None, digest: Digest::of(bytes) };
        Ok(self.cache.keep_named(key, &header, bytes)?)
    }
}
