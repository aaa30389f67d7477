use super::{Cloud, CloudError, Login};
use crate::Credentials;
use crate::web::Web;
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A login is replaced this long before it ends.
const MARGIN: SignedDuration = SignedDuration::from_mins(3);
/// How long nobody looks again for an identity that was not there.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a client has of a registry of a cloud. Whoever changes it keeps others waiting, so that of several requests that need the same one asks for it.
#[derive(Default)]
pub(crate) struct Held {
    login: Option<Login>,
    /// Until when it holds that there is no identity: a machine that gives none takes a while to say so.
    nobody: Option<Instant>,
}

/// Speaks to a cloud about a registry.
pub(crate) struct Session<'a> {
    /// The registry's name.
    pub(crate) name: &'a str,
    /// `scheme://host` of the registry.
    pub(crate) base: String,
    pub(crate) cloud: &'a Cloud,
    pub(crate) held: &'a Mutex<Held>,
    pub(crate) web: Web<'a>,
}

impl Session<'_> {
    /// Returns how to log in. Where nothing says who we are, nobody is logged in: many of these registries can be read from by anybody.
    pub(crate) async fn login(&self) -> Result<Credentials, CloudError> {
        let mut held = self.held.lock().await;
        let now = Timestamp::now();
        if let Some(login) = held.login.as_ref().filter(|login| now + MARGIN < login.expires) {
            return Ok(login.credentials.clone());
        }
        if held.nobody.is_some_and(|until| Instant::now() < until) {
            return Ok(Credentials::Anonymous);
        }
        let found = match self.cloud {
            Cloud::Google(google) => google.login(self.web).await?,
            Cloud::Azure(azure) => azure.login(self.web, self.name, &self.base).await?,
        };
        match found {
            Some(login) => Ok(held.login.insert(login).credentials.clone()),
            None => {
                held.nobody = Some(Instant::now() + PATIENCE);
                Ok(Credentials::Anonymous)
            }
        }
    }
}
