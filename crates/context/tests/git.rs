//! Git against real repositories.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use consign_context::{Environment, Git, GitError, GitState};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A repository of its own, with nothing of the machine's settings.
struct Repository {
    folder: TempDir,
    home: TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { folder: TempDir::new().unwrap(), home: TempDir::new().unwrap() };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.git_at("2024-01-01T00:00:00Z", arguments)
    }

    fn git_at(&self, time: &str, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .env("HOME", self.home.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "a")
            .env("GIT_AUTHOR_EMAIL", "a@example.org")
            .env("GIT_AUTHOR_DATE", time)
            .env("GIT_COMMITTER_NAME", "a")
            .env("GIT_COMMITTER_EMAIL", "a@example.org")
            .env("GIT_COMMITTER_DATE", time)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Commits everything, `minutes` after the start of 2024.
    fn commit(&self, minutes: u32) {
        self.git(&["add", "--all"]);
        self.git_at(&format!("2024-01-01T00:{minutes:02}:00Z"), &["commit", "--quiet", "--allow-empty", "--message=x"]);
    }

    fn environment(&self) -> Environment {
        Environment::from([
            ("PATH".to_owned(), std::env::var("PATH").unwrap()),
            ("HOME".to_owned(), self.home.path().to_str().unwrap().to_owned()),
        ])
    }

    fn open(&self) -> Git {
        Git::open(self.folder.path(), &self.environment()).unwrap()
    }

    fn state(&self) -> GitState {
        self.open().state().unwrap()
    }

    fn last_change(&self, paths: &[&str]) -> Option<i64> {
        self.open().last_change(paths).unwrap()
    }
}

/// The start of 2024, in seconds since 1970.
const START: i64 = 1_704_067_200;

#[test]
fn sees_commit_branch_and_tags() {
    let repository = Repository::new();
    repository.write("a", "1");
    repository.commit(1);
    repository.git(&["tag", "1.0.0"]);
    repository.commit(2);
    repository.git(&["tag", "v1.1.0"]);
    repository.git(&["tag", "--annotate", "--message=x", "release/1.1"]);
    let state = repository.state();
    let head = state.head.unwrap();
    assert_eq!(head.commit, repository.git(&["rev-parse", "HEAD"]));
    assert_eq!(head.time, START + 120);
    assert_eq!(state.branch.as_deref(), Some("main"));
    assert_eq!(state.tags_at_head, ["release/1.1", "v1.1.0"]);
    assert_eq!(state.all_tags, ["1.0.0", "release/1.1", "v1.1.0"]);
    assert!(!state.dirty && !state.shallow);
    assert_eq!(state.remote, None);
}

#[test]
fn a_branch_may_be_called_as_a_tag() {
    let repository = Repository::new();
    repository.commit(1);
    repository.git(&["checkout", "--quiet", "-b", "feature/x"]);
    repository.git(&["tag", "feature/x"]);
    let state = repository.state();
    assert_eq!(state.branch.as_deref(), Some("feature/x"));
    assert_eq!(state.all_tags, ["feature/x"]);
}

#[test]
fn a_detached_head_has_no_branch() {
    let repository = Repository::new();
    repository.commit(1);
    repository.git(&["checkout", "--quiet", "--detach"]);
    assert_eq!(repository.state().branch, None);
}

#[test]
fn before_the_first_commit() {
    let repository = Repository::new();
    let state = repository.state();
    assert_eq!((state.head, state.branch.as_deref()), (None, Some("main")));
    assert_eq!(repository.last_change(&["a"]), None);
}

#[test]
fn only_tracked_files_make_it_dirty() {
    let repository = Repository::new();
    repository.write("a", "1");
    repository.commit(1);
    repository.write("b", "1");
    assert!(!repository.state().dirty);
    repository.write("a", "2");
    assert!(repository.state().dirty);
    repository.write("a", "1");
    assert!(!repository.state().dirty);
    repository.git(&["add", "b"]);
    assert!(repository.state().dirty);
}

#[test]
fn remotes_lose_their_credentials() {
    let repository = Repository::new();
    repository.git(&["remote", "add", "fork", "https://example.org/fork"]);
    assert_eq!(repository.state().remote.as_deref(), Some("https://example.org/fork"));
    repository.git(&["remote", "add", "origin", "https://user:hunter2@example.org/app"]);
    assert_eq!(repository.state().remote.as_deref(), Some("https://example.org/app"));
}

