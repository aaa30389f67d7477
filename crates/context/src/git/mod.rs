mod error;
mod program;
mod remote;
mod state;

pub use error::GitError;
pub use state::{GitState, Head};

use crate::Environment;
use program::Program;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Most paths that are handed to one run of git.
const PATHS_AT_ONCE: usize = 256;

/// A work tree of git, looked at through the program `git`.
#[derive(Clone, Debug)]
pub struct Git {
    program: Program,
    shallow: bool,
}

impl Git {
    /// Opens the work tree that a folder lies in. `PATH` and `HOME` are taken from `environment`, nothing else.
    ///
    /// Fails with [`GitError::Absent`] or [`GitError::NotARepository`] where there is nothing to open, and with
    /// [`GitError::Ownership`] where git refuses to look because another user owns the files.
    pub fn open(folder: &Path, environment: &Environment) -> Result<Self, GitError> {
        let not_a_repository = || GitError::NotARepository { folder: folder.to_owned() };
        if !folder.is_dir() {
            return Err(not_a_repository());
        }
        let program = Program::new(folder, environment);
        let answer = program.run(&["rev-parse", "--is-inside-work-tree", "--is-shallow-repository"])?;
        if !answer.success() && answer.says("not a git repository") {
            return Err(not_a_repository());
        }
        let answer = answer.expect_success()?;
        match answer.lines()[..] {
            ["true", shallow] => Ok(Self { program, shallow: shallow == "true" }),
            // The repository has no work tree, or the folder lies in `.git`.
            _ => Err(not_a_repository()),
        }
    }

    /// Returns what git says about the work tree.
    pub fn state(&self) -> Result<GitState, GitError> {
        state::read(&self.program, self.shallow)
    }

    /// Returns when the last commit that touched any of these files or folders was made, in seconds since 1970 (UTC).
    /// Relative paths are relative to the folder that was opened.
    ///
    /// `None` where git cannot say what the files are: one of them is changed, untracked, ignored or outside of the work tree, no
    /// commit touched them, or the history of a shallow clone ends there.
    pub fn last_change<P: AsRef<Path>>(&self, paths: &[P]) -> Result<Option<i64>, GitError> {
        let Some(head) = state::head_commit(&self.program)? else { return Ok(None) };
        let mut newest = None;
        for paths in paths.chunks(PATHS_AT_ONCE) {
            match self.last_change_of(&head, paths)? {
                None => return Ok(None),
                time => newest = newest.max(time),
            }
        }
        Ok(newest)
    }

    fn last_change_of<P: AsRef<Path>>(&self, head: &str, paths: &[P]) -> Result<Option<i64>, GitError> {
        let status = [
            "status",
            "--porcelain",
            "-z",
            "--untracked-files=normal",
            "--ignored=traditional",
            "--ignore-submodules=none",
        ];
        let answer = self.program.run(&with_paths(&status, paths))?;
        if !answer.success() && answer.says("is outside repository") {
            return Ok(None);
        }
        if !answer.expect_success()?.is_empty() {
            return Ok(None);
        }
        self.commit_time(head, paths)
    }

    /// Returns when the last commit that touched a file or folder was made, in seconds since 1970 (UTC), whatever has become of it since. `None` where
    /// it is outside of the work tree, no commit touched it, or the history of a shallow clone ends there.
    pub fn last_commit(&self, path: &Path) -> Result<Option<i64>, GitError> {
        match state::head_commit(&self.program)? {
            Some(head) => self.commit_time(&head, &[path]),
            None => Ok(None),
        }
    }

    /// Returns the files in the folder that git tracks, or would track if they were added: those that it does not ignore. Paths are relative to the
    /// folder; those that are not UTF-8 are left out, and files that were removed may still be listed.
    pub fn listing(&self) -> Result<Vec<String>, GitError> {
        let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
        let answer = self.program.run(&arguments)?.expect_success()?;
        Ok(answer.texts().into_iter().map(str::to_owned).collect())
    }

    /// Returns whether the clone lacks older commits, so that it is not known when files last changed that none of the others touched.
    pub fn is_shallow(&self) -> bool {
        self.shallow
    }

    fn commit_time<P: AsRef<Path>>(&self, head: &str, paths: &[P]) -> Result<Option<i64>, GitError> {
        let mut arguments = with_paths(&["log", "-1", "--format=%ct %P"], paths);
        arguments.insert(3, head.into());
        let answer = self.program.run(&arguments)?;
        if !answer.success() && answer.says("outside repository") {
            return Ok(None);
        }
        let answer = answer.expect_success()?;
        let lines = answer.lines();
        let Some(line) = lines.first() else { return Ok(None) };
        let (time, parents) = line.split_once(' ').unwrap_or((line, ""));
        // The oldest commit of a shallow clone seems to have made every file.
        if self.shallow && parents.is_empty() {
            return Ok(None);
        }
        time.parse().map(Some).map_err(|_| answer.unexpected())
    }
}

fn with_paths<P: AsRef<Path>>(arguments: &[&'static str], paths: &[P]) -> Vec<OsString> {
    let arguments = arguments.iter().map(OsStr::new).chain([OsStr::new("--")]);
    arguments.chain(paths.iter().map(|path| path.as_ref().as_os_str())).map(OsStr::to_owned).collect()
}
