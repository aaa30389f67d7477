use crate::Credentials;
use crate::auth::basic;
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};

/// How long nobody looks again for a login that was not to be had: to find that out takes a while.
const PATIENCE: Duration = Duration::from_secs(60);

/// How to log in, and until when.
pub(crate) struct Login {
    pub(crate) credentials: Credentials,
    pub(crate) expires: Timestamp,
}

/// What a client has of a login that somebody gives, or why it has none.
pub(crate) struct Held<E> {
    login: Option<Login>,
    /// Until when it holds that there is none. Without an error nothing says who we are.
    missing: Option<(Instant, Option<E>)>,
}

impl<E> Default for Held<E> {
    fn default() -> Self {
        Self { login: None, missing: None }
    }
}

impl<E: Clone> Held<E> {
    /// Returns what is known. A login is replaced that long before it ends.
    pub(crate) fn known(&self, margin: SignedDuration) -> Option<Result<Credentials, E>> {
        let now = Timestamp::now();
        if let Some(login) = self.login.as_ref().filter(|login| now + margin < login.expires) {
            return Some(Ok(login.credentials.clone()));
        }
        let (_, error) = self.missing.as_ref().filter(|(until, _)| Instant::now() < *until)?;
        Some(error.clone().map_or(Ok(Credentials::Anonymous), Err))
    }

    /// Notes what was found.
    pub(crate) fn learn(&mut self, found: Result<Option<Login>, E>) -> Result<Credentials, E> {
        let error = match found {
            Ok(Some(login)) => return Ok(self.login.insert(login).credentials.clone()),
            Ok(None) => None,
            Err(error) => Some(error),
        };
        self.missing = Some((Instant::now() + PATIENCE, error.clone()));
        error.map_or(Ok(Credentials::Anonymous), Err)
    }

    /// Forgets a login that the registry did not take, if it is still the one that is held.
    pub(crate) fn refuse(&mut self, authorization: &str) {
        if let Some(Login { credentials: Credentials::Basic { username, password }, .. }) = &self.login
            && basic(username, password.expose()) == authorization
        {
            self.login = None;
        }
    }
}
