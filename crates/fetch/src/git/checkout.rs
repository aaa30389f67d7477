//! The files of a commit, read out of the repository: nothing is checked out, so nothing of it gets near the disk by a name of its own.

use super::address::{is_commit, is_remote};
use super::program::Program;
use super::repository::Repository;
use super::{GitError, submodules};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fs::{self, File};

/// Most bytes of all files.
pub(super) const LIMIT: u64 = 1 << 30;
/// Most files.
const COUNT_LIMIT: usize = 1_000_000;
/// Deepest submodule.
const DEPTH_LIMIT: usize = 10;
/// Most submodules.
const SUBMODULE_LIMIT: usize = 200;
/// Longest target of a symbolic link, in bytes.
const TARGET_LIMIT: u64 = 4096;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A folder, which is named only where nothing need be in it.
    Folder,
    /// A file, with whether it is a program.
    File(Bytes, bool),
    /// A symbolic link, with its target.
    Link(String),
}

impl Content {
    pub(super) fn file(bytes: Vec<u8>) -> Self {
        Self::File(bytes.into(), false)
    }
}

/// Files by path, without slashes at their beginning.
pub(super) type Files = BTreeMap<String, Content>;

/// Reads the files of a repository and of its submodules.
pub(super) struct Reader<'a> {
    /// The folder that is wanted.
    subfolder: &'a str,
    submodules: bool,
    pub(super) files: Files,
    /// Bytes that may still come.
    left: u64,
    submodule_count: usize,
}

/// A line of `git ls-tree -l`.
struct Member<'a> {
    mode: &'a str,
    id: &'a str,
    size: u64,
    path: String,
}

impl<'a> Reader<'a> {
    pub(super) fn new(subfolder: &'a str, submodules: bool) -> Self {
        Self { subfolder, submodules, files: Files::new(), left: LIMIT, submodule_count: 0 }
    }

    /// Reads the files of a commit. `above` is where they lie, with a slash at its end unless it is empty.
    pub(super) fn read(
        &mut self,
        program: &Program<'_>,
        commit: &str,
        above: &str,
        depth: usize,
    ) -> Result<(), GitError> {
        let answer = program.run(&["ls-tree", "-r", "-l", "-z", "--full-tree", commit], None)?;
        let members: Vec<Member<'_>> = answer
            .split(|byte| *byte == 0)
            .filter(|line| !line.is_empty())
            .map(|line| member(program, line, above))
            .collect::<Result<_, _>>()?;
        let (modules, files): (Vec<_>, Vec<_>) = members.into_iter().partition(|member| member.mode == "160000");
        let files: Vec<Member<'_>> = files.into_iter().filter(|file| self.wants(&file.path)).collect();
        for file in &files {
            let limit = if file.mode == "120000" { TARGET_LIMIT } else { LIMIT };
            let left = self.left.checked_sub(file.size).filter(|_| file.size <= limit);
            self.left = left.ok_or_else(|| program.too_much("bytes", limit))?;
        }
        if self.files.len() + files.len() > COUNT_LIMIT {
            return Err(program.too_much("files", COUNT_LIMIT as u64));
        }
        for (file, bytes) in files.iter().zip(contents(program, &files)?) {
            let content = match file.mode {
                "100644" | "100664" => Content::File(bytes, false),
                "100755" => Content::File(bytes, true),
                "120000" => Content::Link(link(program, file, &bytes)?),
                _ => return Err(program.unexpected("ls-tree")),
            };
            self.put(program, &file.path, content)?;
        }
        let modules: Vec<Member<'_>> = modules
            .into_iter()
            // One that the folder lies in has it, too.
            .filter(|module| self.wants(&module.path) || is_within(self.subfolder, &module.path))
            .collect();
        if modules.is_empty() {
            return Ok(());
        }
        let known = if self.submodules { submodules::read(program, commit)? } else { BTreeMap::new() };
        for module in modules {
            let own = &module.path[above.len()..];
            if !self.submodules || known.get(own).is_some_and(|module| module.skipped) {
                self.put(program, &module.path, Content::Folder)?;
                continue;
            }
            let missing = || GitError::Submodule { remote: program.shown(), path: own.to_owned() };
            let remote = submodules::resolve(&program.remote, &known.get(own).ok_or_else(missing)?.url);
            let remote = remote.filter(|remote| is_remote(remote)).ok_or_else(missing)?;
            self.submodule_count += 1;
            if self.submodule_count > SUBMODULE_LIMIT || depth >= DEPTH_LIMIT {
                return Err(program.too_much("submodules", SUBMODULE_LIMIT as u64));
            }
            let repository = Repository::new(program.access, &remote, program.asked, LIMIT)?;
            repository.fetch(module.id, None)?;
            self.put(program, &module.path, Content::Folder)?;
            self.read(&repository.program, module.id, &format!("{}/", module.path), depth + 1)?;
        }
        Ok(())
    }

