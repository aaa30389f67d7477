//! Docker's HTTP interface (Docker Engine API), at a socket of this machine.

use crate::EngineError;
use crate::call::last_words;
use bytes::Bytes;
use futures::stream;
use http::{Method, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// How long to wait for what docker knows without looking far.
const PATIENCE: Duration = Duration::from_secs(60);
/// Largest answer that is kept in memory, in bytes.
const ANSWER_LIMIT: usize = 4 << 20;
/// Bytes that are sent at once.
const CHUNK: usize = 256 << 10;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Where docker listens.
pub(crate) struct Socket {
    path: PathBuf,
}

/// An answer, and what moves its bytes.
struct Answer {
    request: String,
    status: StatusCode,
    body: Incoming,
    _driver: JoinSet<()>,
}

impl Socket {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Writes an image into a file, as `docker save` does.
    pub(crate) async fn save(&self, name: &str, to: &Path) -> Result<(), EngineError> {
        let failed = |source| EngineError::Archive { action: "write", path: to.to_owned(), source };
        let mut answer = self.ask(Method::GET, &format!("/images/{name}/get"), nothing()).await?.succeeded().await?;
        let mut file = File::create_new(to).await.map_err(failed)?;
        while let Some(bytes) = answer.next().await? {
            file.write_all(&bytes).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)
    }

    /// Gives docker the images of an archive.
    pub(crate) async fn load(&self, archive: &Path) -> Result<(), EngineError> {
        let failed = |source| EngineError::Archive { action: "read", path: archive.to_owned(), source };
        let file = File::open(archive).await.map_err(failed)?;
        let chunks = stream::try_unfold(file, async |mut file| {
            let mut chunk = vec![0; CHUNK];
            let read = file.read(&mut chunk).await?;
            chunk.truncate(read);
            Ok((read > 0).then(|| (Frame::data(Bytes::from(chunk)), file)))
        });
        let body = StreamBody::new(chunks).boxed_unsync();
        let mut answer = self.ask(Method::POST, "/images/load?quiet=1", body).await?.succeeded().await?;
        // It begins to answer before it has read everything: what goes wrong later is only said.
        let said = answer.text().await?;
        let lines = said.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        match lines.filter_map(|line| Some(line.get("error")?.as_str()?.to_owned())).next_back() {
            Some(message) => Err(answer.refused(last_words(message.as_bytes()))),
            None => Ok(()),
        }
    }

    /// Returns what docker says of an image; `None` if it has none of the name.
    pub(crate) async fn inspect(&self, name: &str) -> Result<Option<Vec<u8>>, EngineError> {
        let path = format!("/images/{name}/json");
        let asked = async {
            let answer = self.ask(Method::GET, &path, nothing()).await?;
            match answer.status {
                StatusCode::NOT_FOUND => Ok(None),
                _ => answer.succeeded().await?.text().await.map(Some),
            }
        };
        let silent = |_| EngineError::Silent { request: format!("GET {path}"), seconds: PATIENCE.as_secs() };
        timeout(PATIENCE, asked).await.map_err(silent)?
    }

    async fn ask(&self, method: Method, path: &str, body: Body) -> Result<Answer, EngineError> {
        let named = format!("{method} {path}");
        let unreached = |source| EngineError::Connect { path: self.path.clone(), source };
        let broken = |source| EngineError::Broken { request: named.clone(), source };
        let stream = timeout(CONNECT, UnixStream::connect(&self.path)).await;
        let stream = stream.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(unreached)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // Whoever waits for an answer learns of its end, too.
            let _ = connection.await;
        });
        let request = http::Request::builder().method(method).uri(path).header(header::HOST, "docker");
        let request = request.header(header::CONTENT_TYPE, "application/x-tar").body(body);
        let request = request.map_err(|source| EngineError::Unasked { request: named.clone(), source })?;
        let answer = sender.send_request(request).await.map_err(broken)?;
        Ok(Answer { request: named, status: answer.status(), body: answer.into_body(), _driver: driver })
    }
}

impl Answer {
    /// Returns the answer if it is what was asked for.
    async fn succeeded(mut self) -> Result<Self, EngineError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let said = self.text().await.unwrap_or_default();
        let message = serde_json::from_slice::<Value>(&said).ok();
        let message = message.as_ref().and_then(|said| said.get("message")?.as_str());
        let message = last_words(message.map_or(said.as_slice(), str::as_bytes));
        Err(self.refused(if message.is_empty() { self.status.to_string() } else { message }))
    }

    /// Returns the next bytes; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, EngineError> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|source| EngineError::Broken { request: self.request.clone(), source })?;
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    async fn text(&mut self) -> Result<Vec<u8>, EngineError> {
        let mut text = Vec::new();
        while let Some(bytes) = self.next().await? {
            if text.len() + bytes.len() > ANSWER_LIMIT {
                return Err(self.refused(format!("its answer has more than {ANSWER_LIMIT} bytes")));
            }
            text.extend_from_slice(&bytes);
        }
        Ok(text)
    }

    fn refused(&self, message: String) -> EngineError {
        EngineError::Refused { request: self.request.clone(), message }
    }
}

fn nothing() -> Body {
    Empty::new().map_err(|never: std::convert::Infallible| match never {}).boxed_unsync()
}
