use super::{AccessLog, RegistryServer, Run, free_port, run};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

/// The time of the first commit: 14 November 2023, 22:13:20 UTC. Each further one is an hour later.
pub const FIRST_COMMIT: u64 = 1_700_000_000;

/// A folder with everything that one test needs.
pub struct TestEnvironment {
    root: TempDir,
    /// The port of the registry that the configuration serves.
    pub port: u16,
    commits: AtomicU64,
}

impl TestEnvironment {
    /// Makes a folder under git with a key, and nothing else in it.
    pub fn new() -> Self {
        Self::at(tempfile::tempdir().unwrap())
    }

    /// Makes the same in memory, where that can be, for tests that write much and often.
    pub fn in_memory() -> Self {
        Self::at(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
    }

    fn at(root: TempDir) -> Self {
        let this = Self { root, port: free_port(), commits: AtomicU64::new(0) };
        for folder in ["source", "home"] {
            fs::create_dir(this.root.path().join(folder)).unwrap();
        }
        this.git(&["init", "--quiet", "--initial-branch=main"]);
        this.write(".gitignore", "/consign.yaml\n/registry*\n/*.key\n/*.pub\n/*.tar\n/mirror*\n");
        let (private, public) = key_pair();
        this.write("cosign.key", private);
        this.write("cosign.pub", public);
        this
    }

    /// Makes an image of files for two platforms that goes to two repositories of a registry that `release` serves, at tag `v1.2.3`.
    /// The configuration is not under git: it names a port, and tests change it.
    pub fn with_image() -> Self {
        let this = Self::new();
        let registry = this.registry();
        this.write(
            "consign.yaml",
            format!(
                "build:\n  - source: image.yaml\n    destinations: [{registry}/team/hello, {registry}/mirror/hello]\n\
                 signing:\n  key: cosign.key\nregistries:\n  {registry}:\n    serve: registry\n"
            ),
        );
        this.write(
            "image.yaml",
            "platforms: [linux/amd64, linux/arm64]\nentrypoint: [/bin/hello]\nfiles:\n\
             - {source: \"data/{arch}\", path: /srv/data}\n- {source: hello.txt, path: /etc/hello.txt}\n",
        );
        this.write("hello.txt", "Hello.\n");
        this.write("data/amd64", "for amd64\n");
        this.write("data/arm64", "for arm64\n");
        this.commit("First.");
        this.git(&["tag", "v1.2.3"]);
        this
    }

    /// Returns the folder under git.
    pub fn folder(&self) -> PathBuf {
        self.root.path().join("source")
    }

    /// Returns the path of something in the folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder().join(path)
    }

    /// Returns host and port of the registry.
    pub fn registry(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// Returns the reference of a repository and a tag or digest on the registry: `team/hello:1.2.3`.
    pub fn reference(&self, rest: &str) -> String {
        format!("{}/{rest}", self.registry())
    }

    /// Writes a file.
    pub fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// Writes a program.
    pub fn write_program(&self, path: &str, contents: &[u8]) {
        self.write(path, contents);
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Reads a file.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// Replaces a text in a file, where it must stand.
    pub fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no `{from}`:\n{text}");
        self.write(path, text.replace(from, to));
    }

    /// Commits everything that git does not ignore.
    pub fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs git in the folder and returns what it printed.
    pub fn git(&self, arguments: &[&str]) -> String {
        let time = FIRST_COMMIT + 3600 * self.commits.load(Ordering::Relaxed);
        let mut command = self.bare("git", &self.folder());
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Nobody").env(format!("GIT_{role}_EMAIL"), "nobody@example.org");
            command.env(format!("GIT_{role}_DATE"), format!("{time} +0000"));
        }
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Prepares a run of the program.
    pub fn invocation(&self) -> Invocation<'_> {
        let variables = BTreeMap::from([
            ("CONSIGN_STORE".to_owned(), self.root.path().join("store").display().to_string()),
            ("COSIGN_PASSWORD".to_owned(), String::new()),
        ]);
        Invocation { environment: self, variables, folder: self.folder() }
    }

    /// Runs the program in the folder.
    pub fn consign(&self, arguments: &[&str]) -> Run {
        self.invocation().run(arguments)
    }

