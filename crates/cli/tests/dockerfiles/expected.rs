use crate::image::Lines;
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;

/// The config that a stage begins with that has no base.
const SCRATCH: (&str, &str) = ("Env", r#"["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]"#);

/// Returns what a case expects: what its base has, as `expected.txt` and `expected.json` change it. In `expected.txt` a line is a path and what
/// is there (`/etc/motd file 0644 0:0 "Hello.\n"`), or `-` and a path that is there no more; in `expected.json` a part of the config is `null` that
/// is there no more. `{arch}` stands for the architecture.
pub(crate) fn lines(folder: &Path, architecture: &str, base: Option<&Lines>) -> Lines {
    let mut lines = base.cloned().unwrap_or_else(|| {
        let platform = [("architecture", format!("\"{architecture}\"")), ("os", "\"linux\"".to_owned())];
        let scratch = (SCRATCH.0, SCRATCH.1.to_owned());
        platform.into_iter().chain([scratch]).map(|(part, value)| (part.to_owned(), value)).collect()
    });
    let read = |name| fs::read_to_string(folder.join(name)).unwrap_or_default().replace("{arch}", architecture);
    for line in read("expected.txt").lines().filter(|line| !line.is_empty()) {
        if let Some(path) = line.strip_prefix("- ") {
            assert!(lines.remove(path).is_some(), "{}: {path} is not in the base", folder.display());
        } else {
            let (path, what) = path_of(line);
            lines.insert(path.to_owned(), what.to_owned());
        }
    }
    let config = read("expected.json");
    let config: Map<String, Value> =
        if config.is_empty() { Map::new() } else { serde_json::from_str(&config).unwrap() };
    for (part, value) in config {
        lines.remove(&part);
        if !value.is_null() {
            lines.insert(part, value.to_string());
        }
    }
    lines
}

/// Tells the path from what is there: paths may have spaces.
fn path_of(line: &str) -> (&str, &str) {
    let kinds = [" file ", " folder ", " symlink ", " character ", " block ", " fifo "];
    let start = kinds.iter().filter_map(|kind| line.find(kind)).min();
    let (path, what) = line.split_at(start.unwrap_or_else(|| panic!("`{line}` says of no path what is there")));
    (path, &what[1..])
}
