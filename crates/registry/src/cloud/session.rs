use super::{Cloud, CloudError};
use crate::web::Web;
use crate::{Credentials, held};
use jiff::SignedDuration;
use tokio::sync::Mutex;

/// A login is replaced this long before it ends.
const MARGIN: SignedDuration = SignedDuration::from_mins(3);

/// What a client has of a registry of a cloud. Whoever changes it keeps others waiting, so that of several requests that need the same one asks for it.
pub(crate) type Held = held::Held<CloudError>;

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
        if let Some(known) = held.known(MARGIN) {
            return known;
        }
        let found = match self.cloud {
            Cloud::Google(google) => google.login(self.web).await,
            Cloud::Azure(azure) => azure.login(self.web, self.name, &self.base).await,
        };
        held.learn(found)
    }

    /// Forgets a login that the registry did not take.
    pub(crate) async fn refuse(&self, authorization: &str) {
        self.held.lock().await.refuse(authorization);
    }
}
