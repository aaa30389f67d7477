//! Daemons of a test's own, each with a folder of its own, without any network.

use consign_dockerfile::buildkit::{Address, Builder, Options};
use consign_testkit::engine::Engine;
use consign_testkit::tools::{Peer, counted, find, not_run};

/// A running daemon.
pub(crate) struct Daemon {
    pub(crate) name: &'static str,
    pub(crate) address: Address,
    engine: Option<Engine>,
}

impl Daemon {
    /// Returns what `BUILDKIT_HOST` names.
    pub(crate) fn configured() -> Option<Self> {
        let address = std::env::var("BUILDKIT_HOST").ok()?;
        counted("BuildKit driver: by BUILDKIT_HOST");
        Some(Self { name: "BUILDKIT_HOST", address: address.parse().unwrap(), engine: None })
    }

    /// Starts BuildKit's own daemon.
    pub(crate) async fn buildkitd(name: &'static str, more: &[String]) -> Option<Self> {
        let engine = Engine::start(&find("buildkitd")?, |folder, socket| {
            let root = folder.join("root").display().to_string();
            let [on, off] = ["--oci-worker=true", "--containerd-worker=false"];
            let network = "--oci-worker-net=host";
            let own = [on, off, network, "--root", &root, "--addr", &format!("unix://{socket}")];
            Ok(own.into_iter().map(str::to_owned).chain(more.iter().cloned()).collect())
        });
        Self::reach(name, engine.unwrap()).await
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
        Self::reach(name, Engine::docker(program, config, more).unwrap()).await
    }

    /// Waits until a daemon answers.
    async fn reach(name: &'static str, engine: Engine) -> Option<Self> {
        let mut this = Self { name, address: engine.address().parse().unwrap(), engine: Some(engine) };
        while let Err(error) = this.connect().await.map(drop) {
            if let Some(said) = this.engine.as_mut().unwrap().ended().unwrap() {
                not_run(&format!("{name}, which says: {said} ({error})"));
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
        self.engine.as_ref().unwrap().path(name)
    }
}
