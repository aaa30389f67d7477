use super::{IdentityToken, TokenError, log_in};
use crate::Web;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use std::fmt;
use tokio::sync::Mutex;

/// How long a token must still hold for nobody to be asked again: those of persons end after a minute.
const MARGIN: SignedDuration = SignedDuration::from_secs(10);

/// A person, who logs in with a browser where that is needed.
pub struct Person {
    /// Where they log in.
    pub issuer: Url,
    announce: Box<dyn Fn(&str) + Send + Sync>,
    token: Mutex<Option<IdentityToken>>,
}

impl Person {
    /// Names where a person logs in. `announce` is given the address that their browser should open.
    pub fn new(issuer: Url, announce: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { issuer, announce: Box::new(announce), token: Mutex::default() }
    }

    /// Returns the token of before as long as it holds.
    pub(super) async fn token(&self, web: &Web) -> Result<IdentityToken, TokenError> {
        let mut kept = self.token.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| token.expires() > Timestamp::now() + MARGIN) {
            return Ok(token.clone());
        }
        let token = log_in(web, &self.issuer, |address| (self.announce)(address)).await?;
        *kept = Some(token.clone());
        Ok(token)
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Person(at {})", self.issuer)
    }
}
