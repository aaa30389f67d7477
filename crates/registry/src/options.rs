use std::collections::BTreeMap;
use std::fmt;

/// How a client speaks to registries.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What is particular about some hosts, by `host` or `host:port` as repositories name them.
    pub hosts: BTreeMap<String, HostOptions>,
    /// Certificates (PEM) that are trusted besides the system's.
    pub certificates: Vec<Vec<u8>>,
    /// Says who asks.
    pub user_agent: String,
}

/// What is particular about one registry.
#[derive(Clone, Debug, Default)]
pub struct HostOptions {
    /// Whether to speak plain HTTP. `None`: on loopback only.
    pub plain_http: Option<bool>,
    /// How to log in.
    pub credentials: Credentials,
}

/// How to log in to a registry.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// Not at all.
    #[default]
    Anonymous,
    /// With a name and a password, which may be exchanged for a token.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// With a token, shown as it is.
    Bearer(Secret),
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text from being printed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text, to be sent to the one it is for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}
