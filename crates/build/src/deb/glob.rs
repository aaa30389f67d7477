/// Returns whether a path matches a pattern: `*` and `?` stand for anything within one name, `**` for any number of names.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    // Row by row, whether the first parts of the pattern match the first parts of the path: never more work than their product.
    let mut row: Vec<bool> = std::iter::once(true).chain(path.iter().map(|_| false)).collect();
    for part in pattern {
        let mut next = vec![false; row.len()];
        for at in 0..row.len() {
            next[at] = match part {
                "**" => row[at] || (at > 0 && next[at - 1]),
                part => at > 0 && row[at - 1] && name_matches(part, path[at - 1]),
            };
        }
        row = next;
    }
    row.last().copied().unwrap_or(false)
}

fn name_matches(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let mut row: Vec<bool> = std::iter::once(true).chain(name.iter().map(|_| false)).collect();
    for wanted in pattern.chars() {
        let mut next = vec![false; row.len()];
        for at in 0..row.len() {
            next[at] = match wanted {
                '*' => row[at] || (at > 0 && next[at - 1]),
                '?' => at > 0 && row[at - 1],
                wanted => at > 0 && row[at - 1] && name[at - 1] == wanted,
            };
        }
        row = next;
    }
    row.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_people_expect() {
        for (pattern, path, expected) in [
            ("/usr/share/doc/**", "usr/share/doc/nginx/copyright", true),
            ("/usr/share/doc/**", "usr/share/docs", false),
            ("/usr/share/doc/*", "usr/share/doc/nginx/x", false),
            ("**/*.pyc", "usr/lib/a/b.pyc", true),
            ("**/*.pyc", "b.pyc", true),
            ("*.conf", "libc.conf", true),
            ("lib?.so", "liba.so", true),
            ("/a/**/z", "a/z", true),
            ("/a/**/z", "a/b/c/z", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!matches(&"*a".repeat(200), &"a".repeat(150)));
        assert!(!matches(&format!("{}z", "**/".repeat(200)), &"a/".repeat(200)));
    }
}
