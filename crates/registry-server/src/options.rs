use crate::AccessRecord;
use consign_oci::Digest;
use consign_receipt::{Admission, AllowAll};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Is told of each answer.
pub type AccessLog = Box<dyn Fn(&AccessRecord) + Send + Sync>;

/// How a registry is served.
pub struct Options {
    /// The folder that everything is kept in. It is made where it is missing.
    pub root: PathBuf,
    /// What writers show, as `Bearer TOKEN` or as the password of Basic authentication. Without it anyone may write.
    pub write_token: Option<WriteToken>,
    /// Whether nobody may write. Then the folder must be there, nothing in it changes, and another process may write to it meanwhile.
    pub read_only: bool,
    /// Whether addresses other than loopback ones may be served.
    pub allow_remote: bool,
    /// Whether the referrers API is there. Without it, clients keep lists of referrers under tags.
    pub referrers_api: bool,
    /// Where answers are told of.
    pub access_log: Option<AccessLog>,
    /// Decides about each manifest that is pushed.
    pub admission: Arc<dyn Admission>,
}

impl Options {
    /// Returns the options of a plain registry in this folder: loopback only, anyone may write, no log.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            write_token: None,
            read_only: false,
            allow_remote: false,
            referrers_api: true,
            access_log: None,
            admission: Arc::new(AllowAll),
        }
    }
}

/// What a writer must show. Only its hash is kept, so that comparing takes the same time whatever is shown.
#[derive(Clone)]
pub struct WriteToken(Digest);

impl WriteToken {
    /// Makes the token of this text; an empty text is none.
    pub fn new(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(Digest::of(text.as_bytes())))
    }

    /// Returns whether this is the token.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        self.0.matches(text)
    }
}

impl fmt::Debug for WriteToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WriteToken")
    }
}
