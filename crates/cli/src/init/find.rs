use super::kind::Kind;
use crate::reading::read_text;
use serde::Serialize;
use std::fs;
use std::io;
use std::path::Path;

/// Folders below the first that are looked into.
const DEPTH: usize = 4;
/// Most files and folders that are looked at.
const COUNT: usize = 20_000;
/// Largest YAML file that is read, in bytes.
const SIZE: u64 = 256 << 10;
/// Folders that hold what was made or fetched. So do those whose names begin with a dot.
const PASSED_OVER: [&str; 4] = ["target", "node_modules", "vendor", "testdata"];
/// YAML files that belong to others, whatever they look like.
const OTHERS: [&str; 3] = ["pnpm-workspace.yaml", "docker-compose.yaml", "compose.yaml"];

/// A file that describes an image, a package, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Found {
    /// Its path, relative to the folder that was searched.
    pub(crate) path: String,
    pub(crate) kind: Kind,
}

/// Looks for such files in a folder, in the order of their paths, as far as a person would have put them there. Links are not followed.
pub(crate) fn find(folder: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut left = COUNT;
    let mut folders = vec![(String::new(), 0)];
    while let Some((below, depth)) = folders.pop() {
        let entries = match fs::read_dir(folder.join(&below)) {
            // What may not be looked into is passed over, but for the folder itself.
            Err(error) if below.is_empty() => return Err(error),
            Err(_) => continue,
            Ok(entries) => entries,
        };
        for entry in entries.flatten().take(left) {
            left -= 1;
            let (Ok(name), Ok(kind)) = (entry.file_name().into_string(), entry.file_type()) else { continue };
            let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            if kind.is_dir() && depth < DEPTH && !name.starts_with('.') && !PASSED_OVER.contains(&name.as_str()) {
                folders.push((path, depth + 1));
            } else if kind.is_file()
                && let Some(kind) = kind_of(&folder.join(&path), &name)
            {
                found.push(Found { path, kind });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

fn kind_of(path: &Path, name: &str) -> Option<Kind> {
    if let Some(kind) = Kind::of_name(name) {
        return Some(kind);
    }
    if !(name.ends_with(".yaml") || name.ends_with(".yml")) || OTHERS.contains(&name) {
        return None;
    }
    Kind::of_text(&read_text(path, SIZE).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_where_people_put_files() {
        let folder = tempfile::tempdir().unwrap();
        let image = "files: [{source: a, path: /a}]\n";
        for path in [
            "image.yaml",
            "a/image.yml",
            "a/b/c/d/image.yaml",
            "a/b/c/d/e/image.yaml",
            "target/image.yaml",
            "web/node_modules/image.yaml",
            ".hidden/image.yaml",
            "pnpm-workspace.yaml",
            "image.txt",
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, image).unwrap();
        }
        fs::write(folder.path().join("large.yaml"), format!("{image}#{}", "x".repeat(SIZE as usize))).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
        std::os::unix::fs::symlink("image.yaml", folder.path().join("link.yaml")).unwrap();
        let found: Vec<String> = find(folder.path()).unwrap().into_iter().map(|found| found.path).collect();
        assert_eq!(found, ["a/b/c/d/image.yaml", "a/image.yml", "image.yaml"]);
        assert!(find(&folder.path().join("nowhere")).is_err());
    }
}
