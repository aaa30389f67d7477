use std::collections::BTreeSet;

/// Names of variables that hold a program's version, in small letters.
const NAMES: [&str; 7] = ["version", "ver", "gitversion", "buildversion", "appversion", "gittag", "tag"];

/// Returns the version that the linker was told to write into a program (`-X package.name=value`): into its package `main`, else into another of its
/// module. `None` where nothing is told, where two are told, or where it is not clear of which release it is.
pub(super) fn version(flags: &str, module: &str) -> Option<String> {
    let mut own = BTreeSet::new();
    let mut main = BTreeSet::new();
    for (variable, value) in variables(flags) {
        let Some((package, name)) = variable.rsplit_once('.') else { continue };
        if !NAMES.contains(&name.to_ascii_lowercase().as_str()) {
            continue;
        }
        if package == "main" {
            main.insert(release(&value));
        } else if is_within(package, module) {
            own.insert(release(&value));
        }
    }
    let told = if main.is_empty() { own } else { main };
    if told.len() == 1 { told.into_iter().next().flatten() } else { None }
}

/// Returns whether a package is of a module, whose path may end in its major version.
fn is_within(package: &str, module: &str) -> bool {
    let root = match module.rsplit_once("/v") {
        Some((root, major)) if !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit()) => root,
        _ => module,
    };
    [module, root]
        .iter()
        .any(|path| package.strip_prefix(path).is_some_and(|rest| matches!(rest.as_bytes(), [] | [b'/', ..])))
}

/// Returns the variables that are set, and their values.
fn variables(flags: &str) -> Vec<(String, String)> {
    let words = words(flags);
    let mut found = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).unwrap_or_default();
        let setting = match flag.strip_prefix('X') {
            Some("") => words.next().map(String::as_str),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        if let Some((variable, value)) = setting.and_then(|setting| setting.split_once('=')) {
            found.push((variable.to_owned(), value.to_owned()));
        }
    }
    found
}

/// Returns the words of a text, as `go` takes them apart (cmd/internal/quoted): quotes count at the beginning of a word, and nothing is escaped.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = if matches!(first, '"' | '\'') {
            let inner = rest.get(1..).unwrap_or_default();
            inner.split_once(first).unwrap_or((inner, ""))
        } else {
            rest.split_once(char::is_whitespace).unwrap_or((rest, ""))
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

/// Returns a version as modules have it, if it names a release. What `git describe` and others add behind a hyphen is left aside: it is newer than the
/// release, and in the order of versions it would be older.
fn release(value: &str) -> Option<String> {
    let bare = value.strip_prefix('v').unwrap_or(value);
    let version = semver::Version::parse(bare).ok()?;
    let known = version.pre.is_empty()
        || ["alpha", "beta", "rc"].iter().any(|word| {
            let rest = version.pre.strip_prefix(word);
            rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
        });
    known.then(|| format!("v{bare}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_that_are_told() {
        for (flags, expected) in [
            (
                "-w -s -extldflags '-static' -X main.version=1.18.1 -X main.gitCommit=5e16 -X main.gitDescription=v1.18.1 ",
                Some("v1.18.1"),
            ),
            ("-X=main.Version=v2.0.0-rc.1", Some("v2.0.0-rc.1")),
            ("-X 'a.example/b/internal/build.Version=v1.2.3+dirty' -s", Some("v1.2.3+dirty")),
            ("--X \"a.example/b.version=1.2.3\"", Some("v1.2.3")),
            ("-X main.version=1.2.3 -X a.example/b.version=9.9.9", Some("v1.2.3")),
            ("-X main.version=1.2.3 -X main.Version=v1.2.3", Some("v1.2.3")),
            // Of other modules, of two minds, of no release.
            ("-X k8s.io/component-base/version.gitVersion=v1.29.1", None),
            ("-X a.example/bc.version=1.2.3", None),
            ("-X main.version=1.2.3 -X main.gitTag=v1.2.4", None),
            ("-X main.version=dev -X a.example/b.version=1.2.3", None),
            ("-X main.version=v1.2.3-5-gabcdef0", None),
            ("-X main.version=v1.2.3-SNAPSHOT-abc", None),
            ("-X main.version=1.2", None),
            ("-X main.goversion=1.2.3", None),
            ("-X main.version", None),
            ("-X", None),
            ("'", None),
        ] {
            assert_eq!(version(flags, "a.example/b/v3").as_deref(), expected, "{flags}");
        }
    }
}
