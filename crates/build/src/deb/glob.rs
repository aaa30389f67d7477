/// Returns whether a path matches a pattern: `*` and `?` stand for anything within one name, `**` for any number of names.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    run_matches(parts(pattern), parts(path), |wanted| *wanted == "**", |wanted, name| name_matches(wanted, name))
}

fn parts(path: &str) -> impl Iterator<Item = &str> + Clone {
    path.split('/').filter(|part| !part.is_empty())
}

fn name_matches(pattern: &str, name: &str) -> bool {
    run_matches(
        pattern.chars(),
        name.chars(),
        |wanted| *wanted == '*',
        |wanted, letter| *wanted == '?' || wanted == letter,
    )
}

/// Matches a run of items with a pattern, some items of which stand for any number of items. Only the last of those that was met ever takes
/// more, so there is never more work than the product of both lengths.
fn run_matches<P, T>(
    mut pattern: impl Iterator<Item = P> + Clone,
    mut items: impl Iterator<Item = T> + Clone,
    is_any: impl Fn(&P) -> bool,
    fits: impl Fn(&P, &T) -> bool,
) -> bool {
    let mut retry = None;
    loop {
        let fitting = match pattern.next() {
            Some(wanted) if is_any(&wanted) => {
                retry = Some((pattern.clone(), items.clone()));
                true
            }
            Some(wanted) => items.next().is_some_and(|item| fits(&wanted, &item)),
            None if items.clone().next().is_none() => return true,
            None => false,
        };
        if !fitting {
            let Some((after, from)) = &mut retry else { return false };
            if from.next().is_none() {
                return false;
            }
            (pattern, items) = (after.clone(), from.clone());
        }
    }
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
            ("", "", true),
            ("**", "a/b", true),
            ("**", "", true),
            ("*", "", false),
            ("a*b*c", "a.b.b.c", true),
            ("a*b*c", "a.b.c.b", false),
            ("a/**/b/*/c", "a/b/b/b/x/c", true),
            ("a/**/b/*/c", "a/b/x/c/b", false),
            ("*?é", "éé", true),
            ("*?é", "é", false),
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
