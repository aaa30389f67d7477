//! Daemons of a test's own, each with a folder of its own, without any network.

use consign_dockerfile::buildkit::{Address, Builder, Options};
use consign_testkit::tools::{Peer, counted, find, not_run};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A running daemon.
pub(crate) struct Daemon {
    pub(crate) name: &'static str,
    pub(crate) address: Address,
    folder: Option<TempDir>,
    child: Option<Child>,
}

impl Daemon {
    /// Returns what `BUILDKIT_HOST` names.
    pub(crate) fn configured() -> Option<Self> {
        let address = std::env::var("BUILDKIT_HOST").ok()?;
        counted("BuildKit driver: by BUILDKIT_HOST");
        Some(Self { name: "BUILDKIT_HOST", address: address.parse().unwrap(), folder: None, child: None })
    }

    /// Starts BuildKit's own daemon.
    pub(crate) async fn buildkitd(name: &'static str, more: &[String]) -> Option<Self> {
        Self::start(name, &find("buildkitd")?, |folder, socket| {
            let root = folder.join("root").display().to_string();
            let [on, off] = ["--oci-worker=true", "--containerd-worker=false"];
            let network = "--oci-worker-net=host";
            let own = [on, off, network, "--root", &root, "--addr", &format!("unix://{socket}")];
            own.into_iter().map(str::to_owned).chain(more.iter().cloned()).collect()
        })
        .await
    }

    /// Starts the Docker engine of Debian's next release, with containerd's store.
    pub(crate) async fn next_engine() -> Option<Self> {
        Self::engine(
            "dockerd of the next release",
            &find("dockerd-next")?,
            r#"{"features":{"containerd-snapshotter":true}}"#,
            &[],
        )
        .await
    }

    /// Starts a Docker engine that keeps images in its own way.
    pub(crate) async fn plain_engine() -> Option<Self> {
        let Some(program) = find("dockerd") else {
            not_run("dockerd");
            return None;
        };
        Self::engine("dockerd", &program, r#"{"storage-driver":"vfs"}"#, &[]).await
    }

    /// Starts a Docker engine.
    pub(crate) async fn engine(name: &'static str, program: &Peer, config: &str, more: &[String]) -> Option<Self> {
        Self::start(name, program, |folder, socket| {
            let at = |name: &str| folder.join(name).display().to_string();
            std::fs::write(folder.join("config"), config).unwrap();
            let mut arguments = ["--iptables=false", "--ip6tables=false", "--bridge=none", "--userland-proxy=false"]
                .map(str::to_owned)
                .to_vec();
            let paths = [("config-file", "config"), ("data-root", "data"), ("exec-root", "run"), ("pidfile", "pid")];
            arguments.extend(paths.map(|(flag, name)| format!("--{flag}={}", at(name))));
            arguments.push(format!("--host=unix://{socket}"));
            arguments.extend_from_slice(more);
            arguments
        })
        .await
    }

    async fn start(
        name: &'static str,
        program: &Peer,
        arguments: impl FnOnce(&Path, &str) -> Vec<String>,
    ) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("daemon.sock").display().to_string();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = program.command_with_control_groups();
        command.args(arguments(folder.path(), &socket));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let address: Address = format!("unix://{socket}").parse().unwrap();
        let mut this = Self { name, address, folder: Some(folder), child: Some(child) };
        while let Err(error) = this.connect().await.map(drop) {
            if this.child.as_mut().unwrap().try_wait().unwrap().is_some() {
                let log = std::fs::read_to_string(this.path("log")).unwrap_or_default();
                not_run(&format!("{name}, which says: {} ({error})", log.lines().last().unwrap_or_default()));
                this.child = None;
                return None;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        counted(&format!("BuildKit driver: by {name}"));
        Some(this)
    }

    /// Connects to it.
    pub(crate) async fn connect(&self) -> Result<Builder, consign_dockerfile::buildkit::BuildkitError> {
        Builder::connect(&self.address, &Options::default()).await
    }

    /// Returns a path beside what the daemon writes.
    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.as_ref().unwrap().path().join(name)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // Asked to end, so that it ends what it has started.
        if let Some(process) = rustix::process::Pid::from_raw(child.id().cast_signed()) {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        }
        let _ = child.wait();
        // What it has mounted would keep the folder.
        let _ = Command::new("umount").arg(self.path("run/netns/default")).stderr(Stdio::null()).status();
    }
}
