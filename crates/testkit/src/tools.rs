//! Other programs that judge what consign makes. They are never required: a test that lacks one says so, and is counted.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

/// Names the file that gets a line for each count of cases, so that the test command can repeat them at its end.
pub const COUNTS_FILE: &str = "CONSIGN_COUNTS";
/// Is set where there is time for every case, and not only for a selection.
pub const SOAK: &str = "CONSIGN_SOAK";
/// Names the file that gets the name of each thing that was not run, one a line, so that the test command can count them.
pub const NOT_RUN_FILE: &str = "CONSIGN_NOT_RUN";

/// Mounts the control groups that engines of containers want, and becomes the program.
const WITH_CONTROL_GROUPS: &str = r#"
    mount -t tmpfs cgroup /sys/fs/cgroup
    for controller in cpu devices memory pids; do
        mkdir "/sys/fs/cgroup/$controller"
        mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"
    done
    exec "$@"
"#;

/// A program that was found on `PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    path: PathBuf,
}

impl Peer {
    /// Returns a command that runs the program.
    pub fn command(&self) -> Command {
        Command::new(&self.path)
    }

    /// Returns a command that runs the program where control groups are mounted: here, or else where only it and its children see them.
    pub fn command_with_control_groups(&self) -> Command {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        if mounts.contains(" /sys/fs/cgroup") {
            return self.command();
        }
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-ec", WITH_CONTROL_GROUPS, "sh"]).arg(&self.path);
        command
    }

    /// Runs the program and returns what it printed to stdout; `Err` with everything that it printed if it fails.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Result<String, PeerError> {
        self.run_with(&BTreeMap::new(), arguments)
    }

    /// Does the same with further environment variables.
    pub fn run_with<S: AsRef<OsStr>>(
        &self,
        variables: &BTreeMap<String, String>,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<String, PeerError> {
        self.finish(self.command().envs(variables).args(arguments))
    }

    /// Runs the program where there is no network, not even that of the machine itself, and returns the same as [`Peer::run`].
    pub fn run_without_network<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<String, PeerError> {
        self.finish(Command::new("unshare").args(["--map-root-user", "--net"]).arg(&self.path).args(arguments))
    }

    fn finish(&self, command: &mut Command) -> Result<String, PeerError> {
        let program = self.path.clone();
        let output = match command.output() {
            Ok(output) => output,
            Err(source) => return Err(PeerError::Start { program, source }),
        };
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(stdout);
        }
        Err(PeerError::Failed {
            program,
            status: output.status.to_string(),
            output: stdout + &String::from_utf8_lossy(&output.stderr),
        })
    }
}

/// A program that did not do what a test asked.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// It could not be started.
    #[error("`{program}` could not be started", program = program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It failed.
    #[error("`{program}` failed ({status}):\n{output}", program = program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: String,
        /// What it printed.
        output: String,
    },
}

/// Finds a program on `PATH`. If there is none, says `not run: NAME` and counts it.
pub fn peer(name: &str) -> Option<Peer> {
    let found = find(name);
    if found.is_none() {
        not_run(name);
    }
    found
}

/// Finds a program on `PATH`, where nobody misses it if there is none.
pub fn find(name: &str) -> Option<Peer> {
    find_in(name, &env::var_os("PATH").unwrap_or_default())
}

/// Says that something was not run, past the test runner's capture, and adds it to the file that [`NOT_RUN_FILE`] names.
pub fn not_run(name: &str) {
    tell(&format!("not run: {name}"), NOT_RUN_FILE, name);
}

/// Says that something was not run for lack of test data, past the test runner's capture. The data are no part of this repository, so nobody counts it.
pub fn no_data(name: &str) {
    // Where it cannot be written there is nobody to tell.
    _ = io::stderr().write_all(format!("not run: {name} (no test data)\n").as_bytes());
}

/// Says how many cases there were, past the test runner's capture, and adds it to the file that [`COUNTS_FILE`] names.
pub fn counted(counts: &str) {
    tell(counts, COUNTS_FILE, counts);
}

/// Returns whether there is time for every case: see [`SOAK`].
pub fn soaks() -> bool {
    env::var_os(SOAK).is_some()
}

/// Returns as many of some cases as there is time for: all of them, or this many that are spread over them.
pub fn spread<T: Clone>(cases: &[T], count: usize) -> Vec<T> {
    let step = if soaks() { 1 } else { cases.len().div_ceil(count.max(1)).max(1) };
    // Not the first of each step: the beginning is alike everywhere.
    cases.iter().skip(step / 2).step_by(step).cloned().collect()
}

fn tell(said: &str, file: &str, line: &str) {
    // Where neither can be written there is nobody to tell.
    _ = io::stderr().write_all(format!("{said}\n").as_bytes());
    if let Some(path) = env::var_os(file) {
        // One write, so that lines of several processes do not mix.
        let line = format!("{line}\n");
        _ = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .and_then(|mut file| file.write_all(line.as_bytes()));
    }
}

/// Finds a program of a major version on `PATH`, wherever it stands among others. It is asked as cosign can be: `version --json`.
pub fn find_major(name: &str, major: u32) -> Option<Peer> {
    let path = env::var_os("PATH").unwrap_or_default();
    all_in(name, &path).find(|peer| {
        let said = peer.run(["version", "--json"]).unwrap_or_default();
        let version = serde_json::from_str::<serde_json::Value>(&said).unwrap_or_default();
        version["gitVersion"].as_str().is_some_and(|version| version.starts_with(&format!("v{major}.")))
    })
}

fn find_in(name: &str, path: &OsStr) -> Option<Peer> {
    all_in(name, path).next()
}

fn all_in(name: &str, path: &OsStr) -> impl Iterator<Item = Peer> {
    let executable =
        |path: &PathBuf| path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    env::split_paths(path).map(move |folder| folder.join(name)).filter(executable).map(|path| Peer { path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_programs_not_files() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        fs::write(folders[0].path().join("judge"), "").unwrap();
        let program = folders[1].path().join("judge");
        fs::write(&program, "#!/bin/sh\necho \"$1\"; exit \"$2\"\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let path = env::join_paths(folders.iter().map(tempfile::TempDir::path)).unwrap();
        let peer = find_in("judge", &path).unwrap();
        assert_eq!(peer, Peer { path: program });
        assert_eq!(peer.run(["yes", "0"]).unwrap(), "yes\n");
        assert!(matches!(peer.run(["no", "3"]), Err(PeerError::Failed { output, .. }) if output == "no\n"));
        assert_eq!(find_in("judge", folders[0].path().as_os_str()), None);
        assert_eq!(find_in("other", &path), None);
    }
}
