use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// Returns a port on loopback that nobody uses: below those that the kernel gives to clients, and each only once in a process.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 97).unwrap() * 100;
    loop {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// A folder served by `consign registry serve`, until dropped.
pub struct RegistryServer(Child);

impl RegistryServer {
    pub(super) fn start(mut command: Command, port: u16) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Self(command.spawn().unwrap());
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(server.0.try_wait().unwrap().is_none(), "the registry ended");
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }
}

impl Drop for RegistryServer {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The requests that a registry answered.
pub struct AccessLog(PathBuf);

impl AccessLog {
    pub(super) fn of(root: &Path) -> Self {
        Self(root.join("access.log"))
    }

    /// Returns the requests so far, as `METHOD PATH STATUS BYTES`; none where there never was a registry.
    pub fn requests(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.0).unwrap_or_default();
        text.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
    }

    /// Returns the requests that write.
    pub fn writes(&self) -> Vec<String> {
        let writes = ["POST ", "PUT ", "PATCH ", "DELETE "];
        self.requests().into_iter().filter(|line| writes.iter().any(|method| line.starts_with(method))).collect()
    }

    /// Forgets the requests so far.
    pub fn clear(&self) {
        fs::write(&self.0, "").unwrap();
    }
}
