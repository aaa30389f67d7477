use super::GitError;
use super::program::Program;
use super::remote::public_url;

/// What git says about a work tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitState {
    /// The commit that is checked out; `None` before the first one.
    pub head: Option<Head>,
    /// The branch; `None` where HEAD is detached.
    pub branch: Option<String>,
    /// Tags at the commit.
    pub tags_at_head: Vec<String>,
    /// All tags.
    pub all_tags: Vec<String>,
    /// Where the source can be found: the remote `origin`, else the first one, without credentials.
    pub remote: Option<String>,
    /// Whether tracked files differ from the commit.
    pub dirty: bool,
    /// Whether the clone is shallow: commits and tags may be missing.
    pub shallow: bool,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its hash, in hexadecimal digits.
    pub commit: String,
    /// When it was committed, in seconds since 1970 (UTC).
    pub time: i64,
}

pub(super) fn read(program: &Program, shallow: bool) -> Result<GitState, GitError> {
    let tags = |more: &[&str]| -> Result<Vec<String>, GitError> {
        let arguments = [&["for-each-ref", "--format=%(refname:strip=2)"], more, &["refs/tags"]].concat();
        Ok(program.run(&arguments)?.expect_success()?.lines().into_iter().map(str::to_owned).collect())
    };
    let status = ["status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=none"];
    let head = head(program)?;
    Ok(GitState {
        branch: branch(program)?,
        tags_at_head: if head.is_some() { tags(&["--points-at=HEAD"])? } else { Vec::new() },
        all_tags: tags(&[])?,
        remote: remote(program)?,
        dirty: !program.run(&status)?.expect_success()?.is_empty(),
        shallow,
        head,
    })
}

/// Returns the commit that is checked out; `None` before the first one.
pub(super) fn head_commit(program: &Program) -> Result<Option<String>, GitError> {
    let answer = program.run(&["rev-parse", "--quiet", "--verify", "HEAD^{commit}"])?;
    if answer.code() == Some(1) {
        return Ok(None);
    }
    let answer = answer.expect_success()?;
    let commit = answer.line()?;
    // SHA-1 or SHA-256 object names.
    if !matches!(commit.len(), 40 | 64) || !commit.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(answer.unexpected());
    }
    Ok(Some(commit.to_owned()))
}

fn head(program: &Program) -> Result<Option<Head>, GitError> {
    let Some(commit) = head_commit(program)? else { return Ok(None) };
    let answer = program.run(&["log", "-1", "--format=%ct", &commit])?.expect_success()?;
    let time = answer.line()?.parse().map_err(|_| answer.unexpected())?;
    Ok(Some(Head { commit, time }))
}

fn branch(program: &Program) -> Result<Option<String>, GitError> {
    let answer = program.run(&["symbolic-ref", "--quiet", "HEAD"])?;
    if answer.code() == Some(1) {
        return Ok(None);
    }
    let answer = answer.expect_success()?;
    Ok(answer.lines().first().and_then(|line| line.strip_prefix("refs/heads/")).map(str::to_owned))
}

fn remote(program: &Program) -> Result<Option<String>, GitError> {
    let answer = program.run(&["config", "--get-regexp", r"^remote\..*\.url$"])?;
    // Git ends with 1 where there is none.
    if answer.code() == Some(1) {
        return Ok(None);
    }
    let answer = answer.expect_success()?;
    let remotes: Vec<(&str, &str)> = answer.lines().into_iter().filter_map(|line| line.split_once(' ')).collect();
    let chosen = remotes.iter().find(|(key, _)| *key == "remote.origin.url").or(remotes.first());
    Ok(chosen.and_then(|(_, url)| public_url(url)))
}
