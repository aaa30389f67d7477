/// Takes `.` and `..`, where there is something before them, and superfluous slashes out of a path (Go's `filepath.Clean`); what is left is
/// relative, and `.` where it is nothing.
pub(crate) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            // Above the root there is only the root.
            ".." if path.starts_with('/') => {}
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// Does the same as if the path began at the root, above which nothing leads; the root itself is empty.
pub(crate) fn rooted(path: &str) -> String {
    match clean(&format!("/{path}")) {
        path if path == "." => String::new(),
        path => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans() {
        for (path, expected) in
            [("./a/../b//c/", "b/c"), ("/../a", "a"), ("../a", "../a"), ("a/..", "."), ("", "."), ("/", ".")]
        {
            assert_eq!(clean(path), expected, "{path}");
        }
    }
}
