use crate::common::TestEnvironment;
use consign_testkit::tools::{Peer, peer};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The page that the example's web server answers with.
pub(crate) struct Page {
    /// Where the server listens.
    pub(crate) port: u16,
}

impl Page {
    /// Runs the image of an architecture with podman, and asks it for the page.
    pub(crate) fn is_served_by_podman(&self, environment: &TestEnvironment, reference: &str, architecture: &str) {
        let Some(podman) = peer("podman") else { return };
        let engine = Engine { podman, storage: environment.beside("podman") };
        let name = format!("consign-example-{}-{architecture}", self.port);
        let mut run = engine.command();
        // Without the right to raise limits, podman's own must be given; and pages come over the machine's own network.
        run.args(["run", "--rm", "--name", &name, "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]);
        run.args(["--network", "host", "--tls-verify=false", "--arch", architecture, reference]);
        let log = environment.beside(&name);
        let file = std::fs::File::create(&log).unwrap();
        run.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let mut running = Running { child: run.spawn().unwrap(), remove: engine.command(), name };
        let said = || std::fs::read_to_string(&log).unwrap();
        let deadline = Instant::now() + Duration::from_secs(120);
        let page = loop {
            if let Some(page) = self.get() {
                break page;
            }
            assert!(running.child.try_wait().unwrap().is_none(), "podman ended: {}", said());
            assert!(Instant::now() < deadline, "no page: {}", said());
            sleep(Duration::from_millis(100));
        };
        assert!(
            page.starts_with("HTTP/1.1 200 ") && page.contains(environment.read("site/index.html").trim()),
            "{page}"
        );
        drop(running);
        while self.get().is_some() {
            sleep(Duration::from_millis(100));
        }
    }

    fn get(&self) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut page = String::new();
        stream.read_to_string(&mut page).ok()?;
        (!page.is_empty()).then_some(page)
    }
}

/// podman with storage of its own, and without the services of a whole machine.
struct Engine {
    podman: Peer,
    storage: std::path::PathBuf,
}

impl Engine {
    fn command(&self) -> Command {
        let mut command = self.podman.command_with_control_groups();
        command.arg("--root").arg(self.storage.join("root")).arg("--runroot").arg(self.storage.join("run"));
        command.args(["--storage-driver", "vfs", "--runtime", "runc", "--cgroup-manager", "cgroupfs"]);
        command.args(["--events-backend", "file"]);
        command
    }
}

/// A container that ends when this is dropped.
struct Running {
    child: Child,
    remove: Command,
    name: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let remove = self.remove.args(["rm", "--force", "--time", "1", &self.name]);
        remove.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        self.child.wait().unwrap();
    }
}
