use crate::Member;
use crate::member::{hex, members};
use crate::shown::shown;
use sigstore_trust_root::{
    SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_PRODUCTION_TRUSTED_ROOT, SIGSTORE_STAGING_TRUSTED_ROOT,
    TrustedRoot as Material,
};
use sigstore_types::{Checkpoint, LogKeyId, TimeRange};
use sigstore_verify::Verifier;
use sigstore_verify::crypto::VerificationKey;
use std::fmt;
use std::sync::Arc;

/// Largest file of roots, in bytes. That of the public Sigstore has some thousands.
const LIMIT: usize = 4 << 20;
/// Most roots in a file.
const ROOTS: usize = 16;
/// Most members of a root, of each kind.
const MEMBERS: usize = 256;
/// What the media types of all versions start with.
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot";

/// Whose logs, certificates and timestamps count: one Sigstore, or several of which each counts for itself.
#[derive(Clone)]
pub struct TrustedRoot {
    instances: Vec<Arc<Instance>>,
}

/// One Sigstore.
pub(crate) struct Instance {
    pub(crate) material: Material,
    pub(crate) verifier: Verifier,
}

/// A trusted root that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustedRootError {
    /// It is larger than is read.
    #[error("the trusted root has {length} bytes: at most {LIMIT} are read")]
    TooLarge {
        /// Its length in bytes.
        length: usize,
    },
    /// It is not what it should be.
    #[error("root {number} in it is not a trusted root of Sigstore")]
    Malformed {
        /// Which one, from 1.
        number: usize,
        /// What is wrong, with the line.
        source: serde_json::Error,
    },
    /// It is of a kind that is not known.
    #[error("root {number} in it is a `{media_type}`: expected `{MEDIA_TYPE}+json;version=0.1`")]
    MediaType {
        /// Which one, from 1.
        number: usize,
        /// What it says.
        media_type: String,
    },
    /// It names more than is read.
    #[error("root {number} in it has more than {MEMBERS} {what}")]
    TooMany {
        /// Which one, from 1.
        number: usize,
        /// Of what.
        what: &'static str,
    },
    /// There are more roots in it than are read.
    #[error("there are more than {ROOTS} roots in it")]
    TooManyRoots,
    /// There is none in it, or one that names nobody.
    #[error("root {number} in it names nobody who counts: neither authorities nor logs")]
    Empty {
        /// Which one, from 1.
        number: usize,
    },
    /// A key or a certificate in it is of no use.
    #[error("root {number} in it cannot be used: {detail}")]
    Material {
        /// Which one, from 1.
        number: usize,
        /// What is wrong.
        detail: String,
    },
}

impl TrustedRoot {
    /// Reads `trusted_root.json` (protobuf-specs, `sigstore_trustroot.proto`), or several one after the other, as `gh attestation trusted-root` prints
    /// them. What verifies by one of them verifies.
    pub fn read(bytes: &[u8]) -> Result<Self, TrustedRootError> {
        let length = bytes.len();
        if length > LIMIT {
            return Err(TrustedRootError::TooLarge { length });
        }
        let mut instances = Vec::new();
        for (number, material) in (1..).zip(serde_json::Deserializer::from_slice(bytes).into_iter::<Material>()) {
            if number > ROOTS {
                return Err(TrustedRootError::TooManyRoots);
            }
            let material = material.map_err(|source| TrustedRootError::Malformed { number, source })?;
            instances.push(Arc::new(Instance::new(number, material)?));
        }
        match instances.is_empty() {
            true => Err(TrustedRootError::Empty { number: 1 }),
            false => Ok(Self { instances }),
        }
    }

    /// Returns that of the public Sigstore (`sigstore.dev`), as it was when consign was made.
    pub fn public_good() -> Result<Self, TrustedRootError> {
        Self::read(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes())
    }

