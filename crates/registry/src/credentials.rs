use std::fmt;

/// The name that stands for an identity token instead of a user (docker-credential-helpers, "Development").
pub(crate) const IDENTITY: &str = "<token>";

/// How to log in to a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// With a token that the token service exchanges for others (distribution, "OAuth2 Token Authentication"). The registry never sees it.
    Identity(Secret),
    /// With a token, shown as it is.
    Bearer(Secret),
}

impl Credentials {
    /// Makes credentials of a name and a password; the name `<token>` says that the password is an identity token.
    pub fn named(username: impl Into<String>, password: impl Into<String>) -> Self {
        let (username, password) = (username.into(), Secret::new(password));
        if username == IDENTITY { Self::Identity(password) } else { Self::Basic { username, password } }
    }

    /// Makes credentials of what somebody keeps; `None` if that is neither a name nor a password.
    pub(crate) fn kept(username: &str, password: &str) -> Option<Self> {
        (!username.is_empty() || !password.is_empty()).then(|| Self::named(username, password))
    }
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq, Hash)]
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