    fn wants(&self, path: &str) -> bool {
        self.subfolder.is_empty() || is_within(path, self.subfolder)
    }

    fn put(&mut self, program: &Program<'_>, path: &str, content: Content) -> Result<(), GitError> {
        let refused = || GitError::Path { remote: program.shown(), path: path.chars().take(200).collect() };
        let own = match path.strip_prefix(self.subfolder) {
            Some(rest) if !self.subfolder.is_empty() => rest.trim_start_matches('/'),
            _ => path,
        };
        if own.is_empty() || !self.wants(path) {
            return Ok(());
        }
        // What is there already is the same name twice.
        match self.files.insert(own.to_owned(), content) {
            None => Ok(()),
            Some(_) => Err(refused()),
        }
    }
}

fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Reads a line: mode, kind, id, size, and after a tab the path.
fn member<'a>(program: &Program<'_>, line: &'a [u8], above: &str) -> Result<Member<'a>, GitError> {
    let unexpected = || program.unexpected("ls-tree");
    let refused = || {
        let path =
            String::from_utf8_lossy(line).chars().filter(|character| !character.is_control()).take(300).collect();
        GitError::Path { remote: program.shown(), path }
    };
    let text = std::str::from_utf8(line).map_err(|_| refused())?;
    let (facts, path) = text.split_once('\t').ok_or_else(unexpected)?;
    let mut words = facts.split_ascii_whitespace();
    let (Some(mode), Some(_), Some(id), Some(size)) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err(unexpected());
    };
    let is_git = |part: &str| part.eq_ignore_ascii_case(".git");
    if path.split('/').any(|part| matches!(part, "" | "." | "..") || is_git(part)) {
        return Err(refused());
    }
    if !is_commit(id) {
        return Err(unexpected());
    }
    let size = if size == "-" { 0 } else { size.parse().map_err(|_| unexpected())? };
    Ok(Member { mode, id, size, path: format!("{above}{path}") })
}

fn link(program: &Program<'_>, file: &Member<'_>, bytes: &Bytes) -> Result<String, GitError> {
    let target = std::str::from_utf8(bytes).ok().filter(|target| !target.is_empty() && !target.contains('\0'));
    let refused = || GitError::Path { remote: program.shown(), path: file.path.clone() };
    target.map(str::to_owned).ok_or_else(refused)
}

/// Returns what is in files, in their order. The answer of `git cat-file --batch` is, for each, a line with its size, the bytes, and a line's end.
fn contents(program: &Program<'_>, files: &[Member<'_>]) -> Result<Vec<Bytes>, GitError> {
    let scratch = |source| GitError::Scratch { source };
    let list: String = files.iter().flat_map(|file| [file.id, "\n"]).collect();
    let input = program.folder.join("files.list");
    fs::write(&input, list).map_err(scratch)?;
    let all = program.run(&["cat-file", "--batch"], Some(File::open(&input).map_err(scratch)?))?;
    let (all, mut start) = (Bytes::from(all), 0);
    let mut next = |file: &Member<'_>| {
        let line = all.get(start..)?.iter().position(|byte| *byte == b'\n')?;
        let header = std::str::from_utf8(&all[start..start + line]).ok()?;
        if header != format!("{} blob {}", file.id, file.size) {
            return None;
        }
        let (begin, size) = (start + line + 1, usize::try_from(file.size).ok()?);
        let end = begin.checked_add(size).filter(|end| all.get(*end) == Some(&b'\n'))?;
        start = end + 1;
        Some(all.slice(begin..end))
    };
    files.iter().map(|file| next(file).ok_or_else(|| program.unexpected("cat-file"))).collect()
}