    /// Returns that of the public Sigstore for tries (`sigstage.dev`), as it was when consign was made.
    pub fn staging() -> Result<Self, TrustedRootError> {
        Self::read(SIGSTORE_STAGING_TRUSTED_ROOT.as_bytes())
    }

    /// Returns that of GitHub's own Sigstore, which signs for private repositories, as it was when consign was made. It has no logs.
    pub fn github() -> Result<Self, TrustedRootError> {
        Self::read(SIGSTORE_GITHUB_TRUSTED_ROOT.as_bytes())
    }

    /// Lists those who count, for each Sigstore.
    pub fn members(&self) -> Vec<Vec<Member>> {
        self.instances.iter().map(|instance| members(&instance.material)).collect()
    }

    /// Returns the JSON of each Sigstore, to be passed on.
    pub fn documents(&self) -> Result<Vec<serde_json::Value>, TrustedRootError> {
        let document = |(number, instance): (usize, &Arc<Instance>)| {
            serde_json::to_value(&instance.material).map_err(|source| TrustedRootError::Malformed { number, source })
        };
        (1..).zip(&self.instances).map(document).collect()
    }

    pub(crate) fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter().map(AsRef::as_ref)
    }
}

impl fmt::Debug for TrustedRoot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TrustedRoot({})", self.instances.len())
    }
}

impl Instance {
    fn new(number: usize, material: Material) -> Result<Self, TrustedRootError> {
        if !material.media_type.starts_with(MEDIA_TYPE) {
            return Err(TrustedRootError::MediaType { number, media_type: shown(&material.media_type) });
        }
        let counts = [
            ("logs", material.tlogs.len()),
            ("certificate authorities", material.certificate_authorities.len()),
            ("logs of certificates", material.ctlogs.len()),
            ("timestamp authorities", material.timestamp_authorities.len()),
        ];
        if let Some((what, _)) = counts.iter().find(|(_, count)| *count > MEMBERS) {
            return Err(TrustedRootError::TooMany { number, what });
        }
        if counts.iter().all(|(_, count)| *count == 0) {
            return Err(TrustedRootError::Empty { number });
        }
        let verifier = Verifier::new(&material)
            .map_err(|error| TrustedRootError::Material { number, detail: shown(&error.to_string()) })?;
        Ok(Self { material, verifier })
    }

    /// Returns whether signatures can be in a log.
    pub(crate) fn has_logs(&self) -> bool {
        !self.material.tlogs.is_empty()
    }

    /// Returns whether certificates can be in a log.
    pub(crate) fn has_certificate_logs(&self) -> bool {
        !self.material.ctlogs.is_empty()
    }

    /// Returns whether a log signed a checkpoint (C2SP, `tlog-checkpoint.md`), which others may have signed beside it.
    pub(crate) fn has_signed(&self, id: &LogKeyId, checkpoint: &Checkpoint) -> bool {
        let log = self.material.tlogs.iter().find(|log| log.log_id.key_id == *id);
        let key = log.and_then(|log| VerificationKey::from_spki(&log.public_key.raw_bytes).ok());
        let mut signatures = checkpoint.signatures().iter();
        key.is_some_and(|key| {
            signatures.any(|signature| {
                id.as_bytes().starts_with(signature.key_id.as_bytes())
                    && key.verify(checkpoint.signed_data(), &signature.signature).is_ok()
            })
        })
    }

    /// Returns when a log was in use, if the root says it.
    pub(crate) fn log_window(&self, id: &LogKeyId) -> Option<TimeRange> {
        self.material.tlogs.iter().find(|log| log.log_id.key_id == *id)?.public_key.valid_for
    }

    /// Returns the name of a log, or else its identity.
    pub(crate) fn log_name(&self, id: &LogKeyId) -> Result<String, String> {
        let log = self.material.tlogs.iter().find(|log| log.log_id.key_id == *id);
        log.map(|log| log.base_url.clone()).ok_or_else(|| hex(id.as_bytes()))
    }
}
