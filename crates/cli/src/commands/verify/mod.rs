mod rendering;
mod summary;

use crate::arguments::{Output, Pairs, Proof, Verify};
use crate::attaching::legacy_place;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::proof::{self, Expected};
use crate::session::Session;
use consign_image::{ImageError, ImageReference, Place};
use consign_oci::Document;
use consign_receipt::predicate;
use consign_report::printable;
use consign_sign::Annotations;
use consign_verify::{Consumer, Expectation, Objections, Verified, VerifyError, root, verify_root};
use rendering::{as_json, statements, text};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;

/// Most signatures of which is told what they say, where none says what was asked for.
const SHOWN: usize = 10;

pub(crate) async fn run(arguments: &Verify, session: &Session) -> Result<ExitCode, CommandError> {
    let Verify { reference, proof, .. } = arguments;
    check_offline(reference, session)?;
    let annotations = Pairs::together(&arguments.annotations)?;
    let expected = Expected::read(proof, session)?;
    let client = session.client(reference).await?;
    let place = session.place(reference, &client, refusal).await?;
    let root = find(&place, reference).await?;
    let policy = expected.policy.as_ref();
    let asked = Asked { expected: &expected, proof, attested: &arguments.predicate_types };
    let verified = examine_root(&place, &root, reference, asked, session).await;
    let verified =
        verified.and_then(|verified| check_annotations(arguments, &annotations, &verified).map(|()| verified));
    if let Some(file) = &arguments.summary {
        summary::write(file, arguments, policy, root.digest(), verified.as_ref())?;
    }
    let verified = verified?;
    let accepted = match arguments.consumer {
        Some(consumer) => heed(consumer.into(), reference, &verified, session),
        None => Ok(()),
    };
    match session.output {
        // For programs, what was found and why it is refused are one document.
        Output::Json if accepted.is_err() => {
            return accepted.map_err(|error| error.with_report(as_json(arguments, &verified))).map(|()| ExitCode::Done);
        }
        Output::Json if !arguments.predicate_types.is_empty() => {
            session.printer.data(&statements(arguments, &verified)?)?;
        }
        Output::Json => session.printer.json(&as_json(arguments, &verified))?,
        // For `docker run $(consign verify -q REF)`.
        Output::Table if session.global.quiet => {
            session.printer.data(&format!("{}\n", exact(reference, &verified)))?;
        }
        Output::Table => session.printer.data(&text(arguments, &verified))?,
    }
    accepted.map(|()| ExitCode::Done)
}

/// Returns the name of exactly what was verified.
fn exact(reference: &ImageReference, verified: &Verified) -> String {
    match reference.repository() {
        Some(repository) => repository.at(verified.index.clone()).to_string(),
        None => reference.to_string(),
    }
}

/// Fails unless a signature says all that was asked for.
fn check_annotations(arguments: &Verify, wanted: &Annotations, verified: &Verified) -> Result<(), CommandError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let signatures =
        verified.receipts.iter().filter(|receipt| receipt.statement.predicate_type == predicate::SIGNATURE);
    let said: Vec<BTreeMap<String, String>> = signatures.map(|receipt| receipt.statement.annotations()).collect();
    let is_said = |said: &BTreeMap<String, String>| {
        wanted.iter().all(|(key, value)| said.get(key).is_some_and(|found| found == value))
    };
    if said.iter().any(is_said) {
        return Ok(());
    }
    let wanted: Vec<String> = wanted.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let all = if wanted.len() > 1 { " all of" } else { "" };
    let message = format!("no signature of {} says{all} {}", arguments.reference, wanted.join(", "));
    let words = |said: &BTreeMap<String, String>| {
        let words: Vec<String> = said.iter().map(|(key, value)| format!("{key}={value}")).collect();
        if words.is_empty() { "nothing".to_owned() } else { printable(&words.join(", ")) }
    };
    // Platforms have the same as their index.
    let found: BTreeSet<String> = said.iter().map(words).collect();
    let each = if found.len() > 1 { ", each for itself:" } else { "" };
    let found: Vec<String> = found.into_iter().take(SHOWN).collect();
    let error = CommandError::new(ExitCode::Verification, message);
    Err(error.hint(format!("signatures say{each} {}", found.join("; "))))
}

