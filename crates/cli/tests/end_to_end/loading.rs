//! Other programs load the archives that are written here, and the other way round.

use crate::common::{TestEnvironment, host_platform, program};
use consign_testkit::tools::{Peer, not_run, peer};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Stdio};

/// An archive of the host's platform, and one with a foreign one besides.
struct Archives {
    environment: TestEnvironment,
    architecture: String,
}

impl Archives {
    fn new() -> Self {
        let environment = TestEnvironment::with_image();
        let architecture = host_platform().architecture().to_owned();
        let image = "platforms: [linux/amd64, linux/arm64]\nentrypoint: [/hello]\n\
                     files: [{source: \"bin/{arch}\", path: /hello}]\n";
        environment.write("image.yaml", image);
        for architecture in ["amd64", "arm64"] {
            environment.write_program(&format!("bin/{architecture}"), &program(architecture, "Hello.\n", 0));
        }
        environment.commit("A program.");
        environment.git(&["tag", "v2.0.0"]);
        let platform = host_platform().to_string();
        environment.consign(&["build", "--platform", &platform, "--to", "oci-archive:one.tar"]).expect(0);
        environment.consign(&["build", "--to", "oci-archive:two.tar"]).expect(0);
        Self { environment, architecture }
    }

    fn path(&self, name: &str) -> String {
        self.environment.path(name).display().to_string()
    }

    /// The name that the image is to be loaded under.
    fn name(&self) -> String {
        format!("{}/team/hello:2.0.0", self.environment.registry())
    }

    /// Digest of the config of the host's platform, which docker calls the image's.
    fn config(&self) -> String {
        let manifest = self.inspect(&["--raw", "oci-archive:one.tar"]);
        manifest["config"]["digest"].as_str().unwrap().to_owned()
    }

    fn inspect(&self, arguments: &[&str]) -> Value {
        self.environment.consign(&[&["inspect"], arguments].concat()).expect(0).json()
    }

    /// An archive of another program's is read: the image in it is the host's, whatever the form of its manifest.
    fn is_read_back(&self, reference: &str) {
        let manifest = self.inspect(&["--raw", reference]);
        assert_eq!(manifest["config"]["digest"], self.config().as_str(), "{reference}: {manifest}");
        let config = self.inspect(&["--config", reference]);
        assert_eq!(config["architecture"], self.architecture.as_str(), "{reference}");
        assert_eq!(config["config"]["Entrypoint"][0], "/hello", "{reference}");
        // Its layers, too: where provenance is not asked for, such an image can be released.
        self.environment.write(
            "elsewhere.yaml",
            format!(
                "build: [{{source: image.yaml, platforms: [{}], destinations: [{}/team/hello]}}]\n\
             policy: {{require: [completeness, sbom]}}\n",
                host_platform(),
                self.environment.registry()
            ),
        );
        let release = ["-f", "elsewhere.yaml", "release", "--dry-run", "--quiet", "--from", reference];
        self.environment.consign(&release).expect(0);
    }
}

