//! Daemons of a test's own that build images, each with a folder of its own, without any network.

use crate::tools::Peer;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A daemon that was started. It ends with this value.
pub struct Engine {
    folder: TempDir,
    child: Child,
}

impl Engine {
    /// Starts a Docker engine with what stands in its configuration file, and further arguments.
    pub fn docker(program: &Peer, config: &str, more: &[String]) -> io::Result<Self> {
        Self::start(program, |folder, socket| {
            let at = |name: &str| folder.join(name).display().to_string();
            fs::write(folder.join("config"), config)?;
            let mut arguments = ["--iptables=false", "--ip6tables=false", "--bridge=none", "--userland-proxy=false"]
                .map(str::to_owned)
                .to_vec();
            let paths = [("config-file", "config"), ("data-root", "data"), ("exec-root", "run"), ("pidfile", "pid")];
            arguments.extend(paths.map(|(flag, name)| format!("--{flag}={}", at(name))));
            arguments.push(format!("--host=unix://{socket}"));
            arguments.extend_from_slice(more);
            Ok(arguments)
        })
    }

    /// Starts a daemon. `arguments` gets its folder and the path of its socket.
    pub fn start(program: &Peer, arguments: impl FnOnce(&Path, &str) -> io::Result<Vec<String>>) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let socket = folder.path().join("daemon.sock").display().to_string();
        let log = File::create(folder.path().join("log"))?;
        let mut command = program.command_with_control_groups();
        command.args(arguments(folder.path(), &socket)?);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        Ok(Self { folder, child })
    }

    /// Returns its address: `unix://…`.
    pub fn address(&self) -> String {
        format!("unix://{}", self.path("daemon.sock").display())
    }

    /// Returns a path beside what the daemon writes.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the last line that the daemon said, if it has ended.
    pub fn ended(&mut self) -> io::Result<Option<String>> {
        if self.child.try_wait()?.is_none() {
            return Ok(None);
        }
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        Ok(Some(log.lines().last().unwrap_or_default().to_owned()))
    }

    /// Waits until a Docker engine answers. Returns the last line that it said if it ends instead.
    pub fn wait(&mut self) -> io::Result<Result<(), String>> {
        while !self.answers() {
            if let Some(said) = self.ended()? {
                return Ok(Err(said));
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        Ok(Ok(()))
    }

    fn answers(&self) -> bool {
        let ask = || -> io::Result<bool> {
            let mut stream = UnixStream::connect(self.path("daemon.sock"))?;
            stream.write_all(b"GET /_ping HTTP/1.0\r\n\r\n")?;
            let mut answer = [0; 7];
            stream.read_exact(&mut answer)?;
            Ok(&answer == b"HTTP/1.")
        };
        ask().unwrap_or(false)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Asked to end, so that it ends what it has started.
        if let Some(process) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
        // What it has mounted would keep the folder.
        let _ = Command::new("umount").arg(self.path("run/netns/default")).stderr(Stdio::null()).status();
    }
}
