//! What entries of transparency logs show. `sigstore-verify` checks that some log of the root has an entry; here is checked that it is the log that the
//! entry names, and that this log was in use then.

use crate::trusted_root::Instance;
use crate::{Evidence, LogEntry, TrustError};
use jiff::Timestamp;
use sigstore_types::{Bundle, KindVersion, TransparencyLogEntry};
use sigstore_verify::VerificationResult;

/// Returns the entries, and refuses those of logs that the root does not have, and those that show nothing, which would stand beside one that does.
pub(crate) fn known_logs(instance: &Instance, bundle: &Bundle) -> Result<Vec<LogEntry>, TrustError> {
    let mut entries = Vec::new();
    for entry in &bundle.verification_material.tlog_entries {
        let log = instance.log_name(&entry.log_id.key_id).map_err(|log| TrustError::UnknownLog { log })?;
        if entry.inclusion_proof.is_none() && entry.inclusion_promise.is_none() {
            return Err(TrustError::InclusionProof { detail: "there is none".to_owned() });
        }
        let is_vouched_for = entry.inclusion_promise.is_some() || entry.kind_version == KindVersion::HashedRekordV002;
        entries.push(LogEntry { log, index: is_vouched_for.then(|| entry.log_index.get()) });
    }
    entries.sort();
    Ok(entries)
}

/// Refuses entries whose checkpoint is not signed by the log that they name. Any log of the root may have signed it until here, also one that is out of
/// use, and whose key is anybody's.
fn check_signers(instance: &Instance, bundle: &Bundle) -> Result<(), TrustError> {
    for entry in &bundle.verification_material.tlog_entries {
        let checkpoint = entry.inclusion_proof.as_ref().and_then(|proof| proof.checkpoint.checkpoint());
        if checkpoint.is_some_and(|checkpoint| !instance.has_signed(&entry.log_id.key_id, checkpoint)) {
            let detail = format!("another log than {} signed it", log(instance, entry));
            return Err(TrustError::Checkpoint { detail });
        }
    }
    Ok(())
}

/// Refuses entries of logs that were not in use when this was signed. A log's promise has a time, which was compared already; an entry without one is of
/// no known time, so that one of the times that are known must do.
fn logs_in_use(instance: &Instance, bundle: &Bundle, times: &[Timestamp]) -> Result<(), TrustError> {
    for entry in &bundle.verification_material.tlog_entries {
        let Some(window) = instance.log_window(&entry.log_id.key_id) else { continue };
        if !has_time(entry) && !times.is_empty() && !times.iter().any(|time| window.contains(*time)) {
            return Err(TrustError::LogTime { log: log(instance, entry) });
        }
    }
    Ok(())
}

/// Returns whether the log signed when it took the entry: those of Rekor 1 do so where they promise to.
fn has_time(entry: &TransparencyLogEntry) -> bool {
    let is_promised = entry.inclusion_promise.is_some() && entry.integrated_time.is_some();
    is_promised && entry.kind_version != KindVersion::HashedRekordV002
}

fn log(instance: &Instance, entry: &TransparencyLogEntry) -> String {
    instance.log_name(&entry.log_id.key_id).unwrap_or_else(|id| id)
}

/// Returns what a bundle that was verified shows.
pub(crate) fn evidence(
    bundle: &Bundle,
    result: &VerificationResult,
    instance: &Instance,
) -> Result<Evidence, TrustError> {
    let mut times = result.verified_timestamps().to_vec();
    times.sort();
    times.dedup();
    let logged = result.tlog_verified() && !bundle.verification_material.tlog_entries.is_empty();
    let entries = match logged {
        true => {
            check_signers(instance, bundle)?;
            logs_in_use(instance, bundle, &times)?;
            known_logs(instance, bundle)?
        }
        false => Vec::new(),
    };
    Ok(Evidence { times, logged, entries })
}
