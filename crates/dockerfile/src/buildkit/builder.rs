use super::address::Endpoint;
use super::channel::Channel;
use super::connection::{self, Connection, Dialer, HTTP2};
use super::engine::{self, Engine};
use super::progress::Progress;
use super::protocol::control::{ListWorkersRequest, ListWorkersResponse};
use super::solve::Solve;
use super::solving::{self, Solved};
use super::tls::Tls;
use super::worker::Worker;
use super::{Address, BuildkitError};
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::AsyncWrite;

/// How long a daemon may think about the first question.
const FIRST_ANSWER: Duration = Duration::from_secs(60);

/// How to reach a builder.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How to recognize a builder behind `tcp:`; `None` for no TLS.
    pub tls: Option<Tls>,
    /// What the commands see that reach into containers and pods, such as `PATH`, `HOME`, `DOCKER_HOST` and `KUBECONFIG`, and nothing else.
    pub environment: BTreeMap<String, String>,
}

/// A BuildKit daemon, connected to. Any number of builds can run on it at once.
pub struct Builder {
    pub(crate) address: Address,
    pub(crate) channel: Channel,
    pub(crate) engine: Option<Engine>,
    workers: Vec<Worker>,
    /// Keeps the connection.
    _command: Option<Dialer>,
}

impl Builder {
    /// Connects to a builder, and asks what workers it has.
    pub async fn connect(address: &Address, options: &Options) -> Result<Self, BuildkitError> {
        let by_command = matches!(address.endpoint(), Endpoint::Command { .. });
        let (channel, engine, command) = if !by_command && engine::is_engine(address, options).await? {
            let engine = Engine::new(address.clone(), options.clone());
            (engine.channel().await?, Some(engine), None)
        } else {
            let Connection { stream, command, .. } = connection::open(address, options, &[HTTP2]).await?;
            match (Channel::new(&address.to_string(), TokioIo::new(stream)).await, command) {
                (Ok(channel), command) => (channel, None, command),
                (Err(_), Some(command)) => return Err(command.failed().await),
                (Err(error), None) => return Err(error),
            }
        };
        let asked = channel.call("/moby.buildkit.v1.Control/ListWorkers", ListWorkersRequest {});
        let answer = tokio::time::timeout(FIRST_ANSWER, asked).await;
        let answer: Result<ListWorkersResponse, _> =
            answer.unwrap_or_else(|_| Err(tonic::Status::deadline_exceeded("no answer came within 60 seconds")));
        match (answer, command) {
            (Ok(answer), command) => {
                let workers = answer.records.into_iter().map(Worker::new).collect();
                Ok(Self { address: address.clone(), channel, engine, workers, _command: command })
            }
            (Err(_), Some(command)) => Err(command.failed().await),
            (Err(status), None) => Err(channel.failed("ListWorkers", &status)),
        }
    }

    /// Returns where the builder is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Returns the daemon's workers, the one that builds first.
    pub fn workers(&self) -> &[Worker] {
        &self.workers
    }

    /// Returns whether the daemon's frontend knows contexts with names: that of BuildKit 0.10, which Docker has since 23.0 (Engine API 1.42).
    pub async fn has_named_contexts(&self) -> Result<bool, BuildkitError> {
        match &self.engine {
            Some(engine) => engine.has_api(1, 42).await,
            // Since 0.11 it says which version it is.
            None => Ok(self.workers.iter().any(|worker| !worker.version.is_empty())),
        }
    }

    /// Builds one image for one platform, and writes it as an archive, whose form [`Solved::form`] tells. Progress is told as it is made.
    ///
    /// The build is cancelled if the future is dropped.
    pub async fn solve(
        &self,
        solve: &Solve,
        output: &mut (impl AsyncWrite + Unpin + Send),
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<Solved, BuildkitError> {
        solving::run(self, solve, output, progress).await
    }
}
