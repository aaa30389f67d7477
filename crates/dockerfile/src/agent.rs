//! SSH agents, for those who may use their keys, but not change them (draft-ietf-sshm-ssh-agent).

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

/// What may be asked: which keys there are, and for a signature (section 6.1, `SSH_AGENTC_REQUEST_IDENTITIES` and `SSH_AGENTC_SIGN_REQUEST`).
const ALLOWED: [u8; 2] = [11, 13];
/// The answer to anything else, `SSH_AGENT_FAILURE`.
const FAILURE: [u8; 1] = [5];
/// Longest message, in bytes, as in OpenSSH.
const LIMIT: usize = 256 << 10;
/// What the socket is called.
const NAME: &str = "agent";

/// Answers questions until there are no more. Those that would change the agent, or ask for more than signatures, fail and do not reach it.
pub(crate) async fn answer(mut asker: impl AsyncRead + AsyncWrite + Unpin, agent: &Path) -> io::Result<()> {
    let mut agent = UnixStream::connect(agent).await?;
    while let Some(question) = receive(&mut asker).await? {
        let answer = if question.first().is_some_and(|kind| ALLOWED.contains(kind)) {
            send(&mut agent, &question).await?;
            receive(&mut agent).await?.ok_or(io::ErrorKind::UnexpectedEof)?
        } else {
            FAILURE.to_vec()
        };
        send(&mut asker, &answer).await?;
    }
    Ok(())
}

/// Reads a message: its length in four bytes, then as many; `None` at the end.
async fn receive(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length).await {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    };
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > LIMIT {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = vec![0; length];
    from.read_exact(&mut message).await?;
    Ok(Some(message))
}

async fn send(to: &mut (impl AsyncWrite + Unpin), message: &[u8]) -> io::Result<()> {
    let length = u32::try_from(message.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    to.write_all(&length.to_be_bytes()).await?;
    to.write_all(message).await?;
    to.flush().await
}

/// A socket at which an agent answers, as long as this is there.
#[derive(Debug)]
pub(crate) struct AgentSocket {
    pub(crate) path: PathBuf,
    task: JoinHandle<()>,
}

impl AgentSocket {
    /// Makes a socket in a folder that only this user reaches, for commands that run with this owner and mode.
    pub(crate) fn open(folder: &Path, agent: &Path, (uid, gid): (u32, u32), mode: u32) -> io::Result<Self> {
        let path = folder.join(NAME);
        // A socket's path is short, and this one's folder need not be.
        let directory = File::open(folder)?;
        let listener = UnixListener::bind(format!("/proc/self/fd/{}/{NAME}", directory.as_raw_fd()))?;
        let given = (uid, gid) == (0, 0) || chown(&path, Some(uid), Some(gid)).is_ok();
        // An ordinary user gives nothing away. Nobody but the command sees the socket.
        fs::set_permissions(&path, Permissions::from_mode(if given { mode } else { 0o666 }))?;
        let agent = agent.to_owned();
        let task = tokio::spawn(async move {
            while let Ok((asker, _)) = listener.accept().await {
                let agent = agent.clone();
                // Whoever asks sees that there is no answer.
                tokio::spawn(async move { answer(asker, &agent).await.unwrap_or_default() });
            }
        });
        Ok(Self { path, task })
    }
}

impl Drop for AgentSocket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An agent that answers every question with its kind, and one more byte.
    fn agent(folder: &Path) -> PathBuf {
        let path = folder.join("real");
        let listener = UnixListener::bind(&path).unwrap();
        tokio::spawn(async move {
            while let Ok((mut asker, _)) = listener.accept().await {
                while let Ok(Some(question)) = receive(&mut asker).await {
                    send(&mut asker, &[question[0], 99]).await.unwrap();
                }
            }
        });
        path
    }

    #[tokio::test]
    async fn keys_are_used_and_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let agent = agent(folder.path());
        let own = folder.path().join("own");
        fs::create_dir(&own).unwrap();
        let socket = AgentSocket::open(&own, &agent, (0, 0), 0o600).unwrap();
        assert_eq!(fs::metadata(&socket.path).unwrap().permissions().mode() & 0o777, 0o600);
        let mut asker = UnixStream::connect(&socket.path).await.unwrap();
        // Adding and removing keys, locking, extensions; and nothing at all.
        for (question, expected) in [
            (&[11][..], &[11, 99][..]),
            (&[13, 1, 2], &[13, 99]),
            (&[17, 0], &FAILURE),
            (&[18], &FAILURE),
            (&[19], &FAILURE),
            (&[22], &FAILURE),
            (&[27], &FAILURE),
            (&[], &FAILURE),
            (&[11], &[11, 99]),
        ] {
            send(&mut asker, question).await.unwrap();
            assert_eq!(receive(&mut asker).await.unwrap().as_deref(), Some(expected), "{question:?}");
        }
        asker.write_all(&u32::MAX.to_be_bytes()).await.unwrap();
        assert_eq!(receive(&mut asker).await.unwrap_or_default(), None, "too long a message ends it");
    }
}
