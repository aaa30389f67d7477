use crate::arguments::{Copy, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, host_platform};
use consign_image::ImageReference;
use consign_oci::{Reference, Tag};
use consign_report::{size, table};
use consign_transfer::{Copied, Copier, Count, Options, Sealed, State, TransferError};
use serde_json::{Value, json};
use std::fmt::Display;

pub(crate) async fn run(arguments: &Copy, session: &Session) -> Result<ExitCode, CommandError> {
    let Copy { source, destination, .. } = arguments;
    if arguments.all_tags {
        for (what, reference) in [("SRC", source), ("DST", destination)] {
            if reference.names_one() {
                let message = format!("`--all-tags` copies every tag, and {what} names one image: {reference}");
                return Err(CommandError::new(ExitCode::Usage, message).hint("leave the tag or digest out"));
            }
        }
    }
    if let ImageReference::Registry(Reference { tag: Some(_), digest: Some(_), .. }) = destination {
        return Err(names_a_digest(destination));
    }
    if matches!(destination, ImageReference::Engine { .. }) && arguments.platforms.len() > 1 {
        let message = format!("{destination} takes one image, and `--platform` names {}", arguments.platforms.len());
        return Err(CommandError::new(ExitCode::Usage, message).hint("name one platform"));
    }
    let client = arguments.looking.limited(session.client_for(&[source, destination]).await?);
    let repositories = [source, destination].into_iter().filter_map(ImageReference::repository).collect();
    session.recall(&client, &repositories);
    let place = session.place(source, &client, CommandError::from).await?;
    let sink = session.sink(destination, &client).await?;
    let is_engine = matches!(destination, ImageReference::Engine { .. });
    let options = Options {
        platforms: arguments.platforms.clone(),
        format: arguments.format.map(Into::into),
        one_of_list: is_engine.then(host_platform).transpose()?,
        // Engines have no place for them.
        without_referrers: arguments.no_referrers || is_engine,
        ..arguments.looking.options()
    };
    let copier = Copier::new(&place, &sink, &options);
    let result = match arguments.all_tags {
        true => every_tag(&copier, destination, session).await.map(|()| None),
        false => one(&copier, destination, session).await.map(Some),
    };
    session.remember(&client, &repositories);
    for tag in copier.left_behind() {
        session
            .printer
            .note(&format!("note: {destination} has no place for the tag {tag}: what it names stays behind"));
    }
    for remark in copier.remarks() {
        session.printer.note(&format!("note: {remark}"));
    }
    if let Some(copied) = result?
        && !options.dry_run
    {
        session.tell_of_engine(destination, &copied.root.digest).await?;
    }
    Ok(ExitCode::Done)
}

/// Says that a tag is to be written, and that a digest stands in its place or beside it: which one an image has is not for its name to say.
pub(super) fn names_a_digest(destination: &impl Display) -> CommandError {
    let message = format!("DST is given a tag, and {destination} names a digest");
    CommandError::new(ExitCode::Usage, message).hint("leave the digest out")
}

/// Copies one image, and says what became of it.
pub(super) async fn one(
    copier: &Copier<'_>,
    destination: &ImageReference,
    session: &Session,
) -> Result<Copied, CommandError> {
    let copied = copier.copy().await?;
    tell(&copied, copier.count(), copier.options().dry_run, destination, session)?;
    Ok(copied)
}

/// Says what became of an image.
pub(super) fn tell(
    copied: &Copied,
    count: Count,
    dry_run: bool,
    destination: &ImageReference,
    session: &Session,
) -> Result<ExitCode, CommandError> {
    session.printer.note(&format!("{destination}: {}", done(copied, count, dry_run)));
    match session.output {
        Output::Json => {
            let mut report = of(copied);
            report["destination"] = json!(destination.to_string());
            report["count"] = counted(count);
            session.printer.json(&report)?;
        }
        Output::Table => session.printer.data(&copied.root.digest.to_string())?,
    }
    Ok(ExitCode::Done)
}

