use futures::future::BoxFuture;
use std::fmt;
use std::sync::Arc;

/// Bytes that are never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Keeps bytes from being printed.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Returns the bytes, to be handed to the one they are for.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// How to log in to a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user; empty where the secret is an identity token.
    pub username: String,
    /// The password or token.
    pub secret: Secret,
}

/// Answers which login to use for a registry, given its host as the daemon writes it (`registry-1.docker.io` for Docker Hub); `None` for none.
/// The daemon gets logins for the hosts that it asks for, one at a time.
pub type Credentials = Arc<dyn Fn(String) -> BoxFuture<'static, Option<Login>> + Send + Sync>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_never_printed() {
        let login = Login { username: "somebody".to_owned(), secret: Secret::new("hunter2") };
        assert_eq!(format!("{login:?}"), "Login { username: \"somebody\", secret: Secret }");
    }
}
