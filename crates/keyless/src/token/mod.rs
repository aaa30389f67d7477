//! Identity tokens (OpenID Connect Core 1.0, section 2), and who gives them.

mod ambient;
mod browser;
mod claims;
mod error;
mod github;
mod person;
mod program;
mod redirect;

pub use ambient::Source;
pub use browser::log_in;
pub use error::TokenError;
pub use person::Person;

pub use claims::CertificateName;

pub(crate) use claims::Claims;

use crate::{Secret, Visibility};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::Timestamp;
use std::fmt;

/// Whom tokens are for.
pub(crate) const AUDIENCE: &str = "sigstore";
/// Longest token, in bytes.
const LIMIT: usize = 64 << 10;

/// Says who somebody is, to those who trust its issuer. Nobody has checked its signature yet: that is the certificate authority's part, and all that it
/// says is hearsay until then.
#[derive(Clone)]
pub struct IdentityToken {
    raw: Secret,
    claims: Claims,
}

impl IdentityToken {
    /// Reads a JSON Web Token (RFC 7519).
    pub fn read(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if text.len() > LIMIT {
            return Err(TokenError::TooLong { limit: LIMIT });
        }
        // What parsers say may quote what they read.
        let mut parts = text.split('.');
        let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(TokenError::Form);
        };
        let claims = BASE64.decode(claims).map_err(|_| TokenError::Form)?;
        let claims = serde_json::from_slice(&claims).map_err(|_| TokenError::Form)?;
        Ok(Self { raw: Secret::new(text), claims: Claims::new(claims)? })
    }

    /// Returns who gave it.
    pub fn issuer(&self) -> &str {
        &self.claims.issuer
    }

    /// Returns until when it holds.
    pub fn expires(&self) -> Timestamp {
        self.claims.expires
    }

    /// Returns the name that certificates for it have, as far as that follows.
    pub fn certificate_name(&self) -> CertificateName {
        self.claims.certificate_name()
    }

    /// Returns whom certificates for it name as issuer: where somebody logs in elsewhere, that is the elsewhere.
    pub fn certificate_issuer(&self) -> &str {
        self.claims.issuers().last().unwrap_or(&self.claims.issuer)
    }

    /// Returns a claim that is a text, such as `repository` or `sha` of GitHub's tokens.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims.text(name)
    }

    /// Returns who may see the repository that the token is for, if it says so.
    pub fn visibility(&self) -> Option<Visibility> {
        self.claims.visibility()
    }

    pub(crate) fn raw(&self) -> &Secret {
        &self.raw
    }

    pub(crate) fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Refuses a token that would be refused by whoever is shown it.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), TokenError> {
        if !self.claims.is_for(AUDIENCE) {
            return Err(TokenError::Audience { issuer: self.issuer().to_owned(), found: self.claims.audiences() });
        }
        if self.expires() <= now {
            return Err(TokenError::Expired { issuer: self.issuer().to_owned(), at: self.expires() });
        }
        Ok(())
    }
}

impl fmt::Debug for IdentityToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "IdentityToken(of {})", self.issuer())
    }
}
