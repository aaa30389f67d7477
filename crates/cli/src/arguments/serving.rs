use clap::{Args, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Registry {
    /// Serves a folder as a registry, until interrupted.
    #[command(after_help = "Example:\n  consign registry serve --root registry --listen 127.0.0.1:5080")]
    Serve(Serve),
}

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// The folder; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) root: PathBuf,
    /// Address and port; a loopback address.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5000")]
    pub(crate) listen: SocketAddr,
    /// Takes no writes.
    #[arg(long)]
    pub(crate) read_only: bool,
}
