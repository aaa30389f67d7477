use consign_oci::Repository;
use std::path::{Path, PathBuf};

/// A valid repository path (distribution-spec, "Pulling manifests", `<name>`). It is also safe as a relative file path:
/// no part is empty, `.`, `..` or begins with `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let repository: Repository = format!("registry.invalid/{text}").parse().ok()?;
        Some(Self(repository.path().to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn under(&self, folder: &Path) -> PathBuf {
        folder.join(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_a_name() {
        for text in
            ["", "/", "a/", "/a", "..", "a/../b", "a/./b", "a//b", "_tags", "a/_tags", "A", "a\0", "a:b", "a@b", "a\\b"]
        {
            assert_eq!(Name::parse(text), None, "{text:?}");
        }
        for text in ["a", "a/b", "debian.org/x", "a/blobs/uploads"] {
            assert_eq!(Name::parse(text).unwrap().as_str(), text);
        }
        assert_eq!(Name::parse(&"a/".repeat(200)), None);
    }
}