async fn every_tag(copier: &Copier<'_>, destination: &ImageReference, session: &Session) -> Result<(), CommandError> {
    let results = copier.copy_tags().await?;
    let failed = results.iter().filter(|(_, result)| result.is_err()).count();
    let report = json!({
        "destination": destination.to_string(),
        "tags": results.iter().map(|(tag, result)| of_tag(tag, result)).collect::<Vec<_>>(),
        "count": counted(copier.count()),
    });
    if session.output == Output::Table {
        session.printer.data(&shown(&results))?;
        session.printer.note(&format!("{destination}: {}", words(copier)));
    }
    let total = results.len();
    let error = results.into_iter().find_map(|(_, result)| result.err());
    match (error, session.output) {
        (None, Output::Json) => session.printer.json(&report),
        (None, Output::Table) => Ok(()),
        // The first says why; the table says of which tags.
        (Some(error), output) => {
            let error = CommandError::from(error);
            let some = CommandError::new(ExitCode::SomeFailed, format!("{failed} of {total} tags were not copied"));
            let error = if failed == total { error } else { some.because(error) };
            Err(if output == Output::Json { error.with_report(report) } else { error })
        }
    }
}

/// Says what became of the tags.
fn shown(results: &[(Tag, Result<Copied, TransferError>)]) -> String {
    let rows = results.iter().map(|(tag, result)| match result {
        Ok(copied) => vec![tag.to_string(), state(copied).to_owned(), copied.root.digest.to_string()],
        Err(error) => vec![tag.to_string(), "failed".to_owned(), error.to_string()],
    });
    table(&["TAG", "STATE", "DIGEST"], &rows.collect::<Vec<_>>())
}

fn of_tag(tag: &Tag, result: &Result<Copied, TransferError>) -> Value {
    let mut report = match result {
        Ok(copied) => of(copied),
        Err(error) => json!({ "state": "failed", "error": error.to_string() }),
    };
    report["tag"] = json!(tag);
    report
}

pub(super) fn of(copied: &Copied) -> Value {
    let Copied { root, before, backup, sealed, .. } = copied;
    let mut report = json!({
        "digest": root.digest,
        "before": before.as_ref().map(|before| &before.digest),
        "state": state(copied),
    });
    if let Some(backup) = backup {
        report["backup"] = json!(backup);
    }
    if let Some(Sealed { signed, attested }) = sealed {
        report["signed"] = json!(signed);
        report["attested"] = json!(attested);
    }
    report
}

pub(super) fn counted(Count { manifests, sent, bytes, mounted, present }: Count) -> Value {
    json!({ "manifests": manifests, "blobsSent": sent, "bytesSent": bytes, "blobsMounted": mounted, "blobsPresent": present })
}

pub(super) fn state(copied: &Copied) -> &'static str {
    match copied.state {
        State::Unchanged => "unchanged",
        State::Copied => "copied",
        State::Waiting => "waiting",
        State::Fixed => "kept",
    }
}

fn done(copied: &Copied, count: Count, dry_run: bool) -> String {
    match copied.state {
        State::Unchanged => "it is there already".to_owned(),
        State::Waiting => "it waits until it is old enough".to_owned(),
        State::Fixed => "it names another image, and never moves".to_owned(),
        State::Copied => amount(count, dry_run),
    }
}

fn words(copier: &Copier<'_>) -> String {
    amount(copier.count(), copier.options().dry_run)
}

/// Says how much was done, or would be.
pub(super) fn amount(Count { manifests, sent, bytes, mounted, present }: Count, dry_run: bool) -> String {
    let bytes = size(bytes);
    match dry_run {
        true => format!("at most {sent} blobs ({bytes}) would be sent; {present} are there"),
        false => format!(
            "{manifests} manifests written by digest; of their blobs {sent} sent ({bytes}), {mounted} mounted, {present} there"
        ),
    }
}
