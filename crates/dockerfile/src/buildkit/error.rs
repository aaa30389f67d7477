use super::failure::Failure;
use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Why a builder did not build.
#[derive(Debug, thiserror::Error)]
pub enum BuildkitError {
    /// Nothing answers there.
    #[error("cannot connect to the builder {address}: is a BuildKit daemon or Docker engine running there?")]
    Connect {
        /// The builder.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// The program that was to reach the builder does not.
    #[error("`{command}` does not reach a builder{}", said(message))]
    Command {
        /// The program and its arguments.
        command: String,
        /// The end of what it printed.
        message: String,
    },
    /// Secrets would cross the network unencrypted.
    #[error(
        "{address} is on another machine, and no certificates are given: give them, or add `?plaintext=true` if the \
         network in between is trusted with everything that the build is"
    )]
    Plaintext {
        /// The builder.
        address: String,
    },
    /// Certificates or a key cannot be used.
    #[error("the {what} for the builder {address} cannot be used: it is to be in PEM form")]
    Certificate {
        /// The builder.
        address: String,
        /// Which of them.
        what: &'static str,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A Docker engine said no.
    #[error("the engine {address} answers {status} to {request}{}", said(message))]
    Engine {
        /// The engine.
        address: String,
        /// Method and path of the request.
        request: String,
        /// HTTP status of the answer.
        status: u16,
        /// The engine's own words.
        message: String,
    },
    /// The connection broke.
    #[error("the connection to the builder {address} broke during {call}")]
    Broken {
        /// The builder.
        address: String,
        /// What was asked for.
        call: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The daemon said no to something else than a build.
    #[error("the builder {address} answers {code} to {call}{}", said(message))]
    Call {
        /// The builder.
        address: String,
        /// What was asked for.
        call: String,
        /// gRPC's word for the kind of error.
        code: &'static str,
        /// The daemon's own words.
        message: String,
    },
    /// The build failed.
    #[error("{0}")]
    Build(Box<Failure>),
    /// The build ended well, but nothing was handed over.
    #[error("the builder {address} built the image, but handed nothing over")]
    NoOutput {
        /// The builder.
        address: String,
    },
    /// The daemon hands over more than is taken.
    #[error("the builder {address} hands over more than {limit} bytes: raise the limit if the image is that large")]
    OutputLimit {
        /// The builder.
        address: String,
        /// The most that is taken, in bytes.
        limit: u64,
    },
    /// What was built could not be written.
    #[error("cannot write what the builder hands over")]
    Output(#[source] io::Error),
    /// A folder of the build cannot be opened.
    #[error("cannot open the folder {path} of the build", path = path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A cache that no daemon can reach.
    #[error(
        "a cache of kind `local` lies in a folder of this machine, where the builder does not see it: use `registry`"
    )]
    LocalCache,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random(#[source] io::Error),
}

fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}