    /// Returns the number of blobs in the store.
    pub fn stored_blobs(&self) -> usize {
        fs::read_dir(self.root.path().join("store/store/blobs/sha256")).map_or(0, Iterator::count)
    }

    /// Returns another folder beside the one under git.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Serves the folder `registry` on the port.
    pub fn serve(&self) -> RegistryServer {
        self.serve_folder("registry", self.port)
    }

    /// Serves a folder on a port.
    pub fn serve_folder(&self, folder: &str, port: u16) -> RegistryServer {
        self.serve_with(folder, port, &[])
    }

    /// Serves a folder on a port, with further arguments.
    pub fn serve_with(&self, folder: &str, port: u16, arguments: &[&str]) -> RegistryServer {
        let mut command = self.bare(env!("CARGO_BIN_EXE_consign"), &self.folder());
        command.args(["registry", "serve", "--root", folder, "--listen", &format!("127.0.0.1:{port}")]).args(arguments);
        RegistryServer::start(command, port)
    }

    /// Returns the access log of the registry in the folder `registry`.
    pub fn log(&self) -> AccessLog {
        self.log_of("registry")
    }

    /// Returns the access log of a registry in a folder.
    pub fn log_of(&self, folder: &str) -> AccessLog {
        AccessLog::of(&self.path(folder))
    }

    /// Runs another program in the folder, with what the program has around it.
    pub fn run_other(&self, command: Command) -> Run {
        let mut command = self.surrounded(command, &self.folder());
        self.run_command(command.envs(self.invocation().variables))
    }

    /// Returns a command with nothing around it.
    fn bare(&self, program: &str, folder: &Path) -> Command {
        self.surrounded(Command::new(program), folder)
    }

    /// Gives a command what every program has around it, and nothing else.
    pub fn surrounded(&self, mut command: Command, folder: &Path) -> Command {
        command.current_dir(folder).env_clear().env("HOME", self.root.path().join("home"));
        // Git may be in another place than the usual ones.
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command
    }
}

/// A run of the program that is yet to be made.
pub struct Invocation<'a> {
    environment: &'a TestEnvironment,
    variables: BTreeMap<String, String>,
    folder: PathBuf,
}

impl Invocation<'_> {
    /// Sets a variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Takes a variable away.
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// Keeps everything in another store.
    pub fn store(self, name: &str) -> Self {
        let store = self.environment.beside(name).display().to_string();
        self.variable("CONSIGN_STORE", &store)
    }

    /// Runs in another folder.
    pub fn folder(mut self, folder: &Path) -> Self {
        self.folder = folder.to_owned();
        self
    }

    /// Returns the command.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.environment.bare(env!("CARGO_BIN_EXE_consign"), &self.folder);
        command.envs(&self.variables).args(arguments);
        command
    }

    /// Runs the program.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().unwrap();
        Run::new(&output, self.environment.replacements())
    }
}

impl Invocation<'_> {
    /// Runs the program, which reads this from standard input.
    pub fn run_reading(&self, input: &str, arguments: &[&str]) -> Run {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(input.as_bytes()).unwrap();
        file.rewind().unwrap();
        self.environment.run_command(self.command(arguments).stdin(file))
    }
}

impl TestEnvironment {
    /// Runs a command that runs the program.
    pub(super) fn run_command(&self, command: &mut Command) -> Run {
        Run::new(&command.output().unwrap(), self.replacements())
    }

    fn replacements(&self) -> Vec<(String, String)> {
        // As many characters as a port has, so that tables look as they do for people.
        let port = (self.port.to_string(), "PORT1".to_owned());
        vec![run::path(&self.folder(), "folder"), run::path(self.root.path(), "root"), port]
    }
}

/// Returns the program, for those who start it in their own way.
pub fn program_path() -> &'static OsStr {
    OsStr::new(env!("CARGO_BIN_EXE_consign"))
}

/// Makes one key pair for all tests: what protects it takes a while to compute.
fn key_pair() -> &'static (String, String) {
    static KEYS: OnceLock<(String, String)> = OnceLock::new();
    KEYS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_consign"));
        command.current_dir(folder.path()).env_clear().env("COSIGN_PASSWORD", "").arg("keygen");
        assert!(command.output().unwrap().status.success());
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        (read("cosign.key"), read("cosign.pub"))
    })
}
