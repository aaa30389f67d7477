use crate::arguments::{Copy, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, on_a_thread};
use consign_image::{ImageReference, Sink};
use consign_oci::Tag;
use consign_report::{size, table};
use consign_transfer::{Copied, Copier, Count, Options, State, TransferError};
use serde_json::{Value, json};

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
    let client = session.client_for(&[source, destination]).await?;
    let place = session.place(source, &client, CommandError::from).await?;
    let (to, store) = (destination.clone(), session.opening_of_store());
    let sink = on_a_thread(move || Ok(Sink::open(&to, &client, store)?)).await?;
    let options = Options { platforms: arguments.platforms.clone(), without_referrers: arguments.no_referrers };
    let copier = Copier::new(&place, &sink, &options);
    let result = match arguments.all_tags {
        true => every_tag(&copier, destination, session).await,
        false => one(&copier, destination, session).await,
    };
    for tag in copier.left_behind() {
        session
            .printer
            .note(&format!("note: {destination} has no place for the tag {tag}: what it names stays behind"));
    }
    result
}

async fn one(copier: &Copier<'_>, destination: &ImageReference, session: &Session) -> Result<ExitCode, CommandError> {
    let copied = copier.copy().await?;
    session.printer.note(&format!("{destination}: {}", done(&copied, copier.count())));
    match session.output {
        Output::Json => {
            let mut report = of(&copied);
            report["destination"] = json!(destination.to_string());
            report["count"] = counted(copier.count());
            session.printer.json(&report)?;
        }
        Output::Table => session.printer.data(&copied.root.digest.to_string())?,
    }
    Ok(ExitCode::Done)
}

async fn every_tag(
    copier: &Copier<'_>,
    destination: &ImageReference,
    session: &Session,
) -> Result<ExitCode, CommandError> {
    let results = copier.copy_tags().await?;
    let failed = results.iter().filter(|(_, result)| result.is_err()).count();
    let report = json!({
        "destination": destination.to_string(),
        "tags": results.iter().map(|(tag, result)| of_tag(tag, result)).collect::<Vec<_>>(),
        "count": counted(copier.count()),
    });
    if session.output == Output::Table {
        session.printer.data(&shown(&results))?;
        session.printer.note(&format!("{destination}: {}", words(copier.count())));
    }
    let total = results.len();
    let error = results.into_iter().find_map(|(_, result)| result.err());
    match (error, session.output) {
        (None, Output::Json) => session.printer.json(&report).map(|()| ExitCode::Done),
        (None, Output::Table) => Ok(ExitCode::Done),
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

fn of(copied: &Copied) -> Value {
    let Copied { root, before, .. } = copied;
    json!({
        "digest": root.digest,
        "before": before.as_ref().map(|before| &before.digest),
        "state": state(copied),
    })
}

fn counted(Count { manifests, sent, bytes, mounted, present }: Count) -> Value {
    json!({ "manifests": manifests, "blobsSent": sent, "bytesSent": bytes, "blobsMounted": mounted, "blobsPresent": present })
}

fn state(copied: &Copied) -> &'static str {
    match copied.state {
        State::Unchanged => "unchanged",
        State::Copied => "copied",
    }
}

fn done(copied: &Copied, count: Count) -> String {
    match copied.state {
        State::Unchanged => "it is there already".to_owned(),
        State::Copied => words(count),
    }
}

fn words(Count { manifests, sent, bytes, mounted, present }: Count) -> String {
    format!(
        "{manifests} manifests written by digest; of their blobs {sent} sent ({}), {mounted} mounted, {present} there",
        size(bytes)
    )
}
