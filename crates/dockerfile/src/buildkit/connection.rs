use super::address::Endpoint;
use super::text::printable;
use super::{Address, BuildkitError, Options};
use consign_fetch::NO_ADDRESS;
use hickory_resolver::TokioResolver;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// How long to wait for what a command that has failed says of that.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How much of what a command prints about itself is kept, in bytes.
const SAID_LIMIT: u64 = 4096;

/// Bytes in both directions.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// HTTP/1.1 (RFC 7301, section 6).
pub(crate) const HTTP1: &str = "http/1.1";
/// HTTP/2 (RFC 9113, section 3.2).
pub(crate) const HTTP2: &str = "h2";

/// An open connection to a builder.
pub(crate) struct Connection {
    pub(crate) stream: Box<dyn Duplex>,
    /// Whether both sides have agreed on HTTP/2, which only TLS lets them do.
    pub(crate) is_http2: bool,
    /// The command whose standard streams the connection is.
    pub(crate) command: Option<Dialer>,
}

/// A command that reaches a builder. It ends with this value.
pub(crate) struct Dialer {
    line: String,
    said: Arc<Mutex<Vec<u8>>>,
    listener: JoinHandle<()>,
    child: Child,
}

impl Dialer {
    /// Returns the error of a command that did not reach the builder, with what it said of that.
    pub(crate) async fn failed(mut self) -> BuildkitError {
        // A command that fails ends by itself, and one that hangs is not waited for.
        let ending = async { (self.child.wait().await, (&mut self.listener).await) };
        let _ = tokio::time::timeout(LAST_WORDS, ending).await;
        let said = self.said.lock().map(|said| printable(String::from_utf8_lossy(&said).trim())).unwrap_or_default();
        BuildkitError::Command { command: self.line, message: said }
    }
}

/// Opens a connection, for one of these protocols.
pub(crate) async fn open(
    address: &Address,
    options: &Options,
    protocols: &[&str],
) -> Result<Connection, BuildkitError> {
    let failed = |source| BuildkitError::Connect { address: address.to_string(), source };
    let mut is_http2 = false;
    let stream: Box<dyn Duplex> = match address.endpoint() {
        Endpoint::Command { program, arguments } => return command(program, arguments, options),
        Endpoint::Unix(path) => Box::new(in_time(UnixStream::connect(path)).await.map_err(failed)?),
        Endpoint::Tcp { host, port, plaintext } => {
            let found = in_time(addresses(host)).await.map_err(failed)?;
            let loopback = found.iter().all(IpAddr::is_loopback);
            if options.tls.is_none() && !loopback && !plaintext {
                return Err(BuildkitError::Plaintext { address: address.to_string() });
            }
            let found: Vec<_> = found.into_iter().map(|ip| SocketAddr::new(ip, *port)).collect();
            let stream = in_time(TcpStream::connect(found.as_slice())).await.map_err(failed)?;
            stream.set_nodelay(true).map_err(failed)?;
            match &options.tls {
                None => Box::new(stream),
                Some(tls) => {
                    let (connector, name) = tls.connector(address, host, protocols)?;
                    let stream = in_time(connector.connect(name, stream)).await.map_err(failed)?;
                    is_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2.as_bytes());
                    Box::new(stream)
                }
            }
        }
    };
    Ok(Connection { stream, is_http2, command: None })
}

async fn in_time<T>(opening: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(CONNECT, opening).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// Looks a host up, without the C library: a static program has none that could.
async fn addresses(host: &str) -> io::Result<Vec<IpAddr>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    // Not every resolver knows this name, and it never means another machine.
    if host == "localhost" {
        return Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }
    let resolver = TokioResolver::builder_tokio().and_then(|builder| builder.build()).map_err(io::Error::other)?;
    let found = resolver.lookup_ip(host).await.map(|found| found.iter().collect::<Vec<_>>()).unwrap_or_default();
    if found.is_empty() { Err(io::Error::new(io::ErrorKind::NotFound, NO_ADDRESS)) } else { Ok(found) }
}

fn command(program: &str, arguments: &[String], options: &Options) -> Result<Connection, BuildkitError> {
    let line = format!("{program} {}", arguments.join(" "));
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(&options.environment).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| BuildkitError::Command { command: line.clone(), message: error.to_string() })?;
    let (Some(input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(BuildkitError::Command { command: line, message: String::new() });
    };
    let said = Arc::new(Mutex::new(Vec::new()));
    let kept = said.clone();
    let listener = tokio::spawn(async move {
        let mut errors = errors;
        let mut first = Vec::new();
        // What cannot be read is not said.
        let _ = (&mut errors).take(SAID_LIMIT).read_to_end(&mut first).await;
        if let Ok(mut kept) = kept.lock() {
            *kept = first;
        }
        // Read on, so that the command never waits for us.
        let _ = tokio::io::copy(&mut errors, &mut tokio::io::sink()).await;
    });
    let stream = Box::new(tokio::io::join(output, input));
    Ok(Connection { stream, is_http2: false, command: Some(Dialer { line, said, listener, child }) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn says_why_it_cannot_connect() {
        let options = Options::default();
        let open = async |address: &str| {
            open(&address.parse().unwrap(), &options, &[HTTP2]).await.err().map(|error| error.to_string()).unwrap()
        };
        assert!(open("unix:///nowhere/at/all.sock").await.contains("unix:///nowhere/at/all.sock"));
        assert!(open("tcp://192.0.2.1:1234").await.contains("plaintext=true"));
        assert_eq!(addresses("no-such-builder.invalid").await.unwrap_err().to_string(), NO_ADDRESS);
        assert!(open("docker-container://b").await.starts_with("`docker exec -i b buildctl dial-stdio`"));
    }
}
