use crate::advisories::{database, unusable};
use crate::arguments::{DbStatus, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, on_a_thread};
use consign_report::{age_text, counted, table};
use consign_scan::{Database, FeedSummary};
use serde_json::json;

pub(crate) async fn run(arguments: &DbStatus, session: &Session) -> Result<ExitCode, CommandError> {
    let database = database(vec![arguments.database.clone()]).await?;
    // Opening it reads the table of contents alone: whoever asks how a database is wants to know about all of it.
    let checked = database.clone();
    on_a_thread(move || checked.check().map_err(unusable)).await?;
    match session.output {
        Output::Json => session.printer.json(&json!({
            "digest": database.digest(),
            "records": database.records(),
            "packages": database.packages(),
            "vulnerabilities": database.vulnerabilities(),
            "newest": database.newest().to_string(),
            "feeds": database.feeds(),
        }))?,
        Output::Table => session.printer.data(&text(&database))?,
    }
    Ok(ExitCode::Done)
}

fn text(database: &Database) -> String {
    let rows: Vec<Vec<String>> = database.feeds().iter().flat_map(rows).collect();
    let records = counts_text(database);
    let newest = age_text(&database.newest().to_string());
    format!("{}\n{records}, {newest}\n{}\n", table(&["feed", "about", "records", "newest"], &rows), database.digest())
}

/// Returns the likes of `4 records about 2 packages`.
pub(super) fn counts_text(database: &Database) -> String {
    let packages = usize::try_from(database.packages()).unwrap_or(usize::MAX);
    let (records, packages) =
        (counted(database.records(), "record", "records"), counted(packages, "package", "packages"));
    format!("{records} about {packages}")
}

/// Returns a row for each ecosystem that a feed is about.
fn rows(feed: &FeedSummary) -> Vec<Vec<String>> {
    let published = feed.published.map_or_else(|| "unknown".to_owned(), |time| time.to_string());
    if feed.origins.is_empty() {
        return vec![vec![feed.name.clone(), "-".to_owned(), feed.records.to_string(), published]];
    }
    let row = |origin: &consign_scan::Origin| {
        let newest = origin.times.newest.max(feed.published).map_or_else(|| published.clone(), |time| time.to_string());
        vec![feed.name.clone(), origin.ecosystem.clone(), origin.times.live.to_string(), newest]
    };
    feed.origins.iter().map(row).collect()
}
