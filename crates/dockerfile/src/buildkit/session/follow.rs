use crate::glob::{Glob, rooted};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path};

/// Most paths that come of those asked for.
const LIMIT: usize = 100_000;

/// Returns paths, and those that symbolic links on them lead to, none of which leaves the root; `None` if the root itself is among them.
///
/// Names on the way may have wildcards, which stay in the result (`followlinks.go` of tonistiigi/fsutil).
pub(super) fn follow(root: Option<&Path>, paths: &[String]) -> Option<Vec<String>> {
    let mut resolved = BTreeSet::new();
    let mut open: Vec<String> = paths.iter().map(|path| rooted(path)).collect();
    while let Some(path) = open.pop() {
        if path.is_empty() {
            return None;
        }
        let mut ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
        ends.push(path.len());
        for end in ends {
            let (current, rest) = path.split_at(end);
            let targets = root.map(|root| links(root, current)).unwrap_or_default();
            if targets.is_empty() && !rest.is_empty() {
                continue;
            }
            if resolved.insert(current.to_owned()) && resolved.len() + open.len() < LIMIT {
                open.extend(targets.iter().map(|target| rooted(&format!("{target}{rest}"))));
            }
            break;
        }
    }
    Some(resolved.into_iter().collect())
}

/// Returns where a path leads that is a symbolic link, or where those lead that its last name matches. No folder above it is a link.
fn links(root: &Path, path: &str) -> Vec<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let pattern = if Glob::is_one(name) { Glob::parse(name) } else { None };
    let Some(pattern) = pattern else { return link(root, path).into_iter().collect() };
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let found = names.filter(|name| pattern.matches(name));
    found.filter_map(|name| link(root, &if folder.is_empty() { name } else { format!("{folder}/{name}") })).collect()
}

fn link(root: &Path, path: &str) -> Option<String> {
    // A name from outside is only looked up where it can only lead inside.
    if !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    let target = fs::read_link(root.join(path)).ok()?;
    let target = target.to_str()?;
    if target.starts_with('/') {
        return Some(target.to_owned());
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    Some(format!("/{folder}/{target}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_followed_inside() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("real/deep")).unwrap();
        for (target, path) in [
            ("real", "folder"),
            ("deep", "real/link"),
            ("../../../etc/passwd", "out"),
            ("/real", "absolute"),
            ("around", "round"),
            ("round", "around"),
            ("/", "all"),
        ] {
            symlink(target, at(path)).unwrap();
        }
        for (path, expected) in [
            ("real", Some(&["real"][..])),
            ("/real/./deep/", Some(&["real/deep"])),
            ("../..//real", Some(&["real"])),
            ("absent/x", Some(&["absent/x"])),
            ("folder/deep/x", Some(&["folder", "real/deep/x"])),
            ("folder/link/x", Some(&["folder", "real/deep/x", "real/link"])),
            ("out", Some(&["etc/passwd", "out"])),
            ("absolute", Some(&["absolute", "real"])),
            ("round/x", Some(&["around", "round"])),
            ("fol*/deep", Some(&["fol*", "real/deep"])),
            ("all", None),
            (".", None),
        ] {
            let found = follow(Some(root.path()), &[path.to_owned()]);
            assert_eq!(
                found.as_deref().map(|found| found.iter().map(String::as_str).collect()),
                expected.map(<[_]>::to_vec),
                "{path}"
            );
        }
    }
}
