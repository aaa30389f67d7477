use consign_oci::{Digest, Exact};
use consign_receipt::{Identity, Statement};
use consign_sign::{Bundle, BundleError, LegacySignature, Payload, PublicKey};
use std::fmt;

/// Somebody whose signatures count.
#[derive(Clone, Debug)]
pub enum Authority {
    /// The holder of a key.
    Key(PublicKey),
}

/// What is wrong with what somebody signed.
pub(crate) enum Refusal {
    /// It is signed by nobody whose signatures count; who it says that it is by, for people.
    Foreign(Option<String>),
    /// It says that it is by somebody whose signatures count, or is, and is wrong.
    Wrong(BundleError),
}

impl Authority {
    /// Returns what stands for it in receipts and policies.
    pub fn identity(&self) -> Identity {
        match self {
            Self::Key(key) => key.identity(),
        }
    }

    fn statement(&self, bundle: &Bundle, subject: &Digest) -> Result<Exact<Statement>, BundleError> {
        match self {
            Self::Key(key) => bundle.verify(key, subject),
        }
    }

    fn is_named_by(&self, bundle: &Bundle) -> bool {
        match self {
            Self::Key(key) => bundle.names(key),
        }
    }

    fn payload(&self, signature: &LegacySignature, image: &Digest) -> Result<Payload, BundleError> {
        match self {
            Self::Key(key) => signature.verify(key, image),
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(formatter, "key {}", key.fingerprint()),
        }
    }
}

/// Returns the statement in a bundle, with the one of some authorities that signed it.
pub(crate) fn statement_in<'a>(
    bundle: &Bundle,
    authorities: &'a [Authority],
    subject: &Digest,
) -> Result<(Exact<Statement>, &'a Authority), Refusal> {
    signed(authorities, |authority| authority.statement(bundle, subject)).map_err(|error| match error {
        Some(error @ BundleError::Signature { .. }) if authorities.iter().any(|one| one.is_named_by(bundle)) => {
            Refusal::Wrong(error)
        }
        None | Some(BundleError::Signature { .. }) => {
            Refusal::Foreign(bundle.hint().filter(|hint| !hint.is_empty()).map(|hint| format!("key {}", clip(hint))))
        }
        Some(error) => Refusal::Wrong(error),
    })
}

/// Returns what is signed in cosign's older form, with the one of some authorities that signed it.
pub(crate) fn payload_in<'a>(
    signature: &LegacySignature,
    authorities: &'a [Authority],
    image: &Digest,
) -> Result<(Payload, &'a Authority), Refusal> {
    signed(authorities, |authority| authority.payload(signature, image)).map_err(|error| match error {
        None | Some(BundleError::Signature { .. }) => Refusal::Foreign(None),
        Some(error) => Refusal::Wrong(error),
    })
}

/// Returns what the first of some authorities signed. Of errors one that is about more than the signature: that was right.
fn signed<'a, T>(
    authorities: &'a [Authority],
    read: impl Fn(&'a Authority) -> Result<T, BundleError>,
) -> Result<(T, &'a Authority), Option<BundleError>> {
    let mut found = None;
    for authority in authorities {
        match read(authority) {
            Ok(signed) => return Ok((signed, authority)),
            Err(error) if !matches!(error, BundleError::Signature { .. }) => found = Some(error),
            Err(error) => found = found.or(Some(error)),
        }
    }
    Err(found)
}

fn clip(text: &str) -> String {
    text.chars().take(80).collect()
}
