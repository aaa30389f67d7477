use crate::failure::{Code, Failure};
use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::StatusCode;
use futures::StreamExt;
use std::time::Duration;

/// How long a client may send nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request's body, piece by piece, of a bounded length.
pub(crate) struct Pieces {
    stream: BodyDataStream,
    left: u64,
}

impl Pieces {
    pub(crate) fn new(body: Body, limit: u64) -> Self {
        Self { stream: body.into_data_stream(), left: limit }
    }

    /// Returns the next bytes, or `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let refuse = |status, code, message: &str| Err(Failure::new(status, code, message));
        let piece = match tokio::time::timeout(PATIENCE, self.stream.next()).await {
            Err(_) => return refuse(StatusCode::REQUEST_TIMEOUT, Code::SizeInvalid, "nothing was sent for a minute"),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => return refuse(StatusCode::BAD_REQUEST, Code::SizeInvalid, "the body ended too early"),
            Ok(Some(Ok(piece))) => piece,
        };
        match self.left.checked_sub(piece.len() as u64) {
            Some(left) => self.left = left,
            None => return refuse(StatusCode::PAYLOAD_TOO_LARGE, Code::SizeInvalid, "the body is too large"),
        }
        Ok(Some(piece))
    }

    /// Returns all of the body.
    pub(crate) async fn all(mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.next().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}
