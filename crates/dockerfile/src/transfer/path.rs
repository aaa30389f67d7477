use consign_oci::layer::{EntryPath, EntryPathError};

/// Takes `.`, `..` and superfluous slashes out of a path. Above the root there is only the root.
pub(crate) fn clean(path: &str) -> Result<EntryPath, EntryPathError> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/").parse()
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
