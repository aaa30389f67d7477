use crate::glob::rooted;
use consign_oci::layer::{EntryPath, EntryPathError};

/// Takes `.`, `..` and superfluous slashes out of a path. Above the root there is only the root.
pub(crate) fn clean(path: &str) -> Result<EntryPath, EntryPathError> {
    rooted(path).parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_below_the_root() {
        for (path, expected) in [("/a//b/./c/", "a/b/c"), ("a/../b", "b"), ("../../a", "a"), ("/..", ""), ("", "")] {
            assert_eq!(clean(path).unwrap().as_str(), expected, "{path}");
        }
    }
}
