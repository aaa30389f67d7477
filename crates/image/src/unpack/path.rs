/// Returns the folder and the last part of a normalized path that is not the root.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// Returns a path for people to read.
pub(crate) fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits() {
        for (path, folder, name) in [("a/b/c", "a/b", "c"), ("a", "", "a")] {
            assert_eq!(split(path.as_bytes()), (folder.as_bytes(), name.as_bytes()));
        }
    }
}
