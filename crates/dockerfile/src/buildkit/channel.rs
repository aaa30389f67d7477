use super::BuildkitError;
use super::text::printable;
use futures::Stream;
use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use prost::Message;
use std::sync::Arc;
use tokio::task::JoinSet;
use tonic::body::Body;
use tonic::codec::{Codec as _, EncodeBody, Streaming};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

/// Largest message that is read, in bytes: what BuildKit sends at most (`util/grpcerrors`, "MaxMessageSize").
pub(crate) const MESSAGE_LIMIT: usize = 16 << 20;

/// gRPC over one connection. What it started ends with its last clone.
#[derive(Clone)]
pub(crate) struct Channel {
    address: Arc<str>,
    sender: http2::SendRequest<Body>,
    _driver: Arc<JoinSet<()>>,
}

impl Channel {
    /// Begins to speak HTTP/2 on a connection that both sides know to be for it.
    pub(crate) async fn new<S>(address: &str, stream: S) -> Result<Self, BuildkitError>
    where
        S: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    {
        let (sender, connection) = http2::handshake(TokioExecutor::new(), stream)
            .await
            .map_err(|error| broken(address, "the greeting", error))?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // Whoever waits for an answer learns of its end, too.
            let _ = connection.await;
        });
        Ok(Self { address: address.into(), sender, _driver: Arc::new(driver) })
    }

    /// Makes a call that has one question and one answer.
    pub(crate) async fn call<Q, A>(&self, path: &'static str, question: Q) -> Result<A, Status>
    where
        Q: Message + Send + 'static,
        A: Message + Default + Send + 'static,
    {
        let mut answers = self.stream(path, &[], futures::stream::iter([question])).await?;
        let answer = answers.message().await?.ok_or_else(|| Status::internal("no answer came"))?;
        // An error may still follow.
        while answers.message().await?.is_some() {}
        Ok(answer)
    }

    /// Makes a call whose questions and answers come one after the other, independently.
    pub(crate) async fn stream<Q, A>(
        &self,
        path: &'static str,
        headers: &[(&'static str, String)],
        questions: impl Stream<Item = Q> + Send + 'static,
    ) -> Result<Streaming<A>, Status>
    where
        Q: Message + Send + 'static,
        A: Message + Default + Send + 'static,
    {
        let mut codec = ProstCodec::<Q, A>::default();
        let questions = futures::StreamExt::map(questions, Ok);
        let body = Body::new(EncodeBody::new_client(codec.encoder(), questions, None, None));
        let mut request = http::Request::post(format!("http://buildkit{path}"))
            .header(http::header::TE, "trailers")
            .header(http::header::CONTENT_TYPE, "application/grpc");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(body).map_err(|error| Status::internal(error.to_string()))?;
        let mut sender = self.sender.clone();
        let answer = sender.send_request(request).await.map_err(|error| Status::from_error(error.into()))?;
        match Status::from_header_map(answer.headers()) {
            Some(status) if status.code() != Code::Ok => Err(status),
            Some(_) => Ok(Streaming::new_empty(codec.decoder(), answer.into_body())),
            None => {
                let status = answer.status();
                Ok(Streaming::new_response(codec.decoder(), answer.into_body(), status, None, Some(MESSAGE_LIMIT)))
            }
        }
    }

    /// Returns the error of a call.
    pub(crate) fn failed(&self, call: &str, status: &Status) -> BuildkitError {
        BuildkitError::Call {
            address: self.address.to_string(),
            call: call.to_owned(),
            code: status.code().description(),
            message: printable(status.message()),
        }
    }
}

/// Returns the error of a connection that ended too early.
pub(crate) fn broken(address: &str, call: &str, source: hyper::Error) -> BuildkitError {
    BuildkitError::Broken { address: address.to_owned(), call: call.to_owned(), source: source.into() }
}
