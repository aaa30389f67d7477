//! Registries that a release serves itself, for the time of its run.

use crate::ReleaseError;
use consign_registry_server::{AccessLog, Options, Running, Server, ServerError, WriteToken};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Size in bytes at which an access log is started anew; the one before is kept as `access.log.1`.
const LOG_LIMIT: u64 = 16 << 20;

/// A registry that was started for this run. It ends when dropped.
pub(crate) struct Embedded {
    running: Running,
    /// What a writer must show. Made for this run, and known to nobody else.
    pub(crate) token: String,
}

impl Embedded {
    /// Ends the registry once it has answered what it is being asked.
    pub(crate) async fn stop(self) {
        // That it did not end well changes nothing: everything it took is on the disk.
        let _ = self.running.stop().await;
    }
}

/// Serves `root` on the loopback port that `host` (such as `localhost:5080`) names.
///
/// `None` if `consign registry serve` serves the folder there already: that takes writes from anyone. Anything else that has the folder or the
/// port is an error.
pub(crate) async fn serve(host: &str, root: &Path) -> Result<Option<Embedded>, ReleaseError> {
    let address = address(host)?;
    let token = token().map_err(|source| ReleaseError::Embedded { host: host.to_owned(), source: Box::new(source) })?;
    let mut options = Options::new(root);
    options.write_token = WriteToken::new(&token);
    options.access_log = Some(access_log(root)?);
    match Server::bind(address, options).await {
        Ok(server) => Ok(Some(Embedded { running: server.spawn(), token })),
        Err(ServerError::Locked { open_at: Some(open_at), .. }) if open_at == address => Ok(None),
        Err(ServerError::Locked { folder, open_at }) => Err(ReleaseError::FolderServed { folder, open_at }),
        Err(ServerError::Listen { source, .. }) if source.kind() == io::ErrorKind::AddrInUse => {
            Err(ReleaseError::PortTaken { host: host.to_owned() })
        }
        Err(error) => Err(ReleaseError::Embedded { host: host.to_owned(), source: Box::new(error) }),
    }
}

fn address(host: &str) -> Result<SocketAddr, ReleaseError> {
    let loopback = host.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let address =
        loopback.map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)).or_else(|| host.parse().ok());
    address.ok_or_else(|| ReleaseError::NotServable { host: host.to_owned() })
}

fn token() -> io::Result<String> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Returns an access log that appends a line for each request to `access.log` in the registry's folder.
pub fn access_log(root: &Path) -> Result<AccessLog, ReleaseError> {
    let path = root.join("access.log");
    let failed = |source| ReleaseError::AccessLog { path: path.clone(), source };
    fs::create_dir_all(root).map_err(failed)?;
    if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LOG_LIMIT) {
        fs::rename(&path, path.with_extension("log.1")).map_err(failed)?;
    }
    let file = Mutex::new(OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?);
    Ok(Box::new(move |record| {
        // A line that cannot be written is lost; the registry goes on.
        if let Ok(mut file) = file.lock() {
            let _ = writeln!(file, "{} {record}", jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ"));
        }
    }))
}

/// A registry's folder and the host that it is served as.
#[derive(Clone, Debug)]
pub struct EmbeddedRegistry {
    /// Host and port, as destinations name it.
    pub host: String,
    /// The folder.
    pub root: PathBuf,
}
