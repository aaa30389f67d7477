use crate::{Artifact, Certified, Claimed, Keyless, LegacyError, TrustError, attestation_bundle, signature_bundle};
use consign_oci::{Digest, Exact};
use consign_receipt::{Identity, Receipt, Statement, Trust};
use consign_sign::{Bundle, BundleError, LegacyLayer, LegacySignature, Payload, PublicKey};
use std::fmt;

/// Somebody whose signatures count.
#[derive(Clone, Debug)]
pub enum Authority {
    /// The holder of a key.
    Key(PublicKey),
    /// Whoever has certificates that meet some conditions.
    Keyless(Box<Keyless>),
}

/// Who signed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// The holder of the key with this fingerprint.
    Key(Digest),
    /// Whom a certificate names.
    Certificate(Box<Certified>),
}

/// Why a signature does not count.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// It is not the key's, or over something else.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The certificate, or what vouches for it and for the time, is wrong.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// What cosign's older form says beside it is malformed.
    #[error(transparent)]
    Legacy(#[from] LegacyError),
}

/// What is wrong with what somebody signed.
#[derive(Debug)]
pub enum Refusal {
    /// It is signed by nobody whose signatures count; who it says that it is by, and why it does not count, for people.
    Foreign(Option<String>),
    /// It says that it is by somebody whose signatures count, or is, and is wrong.
    Wrong(SignatureError),
}

/// What one authority makes of a signature.
type Judged<T> = Result<(T, SignedBy), SignatureError>;

impl Authority {
    /// Returns what stands for it in receipts and policies.
    pub fn identity(&self) -> Identity {
        match self {
            Self::Key(key) => key.identity(),
            Self::Keyless(keyless) => Identity::Certificate(keyless.conditions.to_string()),
        }
    }

    /// Returns the statement in a bundle as a receipt, if one of some authorities signed it about `subject`.
    pub fn receipt(authorities: &[Self], bundle: &Bundle, subject: &Digest) -> Option<Receipt> {
        let (statement, _, authority) = statement_in(bundle, authorities, subject).ok()?;
        Some(Receipt { statement, trust: Trust::Signed(authority.identity()) })
    }

    fn statement(&self, bundle: &Bundle, subject: &Digest) -> Judged<Exact<Statement>> {
        match self {
            Self::Key(key) => Ok((bundle.verify(key, subject)?, SignedBy::Key(key.fingerprint()))),
            Self::Keyless(keyless) => {
                let certified = keyless.verify(bundle.content(), Artifact::Statement)?;
                Ok((bundle.statement(subject)?, SignedBy::Certificate(Box::new(certified))))
            }
        }
    }

    fn is_named_by(&self, bundle: &Bundle) -> bool {
        match self {
            Self::Key(key) => bundle.names(key),
            Self::Keyless(keyless) => keyless.is_claimed_by(bundle.content()),
        }
    }

    fn payload(&self, layer: &LegacyLayer, image: &Digest) -> Judged<Payload> {
        match self {
            Self::Key(key) => {
                let payload = LegacySignature::read(layer.clone())?.verify(key, image)?;
                Ok((payload, SignedBy::Key(key.fingerprint())))
            }
            Self::Keyless(keyless) => {
                let bundle = signature_bundle(&layer.descriptor.annotations)?;
                let certified = keyless.verify(&bundle, Artifact::Bytes(&layer.bytes))?;
                let payload = Payload::read(&layer.bytes).map_err(BundleError::from)?;
                payload.check(image).map_err(BundleError::from)?;
                Ok((payload, SignedBy::Certificate(Box::new(certified))))
            }
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(formatter, "key {}", key.fingerprint()),
            Self::Keyless(keyless) => keyless.conditions.fmt(formatter),
        }
    }
}

/// Reads an envelope in the older form, with what its layer says of it.
pub fn envelope(layer: &LegacyLayer) -> Result<Bundle, SignatureError> {
    Ok(Bundle::of(attestation_bundle(&layer.descriptor.annotations, &layer.bytes)?)?)
}

/// Returns the statement in a bundle, with the one of some authorities that signed it.
pub fn statement_in<'a>(
    bundle: &Bundle,
    authorities: &'a [Authority],
    subject: &Digest,
) -> Result<(Exact<Statement>, SignedBy, &'a Authority), Refusal> {
    let claimed = Claimed::of(bundle.content());
    let is_named = authorities.iter().any(|authority| authority.is_named_by(bundle));
    let by = match &claimed {
        Some(claimed) => Some(claimed.to_string()),
        None => bundle.named_key().map(|key| format!("key {key}")),
    };
    signed(authorities, is_named, by, |authority| authority.statement(bundle, subject))
}

/// Returns what is signed in cosign's older form, with the one of some authorities that signed it.
pub fn payload_in<'a>(
    layer: &LegacyLayer,
    authorities: &'a [Authority],
    image: &Digest,
) -> Result<(Payload, SignedBy, &'a Authority), Refusal> {
    let bundle = signature_bundle(&layer.descriptor.annotations).ok();
    let claimed = bundle.as_ref().and_then(Claimed::of);
    let is_named = authorities.iter().any(|authority| match (authority, &claimed) {
        (Authority::Keyless(keyless), Some(claimed)) => keyless.compare(claimed).is_ok(),
        _ => false,
    });
    signed(authorities, is_named, claimed.map(|claimed| claimed.to_string()), |authority| {
        authority.payload(layer, image)
    })
}

/// Returns what the first of some authorities signed. Of errors one that is about more than the signature: that was right. What says that it is by
/// one of them, and is not, is wrong; anything else is a stranger's.
fn signed<'a, T>(
    authorities: &'a [Authority],
    is_named: bool,
    by: Option<String>,
    read: impl Fn(&'a Authority) -> Judged<T>,
) -> Result<(T, SignedBy, &'a Authority), Refusal> {
    let (mut found, mut mismatch) = (None, None);
    for authority in authorities {
        match read(authority) {
            Ok((signed, by)) => return Ok((signed, by, authority)),
            Err(error) if is_signed(&error) => found = Some(error),
            Err(SignatureError::Trust(error)) if !matches!(error, TrustError::ByKey) => {
                mismatch = Some(error.to_string());
                found = found.or(Some(SignatureError::Trust(error)));
            }
            Err(error) => found = found.or(Some(error)),
        }
    }
    match found {
        Some(error) if is_named || is_signed(&error) => Err(Refusal::Wrong(error)),
        _ => Err(Refusal::Foreign(match (by, mismatch) {
            (Some(by), Some(mismatch)) => Some(format!("{by} ({mismatch})")),
            (by, _) => by,
        })),
    }
}

/// Returns whether an authority signed, but something else than it should have.
fn is_signed(error: &SignatureError) -> bool {
    match error {
        SignatureError::Bundle(BundleError::Signature { .. } | BundleError::NoSignature) => false,
        SignatureError::Bundle(_) => true,
        SignatureError::Trust(_) | SignatureError::Legacy(_) => false,
    }
}
