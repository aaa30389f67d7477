//! What a daemon gets that asks for more than it may.

use super::{Services, Tree, answer, reply};
use crate::buildkit::channel::Channel;
use crate::buildkit::protocol::files::{Packet, PacketKind, Stat};
use crate::buildkit::protocol::services::{
    BytesMessage, CredentialsRequest, CredentialsResponse, Empty, GetSecretResponse, HealthCheckResponse, Named,
};
use crate::buildkit::secret::Secret;
use hyper_util::rt::TokioIo;
use std::fs;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tonic::codec::Streaming;
use tonic::{Code, Status};

const FILES: &str = "/moby.filesync.v1.FileSync/DiffCopy";

/// A daemon that asks, and what it may see.
struct Daemon {
    channel: Channel,
    folder: TempDir,
    output: mpsc::Receiver<bytes::Bytes>,
}

impl Daemon {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("context/folder")).unwrap();
        fs::write(folder.path().join("context/plain"), "content").unwrap();
        fs::write(folder.path().join("outside"), "not for others").unwrap();
        let tree = Arc::new(Tree::open(&folder.path().join("context"), None).unwrap());
        let (sender, output) = mpsc::channel(1);
        let services = Services {
            trees: [("context".to_owned(), tree)].into(),
            secrets: [("known".to_owned(), Secret::new("secret"))].into(),
            agents: [].into(),
            credentials: None,
            output: Arc::new(Mutex::new(Some(sender))),
        };
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        tokio::spawn(answer(ours, Arc::new(services)));
        Self { channel: Channel::new("test", TokioIo::new(theirs)).await.unwrap(), folder, output }
    }

    /// Asks for a folder, and takes in what there is.
    async fn list(&self, name: &str) -> Result<(Vec<Stat>, mpsc::Sender<Packet>, Streaming<Packet>), Status> {
        let (questions, asked) = mpsc::channel(100);
        let headers = [("dir-name", name.to_owned())];
        let mut answers: Streaming<Packet> = self.channel.stream(FILES, &headers, reply::received(asked)).await?;
        let mut stats = Vec::new();
        while let Some(stat) = answers.message().await?.unwrap().stat {
            stats.push(stat);
        }
        Ok((stats, questions, answers))
    }

    /// Asks for files by number, after `change`, and returns how that ends.
    async fn ask(&self, change: impl FnOnce(&TempDir), files: &[u32]) -> Result<Vec<u8>, Code> {
        let (stats, questions, mut answers) = self.list("context").await.unwrap();
        assert_eq!(stats.iter().map(|stat| stat.path.as_str()).collect::<Vec<_>>(), ["folder", "plain"]);
        change(&self.folder);
        for id in files {
            questions.send(Packet { kind: PacketKind::Request.into(), id: *id, ..Packet::default() }).await.unwrap();
        }
        questions.send(Packet { kind: PacketKind::Finished.into(), ..Packet::default() }).await.unwrap();
        let mut content = Vec::new();
        while let Some(packet) = answers.message().await.map_err(|status| status.code())? {
            content.extend_from_slice(&packet.data);
        }
        Ok(content)
    }
}

#[tokio::test]
async fn unknown_things_are_refused() {
    let daemon = Daemon::new().await;
    let named = |id: &str| Named { id: id.to_owned() };
    let secret = async |id: &str| -> Result<GetSecretResponse, Status> {
        daemon.channel.call("/moby.buildkit.secrets.v1.Secrets/GetSecret", named(id)).await
    };
    assert_eq!(secret("known").await.unwrap().data, b"secret");
    assert_eq!(secret("unknown").await.unwrap_err().code(), Code::NotFound);
    let agent = daemon.channel.call::<_, Empty>("/moby.sshforward.v1.SSH/CheckAgent", named("")).await;
    assert_eq!(agent.unwrap_err().code(), Code::NotFound);
    let host = CredentialsRequest { host: "registry".to_owned() };
    let login = daemon.channel.call::<_, CredentialsResponse>("/moby.filesync.v1.Auth/Credentials", host).await;
    assert_eq!(login.unwrap(), CredentialsResponse::default());
    let token = daemon.channel.call::<_, Empty>("/moby.filesync.v1.Auth/FetchToken", Empty {}).await;
    assert_eq!(token.unwrap_err().code(), Code::Unimplemented);
    assert_eq!(daemon.list("dockerfile").await.unwrap_err().code(), Code::NotFound);
    let health = daemon.channel.call::<_, HealthCheckResponse>("/grpc.health.v1.Health/Check", Empty {}).await;
    assert_eq!(health.unwrap().status, 1);
}

#[tokio::test]
async fn files_are_sent_once_and_only_plain_ones() {
    let daemon = Daemon::new().await;
    assert_eq!(daemon.ask(|_| (), &[1]).await.unwrap(), b"content");
    assert_eq!(daemon.ask(|_| (), &[]).await.unwrap(), b"");
    for files in [&[0][..], &[2], &[u32::MAX], &[1, 1]] {
        assert_eq!(daemon.ask(|_| (), files).await, Err(Code::InvalidArgument), "{files:?}");
    }
}

#[tokio::test]
async fn what_took_a_files_place_is_not_sent() {
    let changes: [fn(&TempDir); 4] = [
        |folder| fs::write(folder.path().join("context/plain"), "short").unwrap(),
        |folder| fs::remove_file(folder.path().join("context/plain")).unwrap(),
        |folder| {
            fs::remove_file(folder.path().join("context/plain")).unwrap();
            std::os::unix::fs::symlink("../outside", folder.path().join("context/plain")).unwrap();
        },
        |folder| {
            fs::remove_file(folder.path().join("context/plain")).unwrap();
            fs::create_dir(folder.path().join("context/plain")).unwrap();
        },
    ];
    for change in changes {
        let daemon = Daemon::new().await;
        assert_eq!(daemon.ask(change, &[1]).await, Err(Code::FailedPrecondition));
    }
}

#[tokio::test]
async fn one_image_is_taken() {
    let mut daemon = Daemon::new().await;
    let send = async |channel: &Channel, text: &'static str| -> Result<(), Status> {
        let pieces = futures::stream::iter([BytesMessage { data: text.into() }]);
        let mut answers: Streaming<BytesMessage> =
            channel.stream("/moby.filesync.v1.FileSend/DiffCopy", &[], pieces).await?;
        answers.message().await.map(|_| ())
    };
    send(&daemon.channel, "image").await.unwrap();
    assert_eq!(daemon.output.recv().await.unwrap(), "image");
    assert_eq!(daemon.output.recv().await, None);
    assert_eq!(send(&daemon.channel, "another").await.unwrap_err().code(), Code::AlreadyExists);
}
