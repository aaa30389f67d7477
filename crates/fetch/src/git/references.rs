//! What a branch or a tag is now.

use super::GitError;
use super::address::is_commit;
use super::program::Program;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What references were found to be, so that one is not another for the next platform.
#[derive(Debug, Default)]
pub(crate) struct References(Mutex<HashMap<String, Resolved>>);

impl References {
    pub(super) fn get(&self, name: &str) -> Option<Resolved> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(super) fn note(&self, name: String, resolved: Resolved) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, resolved);
    }
}

/// What a reference stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The commit.
    pub(super) commit: String,
    /// The tag that has a text of its own, and stands for the commit.
    pub(super) tag: Option<String>,
    /// The whole name of the branch or the tag; none for a commit.
    pub(super) name: Option<String>,
}

impl Resolved {
    pub(super) fn of_commit(commit: &str) -> Self {
        Self { commit: commit.to_owned(), tag: None, name: None }
    }

    /// Returns whether this is what has to be found: the commit's id or the tag's begins so.
    pub(super) fn is(&self, expected: &str) -> bool {
        self.commit.starts_with(expected) || self.tag.as_ref().is_some_and(|tag| tag.starts_with(expected))
    }

    /// Writes it as a line, for the cache.
    pub(super) fn line(&self) -> String {
        [&self.commit, self.tag.as_deref().unwrap_or("-"), self.name.as_deref().unwrap_or("-")].join(" ")
    }

    pub(super) fn of_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (commit, tag, name) = (words.next()?, words.next()?, words.next()?);
        let given = |word: &str| Some(word.to_owned()).filter(|word| word != "-");
        is_commit(commit).then(|| Self { commit: commit.to_owned(), tag: given(tag), name: given(name) })
    }
}

/// Asks the remote what a branch or a tag is; without one, what its `HEAD` is.
pub(super) fn resolve(program: &Program<'_>, reference: Option<&str>) -> Result<Resolved, GitError> {
    let wanted = reference.unwrap_or("HEAD");
    let answer = program.run(&["ls-remote", "origin", wanted, &format!("{wanted}^{{}}")], None)?;
    let answer = String::from_utf8_lossy(&answer);
    let references: Vec<(&str, &str)> = answer.lines().filter_map(|line| line.split_once('\t')).collect();
    let missing =
        || GitError::NoReference { remote: program.shown(), reference: reference.unwrap_or("HEAD").to_owned() };
    let found = choose(&references, wanted).ok_or_else(missing)?;
    if !is_commit(&found.commit) || found.tag.as_ref().is_some_and(|tag| !is_commit(tag)) {
        return Err(program.unexpected("ls-remote"));
    }
    Ok(found)
}

/// Chooses as `git checkout` does: a whole name first, then a branch, then a tag.
fn choose(references: &[(&str, &str)], wanted: &str) -> Option<Resolved> {
    let id = |name: &str| references.iter().find(|(_, known)| *known == name).map(|(id, _)| (*id).to_owned());
    let part = |prefix: &str| format!("{prefix}{}", wanted.strip_prefix(prefix).unwrap_or(wanted));
    for name in [wanted.to_owned(), part("refs/"), part("refs/heads/"), part("refs/tags/")] {
        let Some(own) = id(&name) else { continue };
        let is_branch_or_tag = name.starts_with("refs/");
        let peeled = id(&format!("{name}^{{}}"));
        let tag = peeled.is_some().then(|| own.clone());
        return Some(Resolved { commit: peeled.unwrap_or(own), tag, name: Some(name).filter(|_| is_branch_or_tag) });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_come_before_tags() {
        let references = [
            ("1", "HEAD"),
            ("2", "refs/heads/x"),
            ("3", "refs/tags/x"),
            ("4", "refs/tags/x^{}"),
            ("5", "refs/heads/other/x"),
            ("6", "refs/pull/7/head"),
        ];
        let resolved = |commit: &str, tag: Option<&str>, name: Option<&str>| {
            Some(Resolved { commit: commit.to_owned(), tag: tag.map(str::to_owned), name: name.map(str::to_owned) })
        };
        for (wanted, expected) in [
            ("HEAD", resolved("1", None, None)),
            ("x", resolved("2", None, Some("refs/heads/x"))),
            ("heads/x", resolved("2", None, Some("refs/heads/x"))),
            ("refs/tags/x", resolved("4", Some("3"), Some("refs/tags/x"))),
            ("pull/7/head", resolved("6", None, Some("refs/pull/7/head"))),
            ("y", None),
        ] {
            assert_eq!(choose(&references, wanted), expected, "{wanted}");
        }
    }

    #[test]
    fn lines_are_read_again() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let tagged = Resolved { commit: id.to_owned(), tag: Some(id.to_owned()), name: Some("refs/tags/x".to_owned()) };
        for resolved in [Resolved::of_commit(id), tagged] {
            assert_eq!(Resolved::of_line(&resolved.line()), Some(resolved));
        }
        assert_eq!(Resolved::of_line("0123 - -"), None);
    }
}
