use crate::logged::{evidence, known_logs};
use crate::statement::Statement;
use crate::trusted_root::Instance;
use crate::{
    Artifact, Certified, Claim, Conditions, Log, Rules, TrustError, TrustedRoot, bundle, certificate, timestamp,
    translate::translate,
};
use consign_oci::Digest;
use jiff::Timestamp;
use sigstore_types::{Bundle, DerCertificate, VerificationMaterialContent};
use sigstore_verify::{Policy, VerificationPolicy, VerificationResult};

/// Verifies signatures with certificates.
#[derive(Clone, Debug)]
pub struct Keyless {
    /// Whose logs, certificates and timestamps count.
    pub root: TrustedRoot,
    /// Whose signatures are asked for.
    pub conditions: Conditions,
    /// How strict it is.
    pub rules: Rules,
}

impl Keyless {
    /// Returns who signed, if the bundle shows that somebody who meets the conditions signed the artifact.
    ///
    /// It does so if one Sigstore of the root vouches for all of it: that an authority issued the certificate, for signing, and was in use; that a log of
    /// certificates has it; that the signature was made while it was valid, at each of the times that are known, of which there is one at least; that a log
    /// has the signature; and that the log's entry is of this signature.
    pub fn verify(&self, bundle: &Bundle, artifact: Artifact<'_>) -> Result<Certified, TrustError> {
        let statement = bundle::check(bundle)?;
        let signer = match bundle.verification_material.content {
            VerificationMaterialContent::PublicKey(_) => return Err(TrustError::ByKey),
            _ => bundle.signing_certificate(),
        };
        let signer = signer.ok_or_else(|| TrustError::Certificate { detail: "there is none".to_owned() })?;
        let certified = first_good(&self.root, |instance| {
            let result = self.verify_by(instance, bundle, statement.as_ref(), artifact)?;
            certified(bundle, signer, &result, instance)
        })?;
        self.conditions.check(&certified.subject, &certified.claims)?;
        Ok(certified)
    }

    fn verify_by(
        &self,
        instance: &Instance,
        bundle: &Bundle,
        statement: Option<&Statement>,
        artifact: Artifact<'_>,
    ) -> Result<VerificationResult, TrustError> {
        let entries = &bundle.verification_material.tlog_entries;
        let log = match self.rules.log {
            Log::Required => instance.has_logs(),
            Log::IfPresent => !entries.is_empty(),
            Log::Ignored => false,
        };
        let mut policy = VerificationPolicy::any_identity();
        if !log {
            policy = policy.skip_tlog_unsafe();
        } else if entries.is_empty() {
            return Err(TrustError::NotLogged);
        } else {
            known_logs(instance, bundle)?;
        }
        if !(self.rules.certificate_log && instance.has_certificate_logs()) {
            policy = policy.skip_sct();
        }
        verify_all(instance, bundle, statement, artifact, &policy)
    }
}

/// Has `sigstore-verify` verify all that a policy asks for.
pub(crate) fn verify_all(
    instance: &Instance,
    bundle: &Bundle,
    statement: Option<&Statement>,
    artifact: Artifact<'_>,
    policy: &impl Policy,
) -> Result<VerificationResult, TrustError> {
    let verify = |bundle: &Bundle, artifact: sigstore_types::Artifact<'_>| {
        instance.verifier.verify(artifact, bundle, policy).map_err(|error| explain(error, instance, bundle))
    };
    match (statement, bundle::as_file(bundle)) {
        (Some(statement), Some((of_file, file))) => {
            statement.check_subject(artifact)?;
            verify(&of_file, sigstore_types::Artifact::from_blob(&file))
        }
        _ => verify(bundle, artifact.resolve(statement)?),
    }
}

/// Returns an error of ours. What timestamps lack is found out here.
fn explain(error: sigstore_verify::Error, instance: &Instance, bundle: &Bundle) -> TrustError {
    let error = translate(error);
    match error {
        TrustError::Timestamp { .. } => {
            timestamp::diagnose(bundle, &instance.material.tsa_authorities()).unwrap_or(error)
        }
        TrustError::Issuance { detail } => out_of_time(&detail, bundle).unwrap_or(TrustError::Issuance { detail }),
        TrustError::InclusionPromise { .. } => known_logs(instance, bundle).err().unwrap_or(error),
        _ => error,
    }
}

/// Tells a certificate that was not valid at the time of the signature from one that nobody issued. `webpki` looks at the time first, and says in words
/// alone which of the certificates it was: it is the signer's if its own time is named.
fn out_of_time(detail: &str, bundle: &Bundle) -> Option<TrustError> {
    let signer = certificate::information(bundle.signing_certificate()?).ok()?;
    let (_, what) = detail.split_once("validation failed: ")?;
    let numbers = what.split(|character: char| !character.is_ascii_digit()).filter_map(|number| number.parse().ok());
    let [time, limit] = numbers.filter_map(|number| Timestamp::from_second(number).ok()).collect::<Vec<_>>()[..] else {
        return None;
    };
    if what.starts_with("CertExpired") && limit == signer.not_after {
        return Some(TrustError::Expired { time, not_after: limit });
    }
    (what.starts_with("CertNotValidYet") && limit == signer.not_before)
        .then_some(TrustError::NotYetValid { time, not_before: limit })
}

/// Returns what the first Sigstore says that can vouch for the bundle. If none can: why not, by the one that it seems to be of.
pub(crate) fn first_good<'a, T>(
    root: &'a TrustedRoot,
    mut verify: impl FnMut(&'a Instance) -> Result<T, TrustError>,
) -> Result<T, TrustError> {
    let mut refusal = None;
    for instance in root.instances() {
        match verify(instance) {
            Ok(result) => return Ok(result),
            Err(error) if refusal.as_ref().is_none_or(|refusal| strangeness(refusal) > strangeness(&error)) => {
                refusal = Some(error);
            }
            Err(_) => {}
        }
    }
    Err(refusal.unwrap_or(TrustError::Root { detail: "it names nobody".to_owned() }))
}

/// Tells how much an error looks like that of a bundle of another Sigstore.
fn strangeness(error: &TrustError) -> u8 {
    match error {
        TrustError::UnknownLog { .. } | TrustError::TimestampUntrusted => 3,
        TrustError::Issuance { .. } | TrustError::NoAuthority { .. } => 2,
        TrustError::NotLogged | TrustError::NoTime | TrustError::Checkpoint { .. } => 1,
        _ => 0,
    }
}

fn certified(
    bundle: &Bundle,
    signer: &DerCertificate,
    result: &VerificationResult,
    instance: &Instance,
) -> Result<Certified, TrustError> {
    let information = certificate::information(signer)?;
    let claims = certificate::claims(&information);
    let issuer = claims.get(&Claim::Issuer).cloned().unwrap_or_default();
    Ok(Certified {
        issuer,
        subject: certificate::subject(signer)?,
        claims,
        certificate: Digest::of(signer.as_bytes()),
        certificate_logged: result.sct_verified(),
        evidence: evidence(bundle, result, instance)?,
        statement: bundle::statement(bundle).map(<[u8]>::to_vec),
    })
}
