use super::api::Api;
use super::{Ecr, Registry};
use crate::auth::Action;
use crate::aws::{Asked, AwsError, Keys, Role};
use crate::held::{self, Login};
use crate::web::Web;
use crate::{Credentials, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use consign_oci::Repository;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, MutexGuard};

/// A login is replaced this long before it ends.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);
/// How long nobody looks again for keys that were not there.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a client has of a registry of ECR. Whoever changes it keeps others waiting, so that of several requests that need the same one asks for it.
#[derive(Default)]
pub(crate) struct Held {
    keys: Option<Keys>,
    /// Until when it holds that there are none: a machine that gives none takes a while to say so.
    without_keys: Option<Instant>,
    login: held::Held<AwsError>,
    /// Whether the public registry is read without a login.
    is_anonymous: bool,
    created: HashSet<Repository>,
}

/// What `GetAuthorizationToken` answers: a list for private registries, and one for the public one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    authorization_data: Data,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Data {
    One(Authorization),
    Several([Authorization; 1]),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authorization {
    authorization_token: String,
    /// Seconds since 1970.
    expires_at: f64,
}

/// Speaks to AWS about a registry.
pub(crate) struct Session<'a> {
    /// The registry's name.
    pub(crate) name: &'a str,
    pub(crate) ecr: &'a Ecr,
    pub(crate) held: &'a Mutex<Held>,
    pub(crate) web: Web<'a>,
}

impl Session<'_> {
    /// Returns how to log in: keys of AWS, exchanged for a name and a password that hold for half a day (`GetAuthorizationToken`).
    ///
    /// The public registry is read from by anybody, so there a login that is not to be had is none that is needed.
    pub(crate) async fn login(&self, action: Action<'_>) -> Result<Credentials, AwsError> {
        let mut held = self.held.lock().await;
        let only_reads = self.ecr.registry.is_public() && matches!(action, Action::Pull);
        match held.login.known(MARGIN) {
            Some(Err(_)) if only_reads => return Ok(Credentials::Anonymous),
            Some(known) => return known,
            None if only_reads && held.is_anonymous => return Ok(Credentials::Anonymous),
            None => {}
        }
        let asked = if only_reads { Asked::Named } else { Asked::All };
        match self.new_login(&mut held, asked).await {
            Err(_) if only_reads => {
                held.is_anonymous = true;
                Ok(Credentials::Anonymous)
            }
            login => held.login.learn(login.map(Some)),
        }
    }

    /// Forgets a login that the registry did not take.
    pub(crate) async fn refuse(&self, authorization: &str) {
        self.held.lock().await.login.refuse(authorization);
    }

    /// Returns whether repositories are made that are pushed to and not there.
    pub(crate) fn creates(&self) -> bool {
        self.ecr.create == Some(true)
    }

    /// Makes a repository, unless this client has done so.
    pub(crate) async fn create(&self, repository: &Repository) -> Result<(), AwsError> {
        let mut held = self.held.lock().await;
        if held.created.contains(repository) {
            return Ok(());
        }
        let keys = self.keys(&mut held, Asked::All).await?;
        self.api(&keys, &self.endpoint()).create(repository, &self.ecr.new).await?;
        held.created.insert(repository.clone());
        Ok(())
    }

    async fn new_login(&self, held: &mut MutexGuard<'_, Held>, asked: Asked) -> Result<Login, AwsError> {
        let keys = self.keys(held, asked).await?;
        let answer: Answer = self.api(&keys, &self.endpoint()).ask("GetAuthorizationToken", &json!({})).await?;
        let (Data::One(data) | Data::Several([data])) = answer.authorization_data;
        let decoded = BASE64.decode(data.authorization_token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let named = decoded.as_deref().and_then(|text| text.split_once(':'));
        let (username, password) =
            named.ok_or_else(|| AwsError::source("Amazon ECR", "its authorization token is none"))?;
        let credentials = Credentials::Basic { username: username.to_owned(), password: Secret::new(password) };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "what is too large becomes the largest number, which is no time"
        )]
        let expires = Timestamp::from_second(data.expires_at as i64).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(Login { credentials, expires })
    }

    /// Returns the keys for what is not a login.
    pub(super) async fn any_keys(&self, asked: Asked) -> Result<Keys, AwsError> {
        self.keys(&mut self.held.lock().await, asked).await
    }

    async fn keys(&self, held: &mut MutexGuard<'_, Held>, asked: Asked) -> Result<Keys, AwsError> {
        if let Some(keys) = held.keys.as_ref().filter(|keys| keys.last(Timestamp::now())) {
            return Ok(keys.clone());
        }
        let missing = |role| {
            let lacks = self.ecr.sources.lacks(role);
            AwsError::NoCredentials { registry: self.name.to_owned(), lacks }
        };
        let sts = self.ecr.registry.sts();
        let role = Role { name: self.ecr.role.as_deref(), audience: self.ecr.audience.as_deref(), sts: &sts };
        if held.without_keys.is_some_and(|until| Instant::now() < until) {
            return Err(missing(role));
        }
        match self.ecr.sources.find(self.web, role, asked).await? {
            Some(keys) => Ok(held.keys.insert(keys).clone()),
            None => {
                if asked == Asked::All {
                    held.without_keys = Some(Instant::now() + PATIENCE);
                }
                Err(missing(role))
            }
        }
    }

    pub(super) fn api<'a>(&'a self, keys: &'a Keys, endpoint: &'a str) -> Api<'a> {
        Api { web: self.web, registry: &self.ecr.registry, endpoint, keys }
    }

    pub(super) fn endpoint(&self) -> String {
        let elsewhere = match self.ecr.registry {
            Registry::Private { .. } => &self.ecr.sources.endpoints.ecr,
            Registry::Public { .. } => &self.ecr.sources.endpoints.ecr_public,
        };
        self.ecr.endpoint.as_ref().or(elsewhere.as_ref()).cloned().unwrap_or_else(|| self.ecr.registry.service())
    }
}
