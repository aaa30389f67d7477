use crate::agent::answer;
use crate::buildkit::protocol::services::BytesMessage;
use bytes::BytesMut;
use std::path::PathBuf;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex, split};
use tokio::sync::mpsc;
use tonic::Status;
use tonic::codec::Streaming;

/// How many bytes one message carries.
const PIECE: usize = 32 << 10;

/// Lets an agent answer what comes by a call, until either ends.
pub(super) async fn forward(
    socket: PathBuf,
    mut questions: Streaming<BytesMessage>,
    answers: mpsc::Sender<Result<BytesMessage, Status>>,
) {
    let (near, far) = duplex(PIECE);
    let (mut from_agent, mut to_agent) = split(near);
    let answering = async {
        if let Err(error) = answer(far, &socket).await {
            let status = Status::unavailable(format!("the agent does not answer: {error}"));
            // Where nobody listens any more there is nobody to tell.
            let _ = answers.send(Err(status)).await;
        }
    };
    let up = async move {
        while let Ok(Some(BytesMessage { data })) = questions.message().await {
            if to_agent.write_all(&data).await.is_err() {
                return;
            }
        }
    };
    let down = async {
        loop {
            let mut data = BytesMut::with_capacity(PIECE);
            match from_agent.read_buf(&mut data).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            if answers.send(Ok(BytesMessage { data: data.freeze() })).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = answering => {}
        () = up => {}
        () = down => {}
    }
}
