mod github;
mod gitlab;

use crate::Environment;
use std::fmt;

/// Longest value that is taken from the environment, in bytes.
const VALUE_LIMIT: usize = 2048;

/// What the CI says about this run. Everything is empty outside of CI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ci {
    /// Which CI it is.
    pub provider: Option<Provider>,
    /// What kind of reference the run is for.
    pub ref_kind: Option<RefKind>,
    /// The branch or tag without `refs/…/`, or the number of the pull request.
    pub ref_name: Option<String>,
    /// The commit that the run is for.
    pub commit: Option<String>,
    /// The page of the repository.
    pub repository_url: Option<String>,
    /// The page of the run.
    pub run_url: Option<String>,
    /// Whether the CI would give an identity token.
    pub identity_token: bool,
}

/// A CI that consign knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// GitHub Actions, and what imitates it.
    GitHub,
    /// GitLab CI.
    GitLab,
}

/// A kind of reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefKind {
    /// A branch.
    Branch,
    /// A tag.
    Tag,
    /// A pull or merge request: code of somebody who may not be trusted.
    PullRequest,
}

impl Ci {
    /// Returns what these variables say.
    pub fn detect(environment: &Environment) -> Self {
        if is(environment, "GITHUB_ACTIONS", "true") {
            github::detect(environment)
        } else if is(environment, "GITLAB_CI", "true") {
            gitlab::detect(environment)
        } else {
            Self::default()
        }
    }

    /// Returns the branch that the run is for, if it is for one and for this commit: CI leaves git's HEAD detached, and the
    /// commit that is checked out may be another than the run's own.
    pub fn branch_at(&self, commit: &str) -> Option<&str> {
        match (self.ref_kind, &self.commit) {
            (Some(RefKind::Branch), Some(own)) if own == commit => self.ref_name.as_deref(),
            _ => None,
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::GitHub => "GitHub Actions",
            Self::GitLab => "GitLab CI",
        })
    }
}

/// Returns a variable that has a value which can be shown.
fn value<'e>(environment: &'e Environment, name: &str) -> Option<&'e str> {
    let value = environment.get(name)?;
    (!value.is_empty() && value.len() <= VALUE_LIMIT && !value.chars().any(char::is_control)).then_some(value)
}

/// Returns whether a variable has any value, even one that must not be shown.
fn is_set(environment: &Environment, name: &str) -> bool {
    environment.get(name).is_some_and(|value| !value.is_empty())
}

fn is(environment: &Environment, name: &str, expected: &str) -> bool {
    environment.get(name).is_some_and(|value| value == expected)
}

#[cfg(test)]
mod tests;
