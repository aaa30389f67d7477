use crate::{Form, Root, SignedBy, Text};
use std::fmt;

/// Somebody whose signatures count.
#[derive(Clone, Debug)]
pub enum Signer {
    /// The holder of a key.
    Key {
        /// The key's name, for people.
        name: String,
        /// The public key (RFC 7468, `PUBLIC KEY`).
        pem: String,
    },
    /// Whoever has certificates that say this.
    Certificate(Box<Certificate>),
}

/// What certificates must say.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Whom they name.
    pub identity: Text,
    /// Who vouches for that.
    pub issuer: Text,
    /// What else, as it was written: `NAME=VALUE`, or `NAME~REGEX`.
    pub claims: Vec<String>,
    /// Whose certificates count.
    pub root: Root,
}

impl Signer {
    /// Returns what shows whose signatures they are.
    pub fn signed_by(&self) -> SignedBy {
        match self {
            Self::Key { .. } => SignedBy::Key,
            Self::Certificate(certificate) => match &certificate.identity {
                Text::Exact(subject) => SignedBy::named(subject),
                Text::Pattern(_) => SignedBy::Workflow,
            },
        }
    }

    pub(crate) fn certificate(&self) -> Option<&Certificate> {
        match self {
            Self::Key { .. } => None,
            Self::Certificate(certificate) => Some(certificate),
        }
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { name, .. } => write!(formatter, "the key `{name}`"),
            Self::Certificate(certificate) => certificate.fmt(formatter),
        }
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, for whom {} vouches", self.identity, self.issuer)
    }
}

impl fmt::Display for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Bundle => "bundle",
            Self::Legacy => "legacy",
        })
    }
}
