use crate::advisories::policy_file;
mod rendering;

use crate::arguments::{Output, Proof, Verify};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::proof;
use crate::session::Session;
use consign_image::{ImageError, ImageReference, Place};
use consign_receipt::predicate;
use consign_report::printable;
use consign_trust::Authority;
use consign_verify::{Consumer, Expectation, Objections, Verified, VerifyError, verify};
use rendering::{as_json, text};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) async fn run(arguments: &Verify, session: &Session) -> Result<ExitCode, CommandError> {
    let authority = arguments.proof.signer.authority(session)?;
    let client = session.client(&arguments.reference).await?;
    let place = session.place(&arguments.reference, &client, refusal).await?;
    let verified = examine(&place, &arguments.reference, &authority, &arguments.proof, session).await?;
    check_annotations(arguments, &verified)?;
    match session.output {
        Output::Json => session.printer.json(&as_json(arguments, &verified))?,
        // For `docker run $(consign verify -q REF)`.
        Output::Table if session.global.quiet => {
            session.printer.data(&format!("{}\n", exact(&arguments.reference, &verified)))?;
        }
        Output::Table => session.printer.data(&text(arguments, &verified))?,
    }
    match arguments.consumer {
        Some(consumer) => heed(consumer.into(), &arguments.reference, &verified, session),
        None => Ok(ExitCode::Done),
    }
}

/// Returns the name of exactly what was verified.
fn exact(reference: &ImageReference, verified: &Verified) -> String {
    match reference.repository() {
        Some(repository) => repository.at(verified.index.clone()).to_string(),
        None => reference.to_string(),
    }
}

/// Fails unless a signature says all that was asked for.
fn check_annotations(arguments: &Verify, verified: &Verified) -> Result<(), CommandError> {
    let signatures =
        verified.receipts.iter().filter(|receipt| receipt.statement.predicate_type == predicate::SIGNATURE);
    let said: Vec<BTreeMap<String, String>> = signatures.map(|receipt| receipt.statement.annotations()).collect();
    let is_said = |said: &BTreeMap<String, String>| {
        arguments.annotations.iter().all(|(key, value)| said.get(key).is_some_and(|found| found == value))
    };
    if said.iter().any(is_said) {
        return Ok(());
    }
    let wanted: Vec<String> = arguments.annotations.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let found = said.iter().flatten().map(|(key, value)| printable(&format!("{key}={value}")));
    let found: BTreeSet<String> = found.collect();
    let message = format!("no signature of {} says {}", arguments.reference, wanted.join(", "));
    let found = if found.is_empty() { "nothing".to_owned() } else { found.into_iter().collect::<Vec<_>>().join(", ") };
    Err(CommandError::new(ExitCode::Verification, message).hint(format!("signatures say {found}")))
}

/// Says whether somebody else would accept the image.
fn heed(
    consumer: Consumer,
    reference: &ImageReference,
    verified: &Verified,
    session: &Session,
) -> Result<ExitCode, CommandError> {
    let Objections { refusals, settings } = Objections::of(consumer, verified);
    for setting in &settings {
        session.printer.note(&format!("note: {}: {setting}", consumer.word()));
    }
    if refusals.is_empty() {
        return Ok(ExitCode::Done);
    }
    let mut error =
        CommandError::new(ExitCode::Verification, format!("{} would not accept {reference}", consumer.word()));
    error.causes.extend(refusals.iter().map(ToString::to_string));
    Err(error)
}

/// Says why an image that is to be verified cannot be opened.
pub(in crate::commands) fn refusal(error: ImageError) -> CommandError {
    match error {
        // What an archive's own list names and is not in it was taken out of it.
        ImageError::Missing { .. } => CommandError::of(ExitCode::Verification, &error),
        _ => CommandError::of_image(ExitCode::Verification, &error),
    }
}

/// Verifies the image that a reference names.
pub(in crate::commands) async fn examine(
    place: &Place,
    reference: &ImageReference,
    authority: &Authority,
    expected: &Proof,
    session: &Session,
) -> Result<Verified, CommandError> {
    let requested = match reference {
        ImageReference::Registry(reference) => proof::requested(reference),
        _ => None,
    };
    let requested = requested.as_ref().map(|(repository, tag)| (repository, tag));
    let policy = match &expected.policy {
        Some(path) => Some(policy_file(path, &session.printer)?.policy.policy()),
        None => None,
    };
    let expectation = Expectation {
        authorities: std::slice::from_ref(authority),
        policy: policy.as_ref(),
        released: expected.released,
        today: session.today(),
        content: expected.content,
    };
    let verified = verify(place, requested, expectation).await.map_err(|error| match error {
        VerifyError::NotFound { .. } => {
            CommandError::new(ExitCode::Unavailable, format!("there is no image {reference}"))
        }
        other => other.into(),
    })?;
    for note in &verified.notes {
        session.printer.note(&format!("note: {note}"));
    }
    Ok(verified)
}
