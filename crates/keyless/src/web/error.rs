/// Why a service gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The client for encrypted connections cannot be made.
    #[error("no connections can be made")]
    Client {
        /// Why not.
        source: reqwest::Error,
    },
    /// An address is none.
    #[error("`{url}` is not a URL")]
    Address {
        /// What was given, at most 200 characters of it.
        url: String,
    },
    /// An address is elsewhere, and not asked by HTTPS.
    #[error("{url} is not reached by HTTPS")]
    Plain {
        /// The address.
        url: String,
    },
    /// A value cannot stand in a header.
    #[error("{url}: the header `{name}` would hold what no header can")]
    Header {
        /// What was to be asked.
        url: String,
        /// The header.
        name: &'static str,
    },
    /// There is no connection.
    #[error("{url}: {reason}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why not, in a few words.
        reason: String,
    },
    /// No answer came in time.
    #[error("{url} does not answer in time")]
    Timeout {
        /// What was asked.
        url: String,
    },
    /// The service sends whoever asks elsewhere.
    #[error("{url} redirects ({status}): what is asked may be secret, so no redirect is followed")]
    Redirect {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// The answer is of no use.
    #[error("{url}: the answer is {status}")]
    Status {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// The answer is too large.
    #[error("{url}: the answer has more than {limit} bytes")]
    TooLarge {
        /// What was asked.
        url: String,
        /// The largest answer that is read, in bytes.
        limit: usize,
    },
}