#[test]
fn the_last_change_is_that_of_the_files_alone() {
    let repository = Repository::new();
    repository.write("image/image.yaml", "1");
    repository.write("image/files/index.html", "1");
    repository.write("other", "1");
    repository.commit(1);
    repository.write("image/files/index.html", "2");
    repository.commit(2);
    repository.write("other", "2");
    repository.commit(3);
    assert_eq!(repository.last_change(&["image/image.yaml"]), Some(START + 60));
    assert_eq!(repository.last_change(&["image/image.yaml", "image/files"]), Some(START + 120));
    assert_eq!(repository.last_change(&["other"]), Some(START + 180));
    let absolute = repository.folder.path().canonicalize().unwrap().join("image/image.yaml");
    assert_eq!(repository.open().last_change(&[absolute]).unwrap(), Some(START + 60));
    assert_eq!(repository.last_change(&[]), None);
}

#[test]
fn what_git_does_not_have_has_no_last_change() {
    let repository = Repository::new();
    repository.write("a", "1");
    repository.write("folder/a", "1");
    repository.write(".gitignore", "*.bin\n");
    repository.commit(1);
    repository.write("untracked", "1");
    repository.write("folder/x.bin", "1");
    assert_eq!(repository.last_change(&["a"]), Some(START + 60));
    assert_eq!(repository.last_change(&["absent"]), None);
    for path in ["untracked", "folder", "folder/x.bin", "../elsewhere", "/etc/passwd"] {
        assert_eq!(repository.last_change(&["a", path]), None, "{path}");
        assert_eq!(repository.last_change(&[path]), None, "{path}");
    }
    repository.write("a", "2");
    assert_eq!(repository.last_change(&["a"]), None);
}

#[test]
fn paths_are_not_patterns() {
    let repository = Repository::new();
    repository.write("[ab]", "1");
    repository.write("a", "1");
    repository.commit(1);
    repository.write("a", "2");
    repository.commit(2);
    assert_eq!(repository.last_change(&["[ab]"]), Some(START + 60));
    assert_eq!(repository.last_change(&[":(top)a"]), None);
}

#[test]
fn many_paths() {
    let repository = Repository::new();
    let paths: Vec<String> = (0..600).map(|number| format!("file-{number}")).collect();
    paths.iter().for_each(|path| repository.write(path, "1"));
    repository.commit(1);
    repository.write("file-599", "2");
    repository.commit(2);
    assert_eq!(repository.open().last_change(&paths).unwrap(), Some(START + 120));
    assert_eq!(repository.open().last_change(&paths[..599]).unwrap(), Some(START + 60));
}

#[test]
fn a_shallow_clone_says_so() {
    let origin = Repository::new();
    origin.write("a", "1");
    origin.write("b", "1");
    origin.commit(1);
    origin.write("b", "2");
    origin.commit(2);
    origin.write("b", "3");
    origin.commit(3);
    let clone = Repository { folder: TempDir::new().unwrap(), home: TempDir::new().unwrap() };
    let url = format!("file://{}", origin.folder.path().display());
    clone.git(&["clone", "--quiet", "--depth=2", &url, "."]);
    let state = clone.state();
    assert!(state.shallow);
    assert_eq!(state.remote, None, "a path on this machine is nobody else's business");
    assert_eq!(clone.last_change(&["b"]), Some(START + 180));
    assert_eq!(clone.last_change(&["a"]), None, "the history of `a` is cut off");
}

#[test]
fn not_a_repository() {
    let repository = Repository::new();
    let empty = TempDir::new().unwrap();
    let git_folder = repository.folder.path().join(".git");
    for folder in [empty.path(), &empty.path().join("absent"), &git_folder, Path::new("/etc/passwd")] {
        let error = Git::open(folder, &repository.environment()).unwrap_err();
        assert!(
            matches!(error, GitError::NotARepository { .. }) && error.is_absence(),
            "{}: {error}",
            folder.display()
        );
    }
}

#[test]
fn git_is_absent() {
    let repository = Repository::new();
    let empty = TempDir::new().unwrap();
    let environment = Environment::from([("PATH".to_owned(), empty.path().to_str().unwrap().to_owned())]);
    let error = Git::open(repository.folder.path(), &environment).unwrap_err();
    assert!(matches!(error, GitError::Absent), "{error}");
}

