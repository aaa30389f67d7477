/// What is asked of a transparency log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Log {
    /// The bundle proves that a log of the trusted root has the signature, if that root has any log.
    #[default]
    Required,
    /// What the bundle says of a log is true; it may say nothing.
    IfPresent,
    /// Nothing: not even what the bundle says is looked at, except that it is about this signature, and the time of a log's promise.
    Ignored,
}

/// How strict a verification is.
///
/// A trusted root that has no log, such as that of GitHub for private repositories, cannot vouch that a signature is in one; one without logs of
/// certificates cannot vouch for these. Neither is asked for then. Some authenticated time of the signature is asked for in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What is asked of a transparency log.
    pub log: Log,
    /// Whether the certificate must prove that a log of certificates has it (a Signed Certificate Timestamp, RFC 6962), if the root has such logs.
    pub certificate_log: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { log: Log::Required, certificate_log: true }
    }
}
