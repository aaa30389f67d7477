//! What bundles say of themselves, before anybody has checked it.

use crate::shown::shown;
use crate::{Claim, Conditions, Keyless, TrustError, certificate};
use sigstore_types::Bundle;
use std::collections::BTreeMap;
use std::fmt;

/// Whom the certificate in a bundle names. Nothing vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    subject: String,
    claims: BTreeMap<Claim, String>,
}

impl Claimed {
    /// Reads the certificate; `None` where there is none that can be read.
    pub fn of(bundle: &Bundle) -> Option<Self> {
        let signer = bundle.signing_certificate()?;
        let claims = certificate::claims(&certificate::information(signer).ok()?);
        Some(Self { subject: certificate::subject(signer).ok()?, claims })
    }
}

impl fmt::Display for Claimed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuer = self.claims.get(&Claim::Issuer).map_or_else(|| "nobody".to_owned(), |issuer| shown(issuer));
        write!(formatter, "`{}`, for whom `{issuer}` vouches", shown(&self.subject))
    }
}

impl Keyless {
    /// Returns whether a bundle says that it is by somebody who meets the conditions. Nothing vouches for that.
    pub fn is_claimed_by(&self, bundle: &Bundle) -> bool {
        Claimed::of(bundle).is_some_and(|claimed| self.compare(&claimed).is_ok())
    }

    /// Compares what a bundle says of itself with the conditions.
    pub fn compare(&self, claimed: &Claimed) -> Result<(), TrustError> {
        self.conditions.check(&claimed.subject, &claimed.claims)
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(formatter)
    }
}
