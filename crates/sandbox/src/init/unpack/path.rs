/// Longest path, in bytes (Linux `PATH_MAX`).
const LENGTH_LIMIT: usize = 4096;
/// Most parts of a path.
const DEPTH_LIMIT: usize = 256;

/// Normalizes the path of an entry: relative, without `.` and empty parts. Returns nothing for one that could lead elsewhere.
pub(super) fn entry_path(path: &[u8]) -> Option<Vec<u8>> {
    if path.starts_with(b"/") { None } else { normalized(path) }
}

/// Normalizes the target of a hard link, which some builders write with a leading slash.
pub(super) fn link_target(path: &[u8]) -> Option<Vec<u8>> {
    normalized(path)
}

fn normalized(path: &[u8]) -> Option<Vec<u8>> {
    let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
    let is_sound = !path.is_empty()
        && path.len() <= LENGTH_LIMIT
        && parts.len() <= DEPTH_LIMIT
        && !path.contains(&0)
        && !parts.contains(&&b".."[..]);
    is_sound.then(|| parts.join(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizes() {
        for (path, expected) in [
            ("./usr//bin/", Some("usr/bin")),
            ("./", Some("")),
            ("a..b/...", Some("a..b/...")),
            ("", None),
            ("/etc/passwd", None),
            ("a/../../x", None),
            ("a\0b", None),
            (&"x".repeat(4097), None),
            (&"x/".repeat(257), None),
        ] {
            assert_eq!(entry_path(path.as_bytes()), expected.map(|path| path.as_bytes().to_vec()), "{path}");
        }
        assert_eq!(link_target(b"/usr/bin/x"), Some(b"usr/bin/x".to_vec()));
        assert_eq!(link_target(b"/../x"), None);
    }
}
