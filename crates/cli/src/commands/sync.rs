use super::copy::{amount, counted, of, state};
use crate::arguments::{Output, Synchronize};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::mirrors::{Mirrors, Unlisted};
use crate::session::Session;
use consign_report::table;
use consign_transfer::{Image, Mirror, Mirrored, Outcome, Sealed, State, TransferError, synchronize};
use serde_json::{Value, json};
use std::error::Error;

pub(crate) async fn run(arguments: &Synchronize, session: &Session) -> Result<ExitCode, CommandError> {
    let dry_run = arguments.looking.dry_run;
    let Mirrors { client, repositories, mirrors, unlisted, closed, spared } =
        Mirrors::read(session, &arguments.looking).await?;
    let (mirrored, count) = synchronize(&mirrors).await;
    session.remember(&client, &repositories);
    for repository in spared {
        let note = "note: nothing is deleted from {}: an entry that also goes there was not looked at";
        session.printer.note(&note.replace("{}", &repository));
    }
    let entries = mirrors.iter().zip(&mirrored).map(|(mirror, mirrored)| entry(mirror, mirrored));
    let without = unlisted.iter().map(|Unlisted { source, error }| json!({ "source": source, "error": error.why() }));
    let waiting = closed.iter().map(|source| json!({ "source": source, "state": "closed" }));
    let report = json!({
        "dryRun": dry_run,
        "entries": entries.chain(without).chain(waiting).collect::<Vec<_>>(),
        "count": counted(count),
    });
    if session.output == Output::Table {
        let mut rows: Vec<_> =
            mirrors.iter().zip(&mirrored).flat_map(|(mirror, mirrored)| rows(mirror, mirrored)).collect();
        let without = |Unlisted { source, error }: &Unlisted| vec![source.clone(), "failed".to_owned(), error.why()];
        rows.extend(unlisted.iter().map(without));
        rows.extend(
            closed.iter().map(|source| vec![source.clone(), "closed".to_owned(), "not in its windows".to_owned()]),
        );
        let shown: Vec<_> = rows.iter().filter(|row| session.global.verbose || is_news(row)).cloned().collect();
        if !shown.is_empty() {
            session.printer.data(&table(&["DESTINATION", "STATE", "DIGEST"], &shown))?;
        }
        let still = rows.len() - rows.iter().filter(|row| is_news(row)).count();
        let still = format!("{still} of {} are as they were", rows.len());
        session.printer.note(&format!("{still}. Altogether {}.", amount(count, dry_run)));
    }
    let failures = mirrored.iter().map(Mirrored::failures).sum::<usize>() + unlisted.len();
    let images = mirrored.iter().map(|mirrored| mirrored.images.as_ref().map_or(1, Vec::len));
    let total = images.sum::<usize>() + unlisted.len();
    let first = mirrored.into_iter().find_map(Mirrored::into_error).map(CommandError::from);
    let first = first.or(unlisted.into_iter().next().map(|unlisted| unlisted.error));
    match (first, session.output) {
        (None, Output::Json) => session.printer.json(&report).map(|()| ExitCode::Done),
        (None, Output::Table) => Ok(ExitCode::Done),
        (Some(error), output) => {
            // The first says why; the table says of which.
            let some = CommandError::new(ExitCode::SomeFailed, format!("{failures} of {total} could not be mirrored"));
            let error = if total == 1 { error } else { some.because(error) };
            Err(if output == Output::Json { error.with_report(report) } else { error })
        }
    }
}

fn rows(mirror: &Mirror, mirrored: &Mirrored) -> Vec<Vec<String>> {
    let failed = |name: String, error| vec![name, failure(error).to_owned(), why(error)];
    let mut rows = match &mirrored.images {
        Err(error) => vec![failed(mirror.sink.describe(), error)],
        Ok(images) if images.is_empty() && !mirror.may_be_empty => {
            vec![vec![
                mirror.sink.describe(),
                "empty".to_owned(),
                format!("no tag of {} is chosen", mirror.source.describe()),
            ]]
        }
        Ok(images) => images
            .iter()
            .map(|image| match &image.result {
                Err(error) => failed(image.destination.clone(), error),
                Ok(outcome) => vec![image.destination.clone(), words(outcome), digest(outcome)],
            })
            .collect(),
    };
    let name = |tag| format!("{}:{tag}", mirror.sink.describe());
    rows.extend(mirrored.pruned.tags.iter().map(|tag| vec![name(tag), "deleted".to_owned(), String::new()]));
    rows.extend(mirrored.pruned.error.iter().map(|error| failed(mirror.sink.describe(), error)));
    rows
}

fn failure(error: &TransferError) -> &'static str {
    match error {
        TransferError::Refused { .. } => "refused",
        _ => "failed",
    }
}

/// Says why something failed, with the causes of that.
fn why(error: &TransferError) -> String {
    let mut causes = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes.join(": ")
}

/// Returns whether something happened, or is wrong.
fn is_news(row: &[String]) -> bool {
    row.get(1).is_none_or(|state| !matches!(state.as_str(), "unchanged" | "immutable"))
}

/// Says what became of an image, and how much of it was signed.
fn words(outcome: &Outcome) -> String {
    let mut words = vec![word(outcome).to_owned()];
    if let Outcome::Copied(copied) = outcome {
        let Sealed { signed, attested } = copied.sealed.unwrap_or_default();
        words.extend((signed > 0).then(|| format!("{signed} signed")));
        words.extend((attested > 0).then(|| format!("{attested} attested")));
    }
    words.join(", ")
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Copied(copied) => state(copied),
        Outcome::Immutable => "immutable",
    }
}

fn digest(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Copied(copied) if matches!(copied.state, State::Waiting | State::Fixed) => {
            format!("for {}", copied.root.digest)
        }
        Outcome::Copied(copied) => copied.root.digest.to_string(),
        Outcome::Immutable => String::new(),
    }
}

fn entry(mirror: &Mirror, mirrored: &Mirrored) -> Value {
    let mut entry = json!({ "source": mirror.source.describe(), "destination": mirror.sink.describe() });
    match &mirrored.images {
        Ok(images) => entry["images"] = images.iter().map(image).collect(),
        Err(error) => entry["error"] = json!(why(error)),
    }
    if mirrored.images.is_ok() {
        entry["deleted"] = json!(mirrored.pruned.tags);
    }
    if let Some(error) = &mirrored.pruned.error {
        entry["error"] = json!(why(error));
    }
    entry
}

fn image(image: &Image) -> Value {
    let mut report = match &image.result {
        Ok(Outcome::Copied(copied)) => of(copied),
        Ok(outcome) => json!({ "state": word(outcome) }),
        Err(error) => json!({ "state": failure(error), "error": why(error) }),
    };
    report["source"] = json!(image.source);
    report["destination"] = json!(image.destination);
    report
}
