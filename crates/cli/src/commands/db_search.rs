use crate::advisories::{database, unusable};
use crate::arguments::{DbSearch, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, on_a_thread};
use consign_report::{printable, table};
use consign_scan::{FoundAdvisory, SearchError};
use serde_json::json;

/// Most packages of one advisory that are shown in a table.
const PACKAGE_LIMIT: usize = 20;

pub(crate) async fn run(arguments: &DbSearch, session: &Session) -> Result<ExitCode, CommandError> {
    let database = database(vec![arguments.db.clone()]).await?;
    let query = arguments.query.clone();
    let found = on_a_thread(move || database.search(&query).map_err(failed)).await?;
    match session.output {
        Output::Json => session.printer.json(&json!({ "advisories": found }))?,
        Output::Table if found.is_empty() => {
            session.printer.data(&format!("nothing is known of {}\n", printable(&arguments.query)))?;
        }
        Output::Table => session.printer.data(&found.iter().map(text).collect::<Vec<_>>().join("\n"))?,
    }
    Ok(ExitCode::Done)
}

fn failed(error: SearchError) -> CommandError {
    match error {
        SearchError::Database(error) => unusable(error),
        error => CommandError::of(ExitCode::Usage, &error),
    }
}

fn text(found: &FoundAdvisory) -> String {
    let names: Vec<&str> = [found.id.as_str()].into_iter().chain(found.aliases.iter().map(String::as_str)).collect();
    let mut lines = vec![names.join(", ")];
    lines.extend(Some(found.summary.clone()).filter(|summary| !summary.is_empty()));
    let informational = found.informational.as_ref().map(|word| format!(" ({word})")).unwrap_or_default();
    lines.extend(found.severity.map(|severity| format!("severity {severity}{informational}")));
    lines.extend(found.known_exploited.as_ref().map(|day| format!("known to be exploited since {day}")));
    lines.extend(
        found.epss.map(|epss| format!("EPSS {}, percentile {}", epss.score.number(), epss.percentile.number())),
    );
    lines.extend(found.withdrawn.as_ref().map(|time| format!("withdrawn at {time}")));
    lines.extend(
        Some(found.sources.join(", ")).filter(|sources| !sources.is_empty()).map(|sources| format!("from {sources}")),
    );
    let mut text: String = lines.iter().map(|line| format!("{}\n", printable(line))).collect();
    let rows = found.packages.iter().take(PACKAGE_LIMIT).map(|package| {
        let status = package.status.map(|status| status.to_string()).unwrap_or_default();
        vec![package.ecosystem.clone(), package.package.clone(), package.versions.clone(), status]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if !rows.is_empty() {
        text.push_str(&table(&["ecosystem", "package", "affected", "status"], &rows));
    }
    let more = found.packages.len().saturating_sub(PACKAGE_LIMIT);
    if more > 0 {
        text.push_str(&format!("and {more} more; `--output json` shows all\n"));
    }
    text
}
