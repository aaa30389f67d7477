use super::filter::Filter;
use super::reply::{one, question, questions, queue};
use super::tree::Tree;
use super::{agent, send};
use crate::buildkit::protocol::services::{
    BytesMessage, CredentialsRequest, CredentialsResponse, Empty, GetSecretResponse, HealthCheckResponse, Named,
    SERVING,
};
use crate::buildkit::secret::{Credentials, Secret};
use bytes::Bytes;
use http::HeaderMap;
use hyper::body::Incoming;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tonic::Status;
use tonic::body::Body;
use tonic::codec::Streaming;

const HEALTH: &str = "/grpc.health.v1.Health/Check";
const FILES: &str = "/moby.filesync.v1.FileSync/DiffCopy";
const OUTPUT: &str = "/moby.filesync.v1.FileSend/DiffCopy";
const LOGIN: &str = "/moby.filesync.v1.Auth/Credentials";
const SECRET: &str = "/moby.buildkit.secrets.v1.Secrets/GetSecret";
const AGENT: &str = "/moby.sshforward.v1.SSH/CheckAgent";
const FORWARD: &str = "/moby.sshforward.v1.SSH/ForwardAgent";

/// What a daemon may ask for during one build, and nothing else.
pub(in crate::buildkit) struct Services {
    /// Folders by name.
    pub(in crate::buildkit) trees: BTreeMap<String, Arc<Tree>>,
    /// Secrets by `id`.
    pub(in crate::buildkit) secrets: BTreeMap<String, Secret>,
    /// Sockets of agents by `id`.
    pub(in crate::buildkit) agents: BTreeMap<String, PathBuf>,
    /// Knows how to log in.
    pub(in crate::buildkit) credentials: Option<Credentials>,
    /// Takes the archive, once.
    pub(in crate::buildkit) output: Arc<Mutex<Option<mpsc::Sender<Bytes>>>>,
}

impl Services {
    /// Returns the names of the calls that are answered.
    pub(super) fn methods(&self) -> impl Iterator<Item = &'static str> + use<> {
        let login = self.credentials.is_some().then_some(LOGIN);
        let agents = (!self.agents.is_empty()).then_some([AGENT, FORWARD]);
        [HEALTH, FILES, OUTPUT, SECRET].into_iter().chain(login).chain(agents.into_iter().flatten())
    }

    /// Answers one call.
    pub(super) async fn answer(&self, request: http::Request<Incoming>) -> http::Response<Body> {
        let (parts, body) = request.into_parts();
        match parts.uri.path() {
            HEALTH => one(question::<Empty>(body).await.map(|_| HealthCheckResponse { status: SERVING })),
            FILES => self.files(&parts.headers, body),
            OUTPUT => self.output(body),
            LOGIN => one(self.login(body).await),
            SECRET => one(self.secret(body).await),
            AGENT => one(self.agent(body).await),
            FORWARD => self.forward(&parts.headers, body),
            _ => one::<Empty>(Err(Status::unimplemented("consign does not serve this"))),
        }
    }

    fn files(&self, headers: &HeaderMap, body: Incoming) -> http::Response<Body> {
        let asked = Filter::of(headers).and_then(|(name, filter)| match self.trees.get(&name) {
            Some(tree) => Ok((tree.clone(), filter)),
            None => Err(Status::not_found(format!("this build has no folder `{name}`"))),
        });
        let (answers, answered) = mpsc::channel(16);
        match asked {
            Ok((tree, filter)) => _ = tokio::spawn(send::send(tree, filter, questions(body), answers)),
            Err(status) => return one::<Empty>(Err(status)),
        }
        queue(answered)
    }

    fn output(&self, body: Incoming) -> http::Response<Body> {
        let Some(output) = self.output.lock().ok().and_then(|mut output| output.take()) else {
            return one::<Empty>(Err(Status::already_exists("the image was handed over before")));
        };
        let (answers, answered) = mpsc::channel(1);
        tokio::spawn(async move {
            if let Err(status) = take(questions(body), output).await {
                // Where nobody listens any more there is nobody to tell.
                let _ = answers.send(Err::<BytesMessage, _>(status)).await;
            }
        });
        queue(answered)
    }

    async fn login(&self, body: Incoming) -> Result<CredentialsResponse, Status> {
        let CredentialsRequest { host } = question(body).await?;
        let login = match &self.credentials {
            Some(credentials) => credentials(host).await,
            None => None,
        };
        // Without any, a daemon asks the registry as nobody.
        let Some(login) = login else { return Ok(CredentialsResponse::default()) };
        let secret = String::from_utf8(login.secret.expose().to_vec());
        let secret = secret.map_err(|_| Status::failed_precondition("the registry's password is not UTF-8"))?;
        Ok(CredentialsResponse { username: login.username, secret })
    }

    async fn secret(&self, body: Incoming) -> Result<GetSecretResponse, Status> {
        let Named { id } = question(body).await?;
        let secret = self.secrets.get(&id).ok_or_else(|| Status::not_found(format!("secret {id}: not found")))?;
        Ok(GetSecretResponse { data: secret.expose().to_vec() })
    }

    async fn agent(&self, body: Incoming) -> Result<Empty, Status> {
        let Named { id } = question(body).await?;
        self.agent_socket(&id).map(|_| Empty {})
    }

    fn forward(&self, headers: &HeaderMap, body: Incoming) -> http::Response<Body> {
        let id = headers.get("buildkit.ssh.id").and_then(|id| id.to_str().ok()).unwrap_or_default();
        match self.agent_socket(id) {
            Ok(socket) => {
                let (answers, answered) = mpsc::channel(16);
                tokio::spawn(agent::forward(socket, questions(body), answers));
                queue(answered)
            }
            Err(status) => one::<Empty>(Err(status)),
        }
    }

    fn agent_socket(&self, id: &str) -> Result<PathBuf, Status> {
        let id = if id.is_empty() { "default" } else { id };
        let socket = self.agents.get(id);
        socket.cloned().ok_or_else(|| Status::not_found(format!("this build has no agent `{id}`")))
    }
}

async fn take(mut pieces: Streaming<BytesMessage>, output: mpsc::Sender<Bytes>) -> Result<(), Status> {
    while let Some(BytesMessage { data }) = pieces.message().await? {
        output.send(data).await.map_err(|_| Status::cancelled("the image is not wanted any more"))?;
    }
    Ok(())
}
