use crate::reason;
use consign_oci::Digest;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why something could not be fetched. Addresses are shown without credentials and without their query.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address cannot be parsed, or is not one of `http`, `https` or `file`.
    #[error("`{url}` is not an address that can be fetched: expected `http://`, `https://` or `file:///`")]
    Address {
        /// The address.
        url: String,
    },
    /// There is nothing at the address.
    #[error("{url}: not found")]
    NotFound {
        /// The address.
        url: String,
    },
    /// The server refused.
    #[error("{url}: the server answered {status}")]
    Status {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server could not be reached, or the connection broke, in every attempt.
    #[error("{url}: {}", reason(error))]
    Connection {
        /// The address.
        url: String,
        /// What went wrong the last time. Not a source: what its layers say one after the other is one thing, which the message says.
        error: reqwest::Error,
    },
    /// The server redirects to where consign does not follow.
    #[error("{url}: redirected to where consign does not follow")]
    Redirect {
        /// The address.
        url: String,
        /// The rule that the redirect breaks.
        source: RedirectError,
    },
    /// There are no certificates to check a server with.
    #[error(
        "{url}: there are no trusted certificates on this machine: install ca-certificates, or name a file in SSL_CERT_FILE"
    )]
    Certificates {
        /// The address.
        url: String,
        /// What went wrong when they were loaded.
        source: Arc<reqwest::Error>,
    },
    /// There is more than was allowed.
    #[error("{url}: larger than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The most that was allowed, in bytes.
        limit: u64,
        /// How many bytes there are, where that is known.
        size: Option<u64>,
    },
    /// The bytes are not as many as they should be.
    #[error("{url}: {}, expected {expected}", counted(*found, *expected))]
    Size {
        /// The address.
        url: String,
        /// How many bytes there are; `None` where it is only known that there are more than expected.
        found: Option<u64>,
        /// Bytes that were expected.
        expected: u64,
    },
    /// The bytes are not those that they should be.
    #[error("{url}: the digest is {found}, expected {expected}")]
    Digest {
        /// The address.
        url: String,
        /// The digest of what came.
        found: Digest,
        /// The digest that was expected.
        expected: Digest,
    },
    /// It is not in the cache, and the network is not to be used.
    #[error("{url}: not in the cache, and consign is offline")]
    Offline {
        /// The address.
        url: String,
    },
    /// A local file cannot be read, or the cache cannot be written.
    #[error("{path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client {
        /// What went wrong.
        source: reqwest::Error,
    },
}

/// The rule that a redirect breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// Too many in a row.
    #[error("more than {limit} redirects")]
    TooMany {
        /// The most that are followed.
        limit: usize,
    },
    /// What was asked for encrypted would come in the clear.
    #[error("from https to http")]
    Downgrade,
    /// Neither `http` nor `https`.
    #[error("to something other than http and https")]
    Scheme,
}

fn counted(found: Option<u64>, expected: u64) -> String {
    found.map_or_else(|| format!("more than {expected} bytes"), |found| format!("{found} bytes"))
}