#[test]
fn podman_buildah_and_skopeo_load_and_save() {
    let archives = Archives::new();
    let at = |name: &str| archives.environment.beside(name).display().to_string();
    let storage =
        ["--root", &at("podman"), "--runroot", &at("podman-run"), "--storage-driver", "vfs"].map(str::to_owned);
    let run = |peer: &Peer, arguments: &[&str]| {
        peer.run(storage.iter().map(String::as_str).chain(arguments.iter().copied())).unwrap()
    };
    if let Some(podman) = peer("podman") {
        for archive in ["one.tar", "two.tar"] {
            let said = run(&podman, &["load", "--input", &archives.path(archive)]);
            assert!(said.contains(&format!("Loaded image: {}", archives.name())), "{archive}: {said}");
            let config = run(&podman, &["image", "inspect", "--format", "{{.Id}}", &archives.name()]);
            assert_eq!(format!("sha256:{}", config.trim()), archives.config(), "{archive}");
            if archive == "one.tar" {
                run(&podman, &["rmi", &archives.name()]);
            }
        }
        for format in ["docker-archive", "oci-archive"] {
            let file = archives.path(&format!("podman-{format}.tar"));
            run(&podman, &["save", "--quiet", "--format", format, "--output", &file, &archives.name()]);
            let saved = archives.inspect(&["--config", &format!("{format}:{file}")]);
            assert_eq!(saved["architecture"], archives.architecture.as_str());
            archives.is_read_back(&format!("{format}:{file}"));
        }
        if let Some(buildah) = peer("buildah") {
            let file = format!("oci-archive:{}", archives.path("buildah.tar"));
            run(&buildah, &["push", "--quiet", &archives.name(), &file]);
            archives.is_read_back(&file);
        }
    }
    let Some(skopeo) = peer("skopeo") else { return };
    let skopeo = |arguments: &[&str]| skopeo.run(["--insecure-policy"].iter().chain(arguments)).unwrap();
    let one = format!("oci-archive:{}", archives.path("one.tar"));
    let two = format!("oci-archive:{}", archives.path("two.tar"));
    for archive in [&one, &two] {
        let seen: Value = serde_json::from_str(&skopeo(&["inspect", archive])).unwrap();
        assert_eq!(seen["Architecture"], archives.architecture.as_str());
    }
    for format in ["docker-archive", "oci-archive"] {
        let file = format!("{format}:{}", archives.path(&format!("skopeo-{format}.tar")));
        skopeo(&[
            "copy",
            "--quiet",
            &two,
            &format!("{file}:{}", if format == "docker-archive" { archives.name() } else { "2.0.0".to_owned() }),
        ]);
        archives.is_read_back(&file);
    }
}

#[test]
fn docker_loads_and_saves() {
    let archives = Archives::new();
    let Some(docker) = Docker::start(&archives.environment) else { return };
    let said = docker.run(&["load", "--input", &archives.path("one.tar")]);
    assert!(said.contains(&format!("Loaded image: {}", archives.name())), "{said}");
    let config = docker.run(&["image", "inspect", "--format", "{{.Id}}", &archives.name()]);
    assert_eq!(config.trim(), archives.config());
    let file = archives.path("docker.tar");
    docker.run(&["save", "--output", &file, &archives.name()]);
    archives.is_read_back(&format!("docker-archive:{file}"));
    docker.run(&["rmi", &archives.name()]);
    // Docker has no word for an image of several platforms: it loads each, and names none.
    let said = docker.run(&["load", "--input", &archives.path("two.tar")]);
    assert_eq!(said.matches("Loaded image ID: sha256:").count(), 2, "{said}");
    assert!(said.contains(&archives.config()), "{said}");
}

/// A docker daemon of its own, without any network.
struct Docker {
    client: Peer,
    socket: PathBuf,
    daemon: Child,
}

impl Docker {
    /// Starts it; `None`, and counted, where there is none or it may not run.
    fn start(environment: &TestEnvironment) -> Option<Self> {
        let (client, daemon) = (peer("docker")?, peer("dockerd")?);
        let folder = environment.beside("docker");
        std::fs::create_dir(&folder).unwrap();
        let at = |name: &str| folder.join(name).display().to_string();
        let socket = folder.join("docker.sock");
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let mut command = daemon.command_with_control_groups();
        command.args(["--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs"]);
        command.args(["--data-root", &at("data"), "--exec-root", &at("run"), "--pidfile", &at("pid")]);
        command.arg("--host").arg(format!("unix://{}", socket.display()));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut this = Self { client, socket, daemon: child };
        while this.try_run(&["version"]).is_err() {
            if this.daemon.try_wait().unwrap().is_some() {
                let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
                not_run(&format!("dockerd, which says: {}", log.lines().last().unwrap_or_default()));
                return None;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        Some(this)
    }

    fn try_run(&self, arguments: &[&str]) -> Result<String, consign_testkit::tools::PeerError> {
        let host = format!("unix://{}", self.socket.display());
        self.client.run(["--host", &host].into_iter().chain(arguments.iter().copied()))
    }

    fn run(&self, arguments: &[&str]) -> String {
        self.try_run(arguments).unwrap()
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        // Asked to end, so that it ends what it has started.
        if let Some(process) = rustix::process::Pid::from_raw(self.daemon.id().cast_signed()) {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        }
        let _ = self.daemon.wait();
    }
}
