//! Registries of clouds that give tokens for identities: Google's Artifact Registry, and Azure's Container Registry.

mod azure;
mod error;
mod google;
mod near;
mod session;

pub use azure::{Azure, AzureEndpoints, IdentityService};
pub use error::CloudError;
pub use google::{Google, GoogleEndpoints};

pub(crate) use session::{Held, Session};

use crate::held::Login;
use jiff::{SignedDuration, Timestamp};

/// The longest that a token is believed to last.
const LONGEST: i64 = 24 * 60 * 60;

/// What is particular about a registry of a cloud: where tokens for it come from.
#[derive(Clone, Debug)]
pub enum Cloud {
    /// Google's.
    Google(Google),
    /// Azure's.
    Azure(Azure),
}

/// Returns the time in so many seconds, for what a service says about a token.
fn after(seconds: i64) -> Timestamp {
    let now = Timestamp::now();
    now.checked_add(SignedDuration::from_secs(seconds.clamp(0, LONGEST))).unwrap_or(now)
}
