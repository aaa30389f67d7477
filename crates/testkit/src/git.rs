//! Git repositories, and git's own server that hands them out on loopback.

use crate::tools::{not_run, peer};
use std::fs;
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// A server of repositories. It ends with this.
pub struct GitServer {
    folder: TempDir,
    server: Child,
    port: u16,
}

/// A repository that is handed out, with its work tree.
pub struct GitRepository {
    /// The work tree.
    pub folder: PathBuf,
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl GitServer {
    /// Starts a server without repositories. Where git is not installed, says so: `None`.
    pub fn start() -> io::Result<Option<Self>> {
        let Some(git) = peer("git") else { return Ok(None) };
        let programs = git.run(["--exec-path"]).map_err(io::Error::other)?;
        let daemon = Path::new(programs.trim()).join("git-daemon");
        if !daemon.exists() {
            not_run("git-daemon");
            return Ok(None);
        }
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut server = Command::new(daemon)
            .args(["--export-all", "--reuseaddr", "--listen=127.0.0.1"])
            .args([format!("--port={port}"), format!("--base-path={}", folder.path().display())])
            .stderr(Stdio::null())
            .spawn()?;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if server.try_wait()?.is_some() {
                return Err(io::Error::other("git-daemon ended"));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(Some(Self { folder, server, port }))
    }

    /// Ends the server.
    pub fn stop(&mut self) {
        // That it has ended already is no matter.
        _ = self.server.kill();
        _ = self.server.wait();
    }

    /// Returns the folder of the repositories.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the address of a repository, with what stands behind its name.
    pub fn address(&self, rest: &str) -> String {
        format!("git://127.0.0.1:{}/{rest}", self.port)
    }

    /// Makes a repository whose branch is `main`.
    pub fn repository(&self, name: &str) -> io::Result<GitRepository> {
        let repository = GitRepository { folder: self.folder.path().join(name) };
        fs::create_dir(&repository.folder)?;
        repository.git(&["init", "--quiet", "--initial-branch=main"])?;
        Ok(repository)
    }
}

impl GitRepository {
    /// Runs git in it, and returns what it printed, without the line's end.
    pub fn git(&self, arguments: &[&str]) -> io::Result<String> {
        git(&self.folder, arguments, b"")
    }

    /// Writes a file into the work tree.
    pub fn write(&self, path: &str, text: &str) -> io::Result<()> {
        let path = self.folder.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, text)
    }

    /// Commits what is in the work tree, and returns the commit.
    pub fn commit(&self) -> io::Result<String> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--allow-empty", "--message=x"])?;
        self.git(&["rev-parse", "HEAD"])
    }

    /// Commits a tree whose only entry has this name, which git itself would not add.
    pub fn commit_name(&self, name: &str) -> io::Result<()> {
        let blob = git(&self.folder, &["hash-object", "-w", "--stdin"], b"x")?;
        let tree = git(&self.folder, &["mktree"], format!("100644 blob {blob}\t{name}\n").as_bytes())?;
        let commit = self.git(&["commit-tree", "-m", "x", &tree])?;
        self.git(&["update-ref", "refs/heads/main", &commit]).map(drop)
    }

    /// Adds another repository of the same server as a submodule, by an address relative to this one.
    pub fn add_submodule(&self, name: &str, path: &str) -> io::Result<()> {
        let other = format!("file://{}", self.folder.with_file_name(name).display());
        self.git(&["submodule", "--quiet", "add", "--", &other, path])?;
        let key = format!("submodule.{path}.url");
        self.git(&["config", "--file=.gitmodules", &key, &format!("../{name}")]).map(drop)
    }
}

/// Runs git in a folder, with settings of no other's and times that are always the same.
pub fn git(folder: &Path, arguments: &[&str], input: &[u8]) -> io::Result<String> {
    let mut child = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_COMMITTER_DATE", "1700000000 +0000")
        .env("GIT_AUTHOR_DATE", "1700000000 +0000")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input)?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(format!("git {}: {said}", arguments.join(" "))));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