/// Says whether somebody else would accept the image.
fn heed(
    consumer: Consumer,
    reference: &ImageReference,
    verified: &Verified,
    session: &Session,
) -> Result<(), CommandError> {
    let Objections { refusals, settings } = Objections::of(consumer, verified);
    for setting in &settings {
        session.printer.note(&format!("note: {}: {setting}", consumer.word()));
    }
    if refusals.is_empty() {
        return Ok(());
    }
    let mut error =
        CommandError::new(ExitCode::Verification, format!("{} would not accept {reference}", consumer.word()));
    error.causes.extend(refusals.iter().map(ToString::to_string));
    Err(error)
}

/// Says why an image that is to be verified cannot be opened.
pub(in crate::commands) fn refusal(error: ImageError) -> CommandError {
    let absent =
        |path: &Path| CommandError::new(ExitCode::Unavailable, format!("there is no image in {}", path.display()));
    match &error {
        // What an archive's own list names and is not in it was taken out of it.
        ImageError::Missing { .. } => CommandError::of(ExitCode::Verification, &error),
        // A folder or an archive that is not there is as good as a tag that is not.
        ImageError::Io { path, source, .. } if source.kind() == ErrorKind::NotFound => absent(path),
        ImageError::NotALayout { path, .. } if !path.exists() => absent(path),
        _ => CommandError::of_image(ExitCode::Verification, &error),
    }
}

/// What an image has to show.
struct Asked<'a> {
    expected: &'a Expected,
    proof: &'a Proof,
    /// Types of which there must be statements.
    attested: &'a [String],
}

/// Verifies the image that a reference names.
pub(in crate::commands) async fn examine(
    place: &Place,
    reference: &ImageReference,
    expected: &Expected,
    proof: &Proof,
    session: &Session,
) -> Result<Verified, CommandError> {
    check_offline(reference, session)?;
    let root = find(place, reference).await?;
    let asked = Asked { expected, proof, attested: &[] };
    examine_root(place, &root, reference, asked, session).await
}

/// Fails for what would have to be asked for over the network, where that must not be.
fn check_offline(reference: &ImageReference, session: &Session) -> Result<(), CommandError> {
    let place = match reference {
        ImageReference::Registry(_) => "on a registry",
        ImageReference::Engine { .. } => "in an engine, which is asked through a socket",
        _ => return Ok(()),
    };
    if !session.global.offline {
        return Ok(());
    }
    let message = format!("{reference} is {place}, and consign is offline");
    let error = CommandError::new(ExitCode::Unavailable, message);
    Err(error.hint(format!(
        "`consign copy {reference} oci:DIR`, where there is a network, brings it with all that is about it"
    )))
}

async fn find(place: &Place, reference: &ImageReference) -> Result<Document, CommandError> {
    root(place).await.map_err(|error| match error {
        VerifyError::NotFound { .. } => {
            CommandError::new(ExitCode::Unavailable, format!("there is no image {reference}"))
        }
        other => other.into(),
    })
}

async fn examine_root(
    place: &Place,
    root: &Document,
    reference: &ImageReference,
    Asked { expected, proof, attested }: Asked<'_>,
    session: &Session,
) -> Result<Verified, CommandError> {
    let requested = match reference {
        ImageReference::Registry(reference) => proof::requested(reference),
        _ => None,
    };
    let requested = requested.as_ref().map(|(repository, tag)| (repository, tag));
    let policy = expected.policy.as_ref().map(|file| file.policy.policy());
    let legacy = legacy_place(root.digest(), session).await?;
    let expectation = Expectation {
        policy: policy.as_ref(),
        released: proof.released,
        content: proof.content,
        attested,
        legacy: legacy.as_ref(),
        ..Expectation::new(&expected.authorities, session.today())
    };
    let verified = verify_root(place, root, requested, expectation).await?;
    for note in &verified.notes {
        session.printer.note(&format!("note: {note}"));
    }
    Ok(verified)
}
