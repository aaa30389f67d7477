//! What `.gitmodules` says (gitmodules(5)).

use super::GitError;
use super::program::Program;
use std::collections::BTreeMap;

/// A submodule, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Submodule {
    path: String,
    pub(super) url: String,
    /// Whether it says that it is not brought along.
    pub(super) skipped: bool,
}

/// Returns the submodules of a commit, by their paths.
pub(super) fn read(program: &Program<'_>, commit: &str) -> Result<BTreeMap<String, Submodule>, GitError> {
    let blob = format!("{commit}:.gitmodules");
    match program.run(&["config", "--null", "--list", "--no-includes", "--blob", &blob], None) {
        Ok(answer) => Ok(parse(&String::from_utf8_lossy(&answer))),
        // There is none, or it is no such file.
        Err(GitError::Failed { .. }) => Ok(BTreeMap::new()),
        Err(other) => Err(other),
    }
}

fn parse(answer: &str) -> BTreeMap<String, Submodule> {
    let mut named: BTreeMap<&str, Submodule> = BTreeMap::new();
    for (key, value) in answer.split('\0').filter_map(|pair| pair.split_once('\n')) {
        let Some((name, word)) = key.strip_prefix("submodule.").and_then(|rest| rest.rsplit_once('.')) else {
            continue;
        };
        let module = named.entry(name).or_default();
        match word {
            "path" => value.clone_into(&mut module.path),
            "url" => value.clone_into(&mut module.url),
            "update" => module.skipped = value == "none",
            _ => {}
        }
    }
    named.into_values().map(|module| (module.path.clone(), module)).collect()
}

/// Returns where a submodule is: an address that begins with `./` or `../` is relative to the repository's own.
pub(super) fn resolve(remote: &str, url: &str) -> Option<String> {
    if !url.starts_with("./") && !url.starts_with("../") {
        return Some(url.to_owned());
    }
    let (mut base, mut rest) = (remote.trim_end_matches('/'), url);
    let start = remote.find("://").map_or(0, |place| place + 3);
    loop {
        if let Some(left) = rest.strip_prefix("./") {
            rest = left;
        } else if let Some(left) = rest.strip_prefix("../") {
            rest = left;
            // The path of `USER@HOST:PATH` begins at the colon.
            let end = base.rfind('/').filter(|end| *end > start);
            let end = end.or_else(|| base.rfind(':').filter(|_| start == 0).map(|colon| colon + 1))?;
            base = &base[..end];
        } else {
            let joint = if base.ends_with(':') { "" } else { "/" };
            return Some(format!("{base}{joint}{rest}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_addresses_are_those_of_neighbours() {
        for (remote, url, expected) in [
            ("https://h/t/a.git", "../b.git", Some("https://h/t/b.git")),
            ("https://h/t/a.git/", "../../u/b.git", Some("https://h/u/b.git")),
            ("https://h/a.git", "./b.git", Some("https://h/a.git/b.git")),
            ("https://h/a.git", "../../b.git", None),
            ("git@h:t/a.git", "../b.git", Some("git@h:t/b.git")),
            ("git@h:a.git", "../b.git", Some("git@h:b.git")),
            ("https://h/a.git", "ext::sh", Some("ext::sh")),
        ] {
            assert_eq!(resolve(remote, url).as_deref(), expected, "{remote} {url}");
        }
    }

    #[test]
    fn reads_what_git_lists() {
        let answer = "submodule.a.b.path\nlib\0submodule.a.b.url\n../l.git\0submodule.c.update\nnone\0core.x\n1\0";
        let modules = parse(answer);
        let lib = Submodule { path: "lib".to_owned(), url: "../l.git".to_owned(), skipped: false };
        assert_eq!(modules.get("lib"), Some(&lib));
        assert!(modules[""].skipped);
    }
}
