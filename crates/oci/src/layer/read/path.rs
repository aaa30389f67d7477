/// Longest path, in bytes (Linux `PATH_MAX`).
const LENGTH_LIMIT: usize = 4096;
/// Most parts of a path. Deeper trees would use up file descriptors when they are removed.
const DEPTH_LIMIT: usize = 256;

/// Normalizes the name of a member, or the target of a hard link, as engines do: relative to the root, without `.` and empty parts. Some builders
/// write a leading slash. The root itself is empty.
pub fn member_path(written: &[u8]) -> Result<Vec<u8>, MemberPathError> {
    let refused = |reason| Err(MemberPathError { reason });
    if written.is_empty() {
        return refused("is an empty path");
    }
    if written.len() > LENGTH_LIMIT {
        return refused("is a path of more than 4096 bytes");
    }
    if written.contains(&0) {
        return refused("is a path with a NUL byte");
    }
    let parts = written.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
    let parts: Vec<&[u8]> = parts.collect();
    if parts.contains(&&b".."[..]) {
        return refused("is a path with `..`");
    }
    if parts.len() > DEPTH_LIMIT {
        return refused("is a path of more than 256 parts");
    }
    Ok(parts.join(&b'/'))
}

/// A path in a layer that could lead elsewhere, or that nothing can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct MemberPathError {
    /// What is wrong with it.
    pub reason: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizes() {
        for (path, expected) in [
            ("./usr//bin/", "usr/bin"),
            ("./", ""),
            ("/", ""),
            ("/ko-app/web", "ko-app/web"),
            ("//./a", "a"),
            ("a..b/...", "a..b/..."),
            ("a\n", "a\n"),
        ] {
            assert_eq!(member_path(path.as_bytes()), Ok(expected.as_bytes().to_vec()), "{path}");
        }
    }

    #[test]
    fn refuses_what_leads_elsewhere() {
        for path in ["", "../x", "/../x", "a/../../x", "a/..", "a\0b", &"x".repeat(4097), &"x/".repeat(257)] {
            assert!(member_path(path.as_bytes()).is_err(), "{path}");
        }
    }
}
