//! A commit and all that it has, brought here.

use super::program::{Bounds, Program};
use super::{GitAccess, GitError};
use std::fs;
use std::time::Duration;
use tempfile::TempDir;

/// Longest run of git.
const TIME_LIMIT: Duration = Duration::from_secs(20 * 60);
/// Largest repository that is taken, in bytes.
const SIZE_LIMIT: u64 = 4 << 30;

/// A bare repository, for as long as it is needed.
pub(super) struct Repository<'a> {
    pub(super) program: Program<'a>,
    _folder: TempDir,
}

impl<'a> Repository<'a> {
    /// Makes an empty one.
    pub(super) fn new(access: &'a GitAccess, remote: &str, asked: &'a str, limit: u64) -> Result<Self, GitError> {
        let scratch = |source| GitError::Scratch { source };
        let is_ssh = !["https://", "http://", "git://"].iter().any(|scheme| remote.starts_with(scheme));
        let bounds = Bounds { time: TIME_LIMIT, output: limit, size: SIZE_LIMIT };
        fs::create_dir_all(&access.scratch).map_err(scratch)?;
        let folder = tempfile::tempdir_in(&access.scratch).map_err(scratch)?;
        let program = Program { access, remote: remote.to_owned(), asked, folder: folder.path().to_owned(), bounds };
        if is_ssh && access.agent.is_none() {
            return Err(GitError::Agent { remote: program.shown() });
        }
        Ok(Self { program, _folder: folder })
    }

    /// Brings what has the id `tip`, a commit or a tag, without what came before it. `name` is what a server has to be asked for that gives only what it has names for.
    pub(super) fn fetch(&self, tip: &str, name: Option<&str>) -> Result<(), GitError> {
        let format = if tip.len() == 64 { "--object-format=sha256" } else { "--object-format=sha1" };
        self.program.run(&["init", "--quiet", "--bare", "--template=", format], None)?;
        let fetch = |wanted: &[&str]| {
            let options = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"];
            self.program.run(&[&options, wanted].concat(), None)
        };
        let Err(first) = fetch(&["--depth=1", "origin", tip]) else { return self.check(tip) };
        if matches!(first, GitError::Failed { .. }) {
            let one = name.is_some_and(|name| fetch(&["--depth=1", "origin", &format!("+{name}:refs/one")]).is_ok());
            if one && self.check(tip).is_ok() {
                return Ok(());
            }
            let all = ["origin", "+refs/heads/*:refs/all/heads/*", "+refs/tags/*:refs/all/tags/*"];
            if fetch(&all).is_ok() && self.check(tip).is_ok() {
                return Ok(());
            }
        }
        Err(first)
    }

    fn check(&self, tip: &str) -> Result<(), GitError> {
        let missing = |error| match error {
            GitError::Failed { remote, .. } => GitError::NoReference { remote, reference: tip.to_owned() },
            other => other,
        };
        let commit = format!("{tip}^{{commit}}");
        self.program.run(&["cat-file", "-e", &commit], None).map(drop).map_err(missing)
    }
}