#[test]
fn a_repository_of_another_user() {
    let repository = Repository::new();
    repository.commit(1);
    if std::os::unix::fs::chown(repository.folder.path(), Some(12345), None).is_err() {
        println!("not run: giving a folder to another user (needs root)");
        return;
    }
    let folder = repository.folder.path().canonicalize().unwrap();
    let below = folder.join("below");
    fs::create_dir(&below).unwrap();
    let error = Git::open(&below, &repository.environment()).unwrap_err();
    assert!(matches!(error, GitError::Ownership { .. }) && !error.is_absence(), "{error}");
    assert!(error.hint().unwrap().contains(&format!("safe.directory '{}'", folder.display())), "{error}");
    // What the hint says works.
    let settings = format!("[safe]\n\tdirectory = {}\n", folder.display());
    fs::write(repository.home.path().join(".gitconfig"), settings).unwrap();
    assert!(repository.state().head.is_some());
}

#[test]
fn a_repository_runs_no_commands() {
    let repository = Repository::new();
    repository.write("a", "1");
    repository.commit(1);
    let witness = repository.folder.path().join("witness");
    let script = repository.folder.path().join("script");
    write_program(&script, &format!("touch '{}'", witness.display()));
    repository.git(&["config", "core.fsmonitor", script.to_str().unwrap()]);
    repository.git(&["config", "core.pager", script.to_str().unwrap()]);
    fs::remove_file(&witness).ok();
    repository.state();
    repository.last_change(&["a"]);
    assert!(!witness.exists());
    // The trap is a real one: git on its own falls into it.
    repository.git(&["status"]);
    assert!(witness.exists());
}

/// Writes a shell script from another process: a file that this one has open for writing, even in a child that is just being
/// started on another thread, cannot be run.
fn write_program(path: &Path, script: &str) {
    let write = r#"printf '#!/bin/sh\n%s\n' "$2" > "$1" && chmod 755 "$1""#;
    let status = Command::new("sh").args(["-c", write, "sh"]).arg(path).arg(script).status().unwrap();
    assert!(status.success());
}

/// Opens a repository with this shell script in the place of git.
fn open_with(script: &str) -> Result<Git, GitError> {
    let folder = TempDir::new().unwrap();
    let program = folder.path().join("git");
    write_program(&program, script);
    let environment = Environment::from([("PATH".to_owned(), folder.path().to_str().unwrap().to_owned())]);
    Git::open(folder.path(), &environment)
}

#[test]
fn strange_answers() {
    let endless = format!("while :; do echo {}; done", "x".repeat(4096));
    assert!(matches!(open_with(&endless).unwrap_err(), GitError::TooMuch { .. }));
    let chatty =
        format!("i=0; while [ $i -lt 100 ]; do echo {} >&2; i=$((i+1)); done; echo true; echo false", "x".repeat(4096));
    assert!(open_with(&chatty).is_ok());
    assert!(matches!(open_with("exit 0").unwrap_err(), GitError::NotARepository { .. }));
    assert!(matches!(open_with("kill -9 $$").unwrap_err(), GitError::Failed { .. }));
    assert!(matches!(open_with("printf '\\377\\n'").unwrap_err(), GitError::NotARepository { .. }));
    let shown = open_with("printf 'fatal: \\033[31mred' >&2; exit 1").unwrap_err().to_string();
    assert_eq!(shown, "`git rev-parse` failed: fatal: [31mred");
}

#[test]
fn what_git_keeps_or_would_keep_is_listed() {
    let repository = Repository::new();
    repository.write(".gitignore", "/target\n");
    repository.write("a b/ä", "");
    repository.commit(1);
    repository.write("new", "");
    repository.write("target/x", "");
    repository.write("gone", "");
    repository.git(&["add", "gone"]);
    std::fs::remove_file(repository.folder.path().join("gone")).unwrap();
    let mut listed = repository.open().listing().unwrap();
    listed.sort();
    assert_eq!(listed, [".gitignore", "a b/ä", "gone", "new"]);
    let git = Git::open(&repository.folder.path().join("a b"), &repository.environment()).unwrap();
    assert_eq!(git.listing().unwrap(), ["ä"]);
}

#[test]
fn the_last_commit_counts_whatever_came_after() {
    let repository = Repository::new();
    repository.write(".gitignore", "/target\n");
    repository.write("src/a", "");
    repository.commit(1);
    repository.write("b", "");
    repository.commit(2);
    repository.write("src/a", "changed");
    repository.write("target/x", "");
    let git = repository.open();
    let minutes = |path: &str| git.last_commit(Path::new(path)).unwrap().map(|time| (time - START) / 60);
    for (path, expected) in
        [("src", Some(1)), (".", Some(2)), ("b", Some(2)), ("target", None), ("none", None), ("../outside", None)]
    {
        assert_eq!(minutes(path), expected, "{path}");
    }
}
