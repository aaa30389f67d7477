//! What a daemon asks of us during a build. It does so by gRPC, with us as the server, inside a call of ours whose messages are the connection's
//! bytes (`moby.buildkit.v1.Control/Session`).

mod agent;
mod filter;
mod follow;
mod listing;
mod reply;
mod send;
mod services;
#[cfg(test)]
mod tests;
mod tree;

pub(super) use services::Services;
pub(super) use tree::Tree;

use super::channel::Channel;
use super::protocol::services::BytesMessage;
use bytes::BytesMut;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tonic::Status;

/// How many bytes lie between the two connections, in each direction.
const BUFFER: usize = 256 << 10;
/// How many bytes one message carries.
const PIECE: usize = 32 << 10;
/// Most questions that are answered at once.
const AT_ONCE: u32 = 100;
/// Largest headers of a question, in bytes: they carry the patterns of ignore files.
const HEADER_LIMIT: u32 = 4 << 20;

/// Serves a session until the daemon ends it, or the future is dropped.
pub(super) async fn serve(channel: Channel, id: String, services: Services) -> Result<(), Status> {
    let services = Arc::new(services);
    let mut headers = vec![
        ("x-docker-expose-session-uuid", id.clone()),
        ("x-docker-expose-session-name", "consign".to_owned()),
        // Daemons keep what was sent under this key, and do not ask again for files of the same name, size and time. Those may still differ:
        // in a fresh checkout times say nothing. So nothing is kept.
        ("x-docker-expose-session-sharedkey", id),
    ];
    headers.extend(services.methods().map(|method| ("x-docker-expose-session-grpc-method", method.to_owned())));
    let (inner, outer) = tokio::io::duplex(BUFFER);
    let (mut from_server, mut to_server) = tokio::io::split(outer);
    let (pieces, received) = mpsc::channel(4);
    let up = async move {
        loop {
            let mut piece = BytesMut::with_capacity(PIECE);
            match from_server.read_buf(&mut piece).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            if pieces.send(BytesMessage { data: piece.freeze() }).await.is_err() {
                return;
            }
        }
    };
    let down = async move {
        let mut incoming =
            channel.stream("/moby.buildkit.v1.Control/Session", &headers, reply::received(received)).await?;
        while let Some(BytesMessage { data }) = incoming.message().await? {
            if to_server.write_all(&data).await.is_err() {
                break;
            }
        }
        Ok(())
    };
    tokio::select! {
        ended = down => ended,
        () = up => Ok(()),
        ended = answer(inner, services) => ended.map_err(|error| Status::from_error(error.into())),
    }
}

/// Answers the questions that come through a stream.
async fn answer(stream: DuplexStream, services: Arc<Services>) -> Result<(), hyper::Error> {
    let answer = service_fn(move |request| {
        let services = services.clone();
        async move { Ok::<_, Infallible>(services.answer(request).await) }
    });
    http2::Builder::new(TokioExecutor::new())
        .max_concurrent_streams(AT_ONCE)
        .max_header_list_size(HEADER_LIMIT)
        .serve_connection(TokioIo::new(stream), answer)
        .await
}
