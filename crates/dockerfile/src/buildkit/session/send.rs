use super::filter::Filter;
use super::tree::Tree;
use crate::buildkit::protocol::files::{Packet, PacketKind, Stat};
use bytes::Bytes;
use std::io::Read as _;
use std::sync::Arc;
use tokio::sync::mpsc;
use tonic::Status;
use tonic::codec::Streaming;

/// How many bytes one packet carries.
const PIECE: u64 = 64 << 10;
/// The bits of a mode that say that something is not a plain file (Go's `io/fs.ModeType`).
const NOT_PLAIN: u32 = 0x8f28_0000;

type Answers = mpsc::Sender<Result<Packet, Status>>;

/// Sends a folder: first what there is, then the content of the files that the daemon asks for (`send.go` of tonistiigi/fsutil).
pub(super) async fn send(tree: Arc<Tree>, filter: Filter, questions: Streaming<Packet>, answers: Answers) {
    if let Err(status) = try_send(tree, filter, questions, &answers).await {
        // Where nobody listens any more there is nobody to tell.
        let _ = answers.send(Err(status)).await;
    }
}

async fn try_send(
    tree: Arc<Tree>,
    filter: Filter,
    questions: Streaming<Packet>,
    answers: &Answers,
) -> Result<(), Status> {
    let (listed, listener) = (tree.clone(), answers.clone());
    let stats = tokio::task::spawn_blocking(move || {
        let root = if let Tree::Folder { path, .. } = listed.as_ref() { Some(path.as_path()) } else { None };
        let filter = filter.resolved(root)?;
        listed.list(&filter, &|| listener.is_closed()).map_err(|error| Status::failed_precondition(error.to_string()))
    });
    let stats = Arc::new(stats.await.map_err(|error| Status::internal(error.to_string()))??);
    let (wanted, queue) = mpsc::unbounded_channel();
    let listing = async {
        for stat in stats.iter().cloned() {
            tell(answers, Packet { stat: Some(stat), ..Packet::default() }).await?;
        }
        tell(answers, Packet::default()).await
    };
    let (files, sender) = (stats.clone(), answers.clone());
    let contents = async move {
        let sent = tokio::task::spawn_blocking(move || contents(&tree, &files, queue, &sender));
        sent.await.map_err(|error| Status::internal(error.to_string()))?
    };
    tokio::try_join!(listing, listen(&stats, questions, wanted), contents)?;
    tell(answers, Packet { kind: PacketKind::Finished.into(), ..Packet::default() }).await
}

/// Takes in which files the daemon asks for, until it has all. It must never wait for us to send, or both would wait.
async fn listen(
    stats: &[Stat],
    mut questions: Streaming<Packet>,
    wanted: mpsc::UnboundedSender<u32>,
) -> Result<(), Status> {
    let mut asked = vec![false; stats.len()];
    while let Some(packet) = questions.message().await? {
        match packet.kind() {
            PacketKind::Request => {
                let index = usize::try_from(packet.id).unwrap_or(usize::MAX);
                let plain = stats.get(index).is_some_and(|stat| stat.mode & NOT_PLAIN == 0);
                let first = asked.get_mut(index).is_some_and(|asked| !std::mem::replace(asked, true));
                // Each at most once, so that the queue stays as short as the list.
                if !plain || !first {
                    return Err(Status::invalid_argument(format!("there is no file {} to ask for", packet.id)));
                }
                wanted.send(packet.id).map_err(|_| ended())?;
            }
            PacketKind::Finished => return Ok(()),
            PacketKind::Error => {
                let said = String::from_utf8_lossy(&packet.data).chars().take(1000).collect::<String>();
                return Err(Status::aborted(said));
            }
            PacketKind::Stat | PacketKind::Data => return Err(Status::invalid_argument("a packet out of place")),
        }
    }
    Err(ended())
}

/// Sends the content of files, one after the other, until there are no more questions.
fn contents(
    tree: &Tree,
    stats: &[Stat],
    mut queue: mpsc::UnboundedReceiver<u32>,
    answers: &Answers,
) -> Result<(), Status> {
    while let Some(id) = queue.blocking_recv() {
        let stat = usize::try_from(id).ok().and_then(|index| stats.get(index)).ok_or_else(ended)?;
        let failed =
            |why: &dyn std::fmt::Display| Status::failed_precondition(format!("cannot read {}: {why}", stat.path));
        let mut file = tree.read(&stat.path).map_err(|error| failed(&error))?;
        let mut rest = u64::try_from(stat.size).unwrap_or_default();
        while rest > 0 {
            let mut piece = Vec::new();
            let length = rest.min(PIECE);
            (&mut file).take(length).read_to_end(&mut piece).map_err(|error| failed(&error))?;
            if piece.is_empty() {
                return Err(failed(&"it became shorter during the build"));
            }
            rest -= piece.len() as u64;
            let packet = Packet { kind: PacketKind::Data.into(), id, data: Bytes::from(piece), stat: None };
            answers.blocking_send(Ok(packet)).map_err(|_| ended())?;
        }
        let end = Packet { kind: PacketKind::Data.into(), id, ..Packet::default() };
        answers.blocking_send(Ok(end)).map_err(|_| ended())?;
    }
    Ok(())
}

async fn tell(answers: &Answers, packet: Packet) -> Result<(), Status> {
    answers.send(Ok(packet)).await.map_err(|_| ended())
}

fn ended() -> Status {
    Status::cancelled("the call has ended")
}
