/// Longest path, in bytes (Linux `PATH_MAX`).
const LENGTH_LIMIT: usize = 4096;
/// Most parts of a path. Deeper trees would use up file descriptors when they are removed.
const DEPTH_LIMIT: usize = 256;

/// Normalizes the path of an entry: relative, without `.` and empty parts. Says what is wrong with a path that could lead elsewhere.
pub(super) fn entry_path(path: &[u8]) -> Result<Vec<u8>, &'static str> {
    if path.first() == Some(&b'/') {
        return Err("is an absolute path");
    }
    normalized(path)
}

/// Normalizes the target of a hard link, which some builders write with a leading slash.
pub(super) fn link_target(path: &[u8]) -> Result<Vec<u8>, &'static str> {
    normalized(path)
}

fn normalized(path: &[u8]) -> Result<Vec<u8>, &'static str> {
    if path.is_empty() {
        return Err("is an empty path");
    }
    if path.len() > LENGTH_LIMIT {
        return Err("is a path of more than 4096 bytes");
    }
    if path.contains(&0) {
        return Err("is a path with a NUL byte");
    }
    let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
    if parts.contains(&&b".."[..]) {
        return Err("is a path with `..`");
    }
    if parts.len() > DEPTH_LIMIT {
        return Err("is a path of more than 256 parts");
    }
    Ok(parts.join(&b'/'))
}

/// Returns the folder and the last part of a normalized path that is not the root.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// Returns a path for people to read.
pub(super) fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizes() {
        for (path, expected) in
            [("./usr//bin/", "usr/bin"), ("./", ""), ("a/./b", "a/b"), ("a..b/...", "a..b/..."), ("a\n", "a\n")]
        {
            assert_eq!(entry_path(path.as_bytes()), Ok(expected.as_bytes().to_vec()));
        }
        assert_eq!(link_target(b"/usr/bin/x"), Ok(b"usr/bin/x".to_vec()));
    }

    #[test]
    fn refuses_what_leads_elsewhere() {
        for path in ["", "/etc/passwd", "../x", "a/../../x", "a/..", "a\0b", &"x".repeat(4097), &"x/".repeat(257)] {
            assert!(entry_path(path.as_bytes()).is_err(), "{path}");
        }
        assert!(link_target(b"/../x").is_err());
    }

    #[test]
    fn splits() {
        for (path, folder, name) in [("a/b/c", "a/b", "c"), ("a", "", "a")] {
            assert_eq!(split(path.as_bytes()), (folder.as_bytes(), name.as_bytes()));
        }
    }
}
