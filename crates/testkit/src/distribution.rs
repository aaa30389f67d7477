//! Debian's `docker-registry` (distribution), which writes down what it is asked.

use crate::tools::peer;
use std::fs::{self, File};
use std::io;
use std::iter;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long it may take to start.
const START: Duration = Duration::from_secs(20);

/// A line of Apache's `htpasswd`: the name `me`, and the bcrypt hash of the password `secret`.
const USERS: &str = "me:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

/// A registry of its own, which ends with this value.
pub struct Distribution {
    process: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Distribution {
    /// Starts one; `None` where the program is absent, which is counted.
    pub fn start() -> Option<io::Result<Self>> {
        let program = peer("docker-registry")?;
        Some(Self::start_program(program.command(), None, None))
    }

    /// Starts one that speaks TLS, and wants to know who connects: with the certificates that [`crate::certificates::make`] has made in a folder.
    pub fn start_with_certificates(folder: &Path) -> Option<io::Result<Self>> {
        let program = peer("docker-registry")?;
        Some(Self::start_program(program.command(), None, Some(folder)))
    }

    /// Starts one that lets in only who logs in as `me`, with the password `secret`.
    pub fn start_with_login() -> Option<io::Result<Self>> {
        let program = peer("docker-registry")?;
        Some(Self::start_program(program.command(), Some(USERS), None))
    }

    fn start_program(
        mut command: std::process::Command,
        users: Option<&str>,
        certificates: Option<&Path>,
    ) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = free_address()?;
        let configuration = folder.path().join("configuration.yaml");
        let mut text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: true}}}}\n\
             http:\n  addr: '{address}'\n",
            folder.path().join("data").display()
        );
        if let Some(certificates) = certificates {
            let at = |name: &str| certificates.join(name).display().to_string();
            let (certificate, key, authority) = (at("server.pem"), at("server.key"), at("authority.pem"));
            text.push_str(&format!("  tls: {{certificate: {certificate}, key: {key}, clientcas: [{authority}]}}\n"));
        }
        if let Some(users) = users {
            let file = folder.path().join("users");
            fs::write(&file, users)?;
            text.push_str(&format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", file.display()));
        }
        fs::write(&configuration, text)?;
        let log = File::create(folder.path().join("log"))?;
        command.arg("serve").arg(&configuration).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let started = Self { process: command.spawn()?, address, folder };
        let begin = Instant::now();
        while TcpStream::connect(address).is_err() {
            if begin.elapsed() > START {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "docker-registry does not start"));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(started)
    }

    /// Returns `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Returns how often it was asked for something so far (Apache's combined log format).
    pub fn requests(&self) -> io::Result<usize> {
        let log = fs::read_to_string(self.folder.path().join("log"))?;
        Ok(log.lines().filter(|line| line.contains(" /v2/") && line.contains(" HTTP/1.1\" ")).count())
    }
}

impl Drop for Distribution {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns an address below those that the system gives out: between here and the start of a program nobody else takes one of these.
fn free_address() -> io::Result<SocketAddr> {
    /// Ports that this process has taken: another thread's registry may not have started yet.
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap_or_default();
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let next = || Some(first.saturating_add(TAKEN.fetch_add(1, Ordering::Relaxed))).filter(|port| *port < 32_000);
    let port = iter::from_fn(next).find(free).ok_or(io::ErrorKind::AddrInUse)?;
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}
