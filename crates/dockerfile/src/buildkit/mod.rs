//! Builds by a BuildKit daemon: buildkitd itself, or the one inside a Docker engine.
//!
//! [`Builder::connect`] speaks the daemon's Control protocol over a socket, TCP, TLS, or the standard streams of a command. [`Builder::solve`] asks
//! it for one build. The daemon then asks back, through a connection that runs the other way inside the first: for folders, secrets, logins and
//! agents, of which it gets those that the [`Solve`] names and no others, and to hand over what it has built.
//!
//! ```text
//! connect   unix, tcp, TLS, `docker exec`, `kubectl exec`; an engine's `POST /grpc` (docs.docker.com, Engine API, "Upgrade")
//! control   moby.buildkit.v1.Control: ListWorkers, Solve, Status, Session
//! session   FileSync, FileSend, Auth, Secrets, SSH, Health: served by us
//! ```

mod address;
mod builder;
mod cache;
mod channel;
mod connection;
mod engine;
mod error;
mod failure;
pub(crate) mod identifier;
mod progress;
mod protocol;
mod request;
mod secret;
mod session;
mod solve;
mod solving;
mod source_lines;
pub(crate) mod text;
mod tls;
mod worker;

pub use address::{Address, AddressError, AddressProblem};
pub use builder::{Builder, Options};
pub use cache::Cache;
pub use error::BuildkitError;
pub use failure::Failure;
pub use progress::Progress;
pub use secret::{Credentials, Login, Secret};
pub use solve::{Context, Network, Recompute, Solve};
pub use solving::{Form, Solved};
pub use source_lines::SourceLine;
pub use tls::{Identity, Tls, TlsError, TlsPart};
pub use worker::Worker;
