//! The folder `.git` of a checkout: a repository that has the one commit, and is the same whenever it is made.

use super::checkout::{Content, Files};
use super::program::Program;
use super::references::Resolved;
use super::{GitError, checkout};
use std::fs::{self, File};
use std::io;

/// Adds the folder `.git` to the files of a commit.
pub(super) fn add(program: &Program<'_>, resolved: &Resolved, files: &mut Files) -> Result<(), GitError> {
    let tip = resolved.tag.as_deref().unwrap_or(&resolved.commit);
    let scratch = |source| GitError::Scratch { source };
    let objects = program.run(&["rev-list", "--objects", "--no-object-names", "-1", tip], None)?;
    // A list of commits does not name the tag.
    let list = [objects.as_slice(), tip.as_bytes(), b"\n"].concat();
    let input = program.folder.join("objects.list");
    fs::write(&input, list).map_err(scratch)?;
    let whole = ["--threads=1", "--window=0", "--no-reuse-delta", "--no-reuse-object", "--quiet", "own"];
    let settings = ["-c", "pack.writeReverseIndex=false", "-c", "pack.compression=6", "pack-objects"];
    program.run(&[&settings[..], &whole].concat(), Some(File::open(&input).map_err(scratch)?))?;
    // Of files that nobody has looked at yet, so that nothing in it differs from machine to machine.
    program.run(&["read-tree", &resolved.commit], None)?;
    let mut put = |path: &str, content: Content| files.insert(format!(".git/{path}"), content);
    for folder in ["refs", "refs/heads", "refs/tags", "objects", "objects/info", "objects/pack"] {
        put(folder, Content::Folder);
    }
    let mut limit = checkout::LIMIT;
    let mut read = |name: &str| -> Result<Vec<u8>, GitError> {
        let path = program.folder.join(name);
        let size = fs::metadata(&path).map_err(scratch)?.len();
        limit = limit.checked_sub(size).ok_or_else(|| program.too_much("bytes", checkout::LIMIT))?;
        fs::read(path).map_err(scratch)
    };
    let names = fs::read_dir(&program.folder).map_err(scratch)?;
    let names: io::Result<Vec<_>> = names.map(|entry| entry.map(|entry| entry.file_name())).collect();
    for name in names.map_err(scratch)?.iter().filter_map(|name| name.to_str()) {
        if let Some(rest) = name.strip_prefix("own-") {
            put(&format!("objects/pack/pack-{rest}"), Content::file(read(name)?));
        }
    }
    put("index", Content::file(read("index")?));
    let line = |text: &str| Content::file(format!("{text}\n").into_bytes());
    put("HEAD", line(&resolved.commit));
    put("shallow", line(&resolved.commit));
    put("config", Content::file(config(&program.shown(), resolved.commit.len() == 64).into_bytes()));
    if let Some(name) = resolved.name.as_deref().filter(|name| !name.starts_with("refs/pull/")) {
        put(name, line(tip));
    }
    Ok(())
}

fn config(remote: &str, is_sha256: bool) -> String {
    let (version, extension) = match is_sha256 {
        true => (1, "[extensions]\n\tobjectFormat = sha256\n"),
        false => (0, ""),
    };
    // The address was read, and has neither quotes nor line breaks that would end it.
    let remote = remote.replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        "[core]\n\trepositoryformatversion = {version}\n\tfilemode = true\n\tbare = false\n{extension}\
         [remote \"origin\"]\n\turl = \"{remote}\"\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
    )
}
