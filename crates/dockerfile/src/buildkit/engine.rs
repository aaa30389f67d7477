use super::channel::{Channel, broken};
use super::connection::{self, Duplex, HTTP1, HTTP2};
use super::text::printable;
use super::{Address, BuildkitError, Options};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

/// How long a peer may think about the first words.
const GREETING: Duration = Duration::from_secs(10);
/// Largest answer that is kept in memory, in bytes.
const ANSWER_LIMIT: usize = 4 << 20;

/// A Docker engine, which has a BuildKit inside (Docker Engine API).
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    address: Address,
    options: Options,
}

/// The parts of `GET /info` that are used.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Info {
    driver_status: Vec<Vec<String>>,
}

/// The parts of `GET /version` that are used.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Version {
    api_version: String,
}

/// An answer, and what moves its bytes.
pub(crate) struct Answer {
    address: String,
    request: String,
    body: Incoming,
    _driver: JoinSet<()>,
}

impl Answer {
    /// Returns the next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, BuildkitError> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| broken(&self.address, &self.request, error))?;
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    async fn text(&mut self) -> Result<Vec<u8>, BuildkitError> {
        let mut text = Vec::new();
        while let Some(bytes) = self.next().await? {
            if text.len() + bytes.len() > ANSWER_LIMIT {
                let address = self.address.clone();
                return Err(BuildkitError::OutputLimit { address, limit: ANSWER_LIMIT as u64 });
            }
            text.extend_from_slice(&bytes);
        }
        Ok(text)
    }
}

/// Returns whether a Docker engine listens there, and not BuildKit itself: that one does not speak HTTP/1.
pub(crate) async fn is_engine(address: &Address, options: &Options) -> Result<bool, BuildkitError> {
    let failed = |source| BuildkitError::Connect { address: address.to_string(), source };
    // An engine agrees on nothing but HTTP/1.1.
    let mut connection = connection::open(address, options, &[HTTP2, HTTP1]).await?;
    if connection.is_http2 {
        return Ok(false);
    }
    let stream = &mut connection.stream;
    let question = async {
        stream.write_all(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n").await?;
        stream.flush().await?;
        let mut answer = Vec::new();
        // Whatever is no answer is another protocol's greeting.
        let _ = stream.take(7).read_to_end(&mut answer).await;
        Ok(answer.starts_with(b"HTTP/1."))
    };
    let answered = tokio::time::timeout(GREETING, question).await;
    answered.map_err(|_| failed(std::io::ErrorKind::TimedOut.into()))?.map_err(failed)
}

impl Engine {
    pub(crate) fn new(address: Address, options: Options) -> Self {
        Self { address, options }
    }

    /// Opens BuildKit's protocol.
    pub(crate) async fn channel(&self) -> Result<Channel, BuildkitError> {
        let stream = connection::open(&self.address, &self.options, &[HTTP1]).await?.stream;
        let address = self.address.to_string();
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&address, "the greeting", error))?;
        let request = http::Request::post("/grpc")
            .header(header::HOST, "docker")
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "h2c");
        let request = request.body(Empty::<Bytes>::new()).map_err(|error| self.unsaid("POST /grpc", error))?;
        // Ends with the answer, when the connection is handed over.
        let upgrade = async {
            let answer = sender.send_request(request).await?;
            if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                return Ok(Err(answer));
            }
            hyper::upgrade::on(answer).await.map(Ok)
        };
        let (upgraded, _) = futures::join!(upgrade, connection.with_upgrades());
        match upgraded.map_err(|error| broken(&address, "POST /grpc", error))? {
            Ok(stream) => Channel::new(&address, stream).await,
            Err(answer) => Err(self.refused("POST /grpc", answer.status(), String::new())),
        }
    }

    /// Returns whether the engine keeps images in containerd's store: only then it can hand them over as OCI archives.
    pub(crate) async fn has_image_store(&self) -> Result<bool, BuildkitError> {
        let mut answer = self.ask(Method::GET, "/info").await?;
        let text = answer.text().await?;
        let info: Info = serde_json::from_slice(&text).unwrap_or_default();
        let kind = info.driver_status.iter().find(|pair| pair.first().is_some_and(|key| key == "driver-type"));
        Ok(kind.and_then(|pair| pair.get(1)).is_some_and(|kind| kind.starts_with("io.containerd.")))
    }

    /// Returns whether the engine speaks this version of its API, or a later one.
    pub(crate) async fn has_api(&self, major: u32, minor: u32) -> Result<bool, BuildkitError> {
        let text = self.ask(Method::GET, "/version").await?.text().await?;
        let version: Version = serde_json::from_slice(&text).unwrap_or_default();
        let numbers = version.api_version.split_once('.').map(|(one, other)| (one.parse().ok(), other.parse().ok()));
        Ok(matches!(numbers, Some((Some(one), Some(other))) if (one, other) >= (major, minor)))
    }

    /// Begins to read an image as `docker save` writes it.
    pub(crate) async fn save(&self, name: &str) -> Result<Answer, BuildkitError> {
        self.ask(Method::GET, &format!("/images/{name}/get")).await
    }

    /// Removes the name of an image, and the image if that was its last.
    pub(crate) async fn remove(&self, name: &str) -> Result<(), BuildkitError> {
        self.ask(Method::DELETE, &format!("/images/{name}")).await.map(|_| ())
    }

    async fn ask(&self, method: Method, path: &str) -> Result<Answer, BuildkitError> {
        let named = format!("{method} {path}");
        let address = self.address.to_string();
        let stream: Box<dyn Duplex> = connection::open(&self.address, &self.options, &[HTTP1]).await?.stream;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&address, &named, error))?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // Whoever waits for an answer learns of its end, too.
            let _ = connection.await;
        });
        let request = http::Request::builder().method(method).uri(path).header(header::HOST, "docker");
        let request = request.body(Empty::<Bytes>::new()).map_err(|error| self.unsaid(&named, error))?;
        let answer = sender.send_request(request).await.map_err(|error| broken(&address, &named, error))?;
        let status = answer.status();
        let mut answer = Answer { address, request: named.clone(), body: answer.into_body(), _driver: driver };
        if status.is_success() {
            return Ok(answer);
        }
        let said = answer.text().await?;
        Err(self.refused(&named, status, printable(String::from_utf8_lossy(&said).trim())))
    }

    fn unsaid(&self, call: &str, error: http::Error) -> BuildkitError {
        BuildkitError::Broken { address: self.address.to_string(), call: call.to_owned(), source: error.into() }
    }

    fn refused(&self, request: &str, status: StatusCode, message: String) -> BuildkitError {
        BuildkitError::Engine {
            address: self.address.to_string(),
            request: request.to_owned(),
            status: status.as_u16(),
            message,
        }
    }
}
