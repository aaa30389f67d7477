use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use consign_oci::Repository;

/// What a request is about to do, for which it needs a token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action<'a> {
    /// Read from the repository.
    Pull,
    /// Write to it.
    Push,
    /// Write to it, and take a blob from another repository of the same registry.
    Mount(&'a Repository),
    /// Delete from it.
    Delete,
    /// Nothing but to be let in.
    Enter,
    /// List the repositories of its registry.
    List,
}

impl Action<'_> {
    /// Returns the scopes to ask for.
    pub(crate) fn scopes(self, repository: &Repository) -> Vec<String> {
        let push = format!("repository:{}:pull,push", repository.path());
        match self {
            Self::Pull => vec![format!("repository:{}:pull", repository.path())],
            Self::Push => vec![push],
            Self::Delete => vec![format!("repository:{}:pull,push,delete", repository.path())],
            Self::Enter => Vec::new(),
            Self::List => vec!["registry:catalog:*".to_owned()],
            Self::Mount(from) => vec![push, format!("repository:{}:pull", from.path())],
        }
    }
}

/// Returns the value of `Authorization` for a name and a password.
pub(crate) fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{username}:{password}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_no_wider_than_the_action() {
        let [one, other] = ["ghcr.io/a/b", "ghcr.io/c"].map(|text| text.parse().unwrap());
        assert_eq!(Action::Pull.scopes(&one), ["repository:a/b:pull"]);
        assert_eq!(Action::Push.scopes(&one), ["repository:a/b:pull,push"]);
        assert_eq!(Action::Delete.scopes(&one), ["repository:a/b:pull,push,delete"]);
        assert!(Action::Enter.scopes(&one).is_empty());
        assert_eq!(Action::List.scopes(&one), ["registry:catalog:*"]);
        assert_eq!(Action::Mount(&other).scopes(&one), ["repository:a/b:pull,push", "repository:c:pull"]);
    }
}
