use crate::advisories::policy_file;
use crate::arguments::{Output, Proof, Verify};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::proof;
use crate::session::Session;
use consign_image::{ImageError, ImageReference, Place};
use consign_oci::Digest;
use consign_receipt::{Policy, predicate};
use consign_report::{printable, table};
use consign_sign::PublicKey;
use consign_verify::{Expectation, Verified, VerifyError, verify};
use serde_json::json;
use std::collections::BTreeSet;

pub(crate) async fn run(arguments: &Verify, session: &Session) -> Result<ExitCode, CommandError> {
    let key = proof::named_key(&arguments.proof.key, session)?;
    let client = session.client(&arguments.reference).await?;
    let place = session.place(&arguments.reference, &client, refusal).await?;
    let verified = examine(&place, &arguments.reference, &key, &arguments.proof, session).await?;
    match session.output {
        Output::Json => session.printer.json(&as_json(arguments, &verified))?,
        Output::Table => session.printer.data(&text(arguments, &verified))?,
    }
    Ok(ExitCode::Done)
}

/// Says why an image that is to be verified cannot be opened.
pub(super) fn refusal(error: ImageError) -> CommandError {
    match error {
        // What an archive's own list names and is not in it was taken out of it.
        ImageError::Missing { .. } => CommandError::of(ExitCode::Verification, &error),
        _ => CommandError::of_image(ExitCode::Verification, &error),
    }
}

/// Verifies the image that a reference names.
pub(super) async fn examine(
    place: &Place,
    reference: &ImageReference,
    key: &PublicKey,
    expected: &Proof,
    session: &Session,
) -> Result<Verified, CommandError> {
    let requested = match reference {
        ImageReference::Registry(reference) => proof::requested(reference),
        _ => None,
    };
    let requested = requested.as_ref().map(|(repository, tag)| (repository, tag));
    let policy = match &expected.policy {
        Some(path) => policy_file(path, &session.printer)?.policy.policy(),
        None => Policy::default(),
    };
    let expectation = Expectation { key, policy: &policy, today: session.today(), content: expected.content };
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

fn claims(verified: &Verified) -> Vec<Claims<'_>> {
    let of = |receipts: &[consign_receipt::Receipt]| {
        let types: BTreeSet<String> =
            receipts.iter().map(|receipt| predicate::label(&receipt.statement.predicate_type).to_owned()).collect();
        types.into_iter().collect::<Vec<_>>()
    };
    let index = Claims { of: "index".to_owned(), digest: &verified.index, signed: of(&verified.receipts) };
    let platforms = verified.platforms.iter().map(|platform| Claims {
        of: platform.platform.to_string(),
        digest: &platform.digest,
        signed: of(&platform.receipts),
    });
    [index].into_iter().chain(platforms).collect()
}

/// What is signed about one manifest.
struct Claims<'a> {
    of: String,
    digest: &'a Digest,
    signed: Vec<String>,
}

fn text(arguments: &Verify, verified: &Verified) -> String {
    let rows: Vec<Vec<String>> = claims(verified)
        .into_iter()
        .map(|claims| vec![claims.of, claims.signed.join(", "), claims.digest.to_string()])
        .collect();
    let record = &verified.release_record;
    let content = if arguments.proof.content { "; every layer was hashed" } else { "" };
    format!(
        "{}\nverified  {}  {} {}, {} checks{content}\n",
        table(&["manifest", "signed", "digest"], &rows),
        arguments.reference,
        printable(&record.image),
        printable(&record.version),
        verified.checks.len(),
    )
}

fn as_json(arguments: &Verify, verified: &Verified) -> serde_json::Value {
    let manifests: Vec<_> = claims(verified)
        .into_iter()
        .map(|claims| json!({ "of": claims.of, "digest": claims.digest, "signed": claims.signed }))
        .collect();
    json!({
        "reference": arguments.reference.to_string(),
        "verified": true,
        "index": verified.index,
        "manifests": manifests,
        "releaseRecord": verified.release_record,
        "content": arguments.proof.content,
        "notes": verified.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
