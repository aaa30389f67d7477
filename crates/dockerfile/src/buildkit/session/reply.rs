use crate::buildkit::channel::MESSAGE_LIMIT;
use crate::buildkit::protocol::services::Empty;
use futures::Stream;
use hyper::body::Incoming;
use prost::Message;
use tokio::sync::mpsc;
use tonic::Status;
use tonic::body::Body;
use tonic::codec::{Codec as _, EncodeBody, SingleMessageCompressionOverride, Streaming};
use tonic_prost::ProstCodec;

/// Returns the questions of a call, one after the other.
pub(super) fn questions<Q: Message + Default + Send + 'static>(body: Incoming) -> Streaming<Q> {
    Streaming::new_request(ProstCodec::<Q, Q>::default().decoder(), body, None, Some(MESSAGE_LIMIT))
}

/// Returns the only question of a call.
pub(super) async fn question<Q: Message + Default + Send + 'static>(body: Incoming) -> Result<Q, Status> {
    questions(body).message().await?.ok_or_else(|| Status::invalid_argument("the question is missing"))
}

/// Answers a call that has one answer.
pub(super) fn one<A: Message + Send + 'static>(answer: Result<A, Status>) -> http::Response<Body> {
    answers(futures::stream::iter([answer]))
}

/// Answers a call with what comes out of a queue.
pub(super) fn queue<A: Message + Send + 'static>(
    answers_queue: mpsc::Receiver<Result<A, Status>>,
) -> http::Response<Body> {
    answers(received(answers_queue))
}

/// Returns what comes out of a queue, one after the other.
pub(super) fn received<T: Send>(queue: mpsc::Receiver<T>) -> impl Stream<Item = T> + Send {
    futures::stream::unfold(queue, async |mut queue| queue.recv().await.map(|item| (item, queue)))
}

fn answers<A: Message + Send + 'static>(
    answers: impl Stream<Item = Result<A, Status>> + Send + 'static,
) -> http::Response<Body> {
    let encoder = ProstCodec::<A, Empty>::default().encoder();
    let body = EncodeBody::new_server(encoder, answers, None, SingleMessageCompressionOverride::default(), None);
    let mut response = http::Response::new(Body::new(body));
    let kind = http::HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    response
}
