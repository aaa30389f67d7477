//! How much is kept between builds of what commands are run with, and what nobody has used lately.

use super::RunError;
use super::trees::PARTIAL;
use consign_oci::Digest;
use consign_sandbox::Sandbox;
use consign_store::{Amount, Amounts};
use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What is kept between builds in a folder of [`super::KitchenOptions`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Unpacked layers, and what interrupted builds left of them.
    pub trees: Amounts,
    /// Folders of `--mount=type=cache`.
    pub caches: Amounts,
}

impl Upkeep {
    /// Finds what was not used since `since`, or everything if that is `None`, in the folder of a kitchen; with `remove`, removes it: then no build
    /// may be using the folder. Whoever needs it makes it again. What has another name than those that builds give stays.
    pub fn of(folder: &Path, sandbox: &Sandbox, since: Option<SystemTime>, remove: bool) -> Result<Self, RunError> {
        let count = |name: &str, is_ours: fn(&str) -> bool| -> Result<Amounts, RunError> {
            let mut amounts = Amounts::default();
            for (path, metadata) in folders(&folder.join(name), is_ours)? {
                let amount = size(&path);
                add(&mut amounts.all, amount);
                let is_partial = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PARTIAL));
                if !is_partial && since.is_some_and(|since| was_used_since(&metadata, since)) {
                    continue;
                }
                // That something of it stays is no reason not to go on: it is only space.
                if !remove || sandbox.remove(&set_aside(path, is_partial)).is_ok() {
                    add(&mut amounts.pruned, amount);
                }
            }
            Ok(amounts)
        };
        Ok(Self { trees: count("trees", is_tree)?, caches: count("caches", is_cache)? })
    }
}

/// Takes the name from what is to be removed, under which it counts as whole: this may be interrupted.
fn set_aside(path: PathBuf, is_partial: bool) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = path.with_file_name(format!("{PARTIAL}{name}"));
    if !is_partial && fs::rename(&path, &aside).is_ok() { aside } else { path }
}

/// Returns whether a name is one of an unpacked layer, or of what is not whole.
fn is_tree(name: &str) -> bool {
    let whole = name.split_once('-').is_some_and(|(prefix, rest)| {
        prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) && (rest == "empty" || is_digest(rest))
    });
    whole || name.starts_with(PARTIAL)
}

/// Returns whether a name is one of a folder that is kept between builds, or of what is not whole.
fn is_cache(name: &str) -> bool {
    is_digest(name) || name.starts_with(PARTIAL)
}

fn is_digest(name: &str) -> bool {
    format!("sha256:{name}").parse::<Digest>().is_ok()
}

/// The time of the last access says when something was used: that of the last change is part of an image.
fn was_used_since(metadata: &Metadata, since: SystemTime) -> bool {
    [metadata.accessed(), metadata.modified()].into_iter().flatten().any(|time| time >= since)
}

/// Returns the folders in a folder whose names are `ours`. No link is followed.
fn folders(folder: &Path, ours: fn(&str) -> bool) -> Result<Vec<(PathBuf, Metadata)>, RunError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(RunError::folder("list", folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(RunError::folder("list", folder))?;
        if !entry.file_name().to_str().is_some_and(ours) {
            continue;
        }
        // What goes meanwhile is left out.
        if let Ok(metadata) = entry.metadata()
            && metadata.is_dir()
        {
            found.push((entry.path(), metadata));
        }
    }
    Ok(found)
}

/// Counts the files in a folder, each once. What cannot be looked at is not counted: folders may be closed, and belong to others.
fn size(folder: &Path) -> Amount {
    let (mut amount, mut seen, mut left) = (Amount::default(), HashSet::new(), vec![folder.to_owned()]);
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                left.push(entry.path());
            } else if metadata.nlink() == 1 || seen.insert((metadata.dev(), metadata.ino())) {
                amount.add(metadata.len());
            }
        }
    }
    amount
}

fn add(sum: &mut Amount, amount: Amount) {
    sum.files += amount.files;
    sum.bytes = sum.bytes.saturating_add(amount.bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, FileTimes};
    use std::time::Duration;

    #[test]
    fn finds_what_nobody_has_used() {
        let folder = tempfile::tempdir().unwrap();
        let make = |path: &str, age: u64| {
            let path = folder.path().join(path);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("a"), "12345").unwrap();
            fs::hard_link(path.join("a"), path.join("b")).unwrap();
            let time = SystemTime::now() - Duration::from_secs(age);
            let times = FileTimes::new().set_accessed(time).set_modified(SystemTime::UNIX_EPOCH);
            File::open(path).unwrap().set_times(times).unwrap();
        };
        let hex = Digest::of(b"").hex().to_owned();
        make(&format!("trees/0123456789ab-{hex}"), 10);
        make("trees/0123456789ab-empty", 1000);
        make("trees/partial-x", 0);
        make("trees/mine", 1000);
        make(&format!("caches/{hex}"), 1000);
        make("caches/mine", 1000);
        // There is nothing that could remove anything.
        let sandbox = Sandbox { init: "/nothing".into() };
        let look = |since| Upkeep::of(folder.path(), &sandbox, since, false).unwrap();
        let amount = |files| Amount { files, bytes: 5 * files };
        let recent = SystemTime::now() - Duration::from_secs(100);
        let found = look(Some(recent));
        assert_eq!(found.trees, Amounts { all: amount(3), pruned: amount(2) });
        assert_eq!(found.caches, Amounts { all: amount(1), pruned: amount(1) });
        assert_eq!(look(None).trees.pruned, amount(3));
        let removed = Upkeep::of(folder.path(), &sandbox, None, true).unwrap();
        assert_eq!((removed.trees.pruned, removed.caches.pruned), Default::default(), "what stays is not counted");
    }
}
