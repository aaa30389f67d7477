use crate::advisories::{database, unusable};
use crate::arguments::{DbDiff, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, on_a_thread};
use consign_report::table;
use consign_scan::{ChangedAdvisory, Difference};

pub(crate) async fn run(arguments: &DbDiff, session: &Session) -> Result<ExitCode, CommandError> {
    let (old, new) = (database(vec![arguments.old.clone()]).await?, database(vec![arguments.new.clone()]).await?);
    let difference = on_a_thread(move || old.difference(&new).map_err(unusable)).await?;
    match session.output {
        Output::Json => session.printer.json(&difference)?,
        Output::Table => session.printer.data(&text(&difference))?,
    }
    Ok(ExitCode::Done)
}

fn text(difference: &Difference) -> String {
    let Difference { added, removed, changed } = difference;
    let parts = [("added", added), ("removed", removed), ("changed", changed)];
    let row =
        |word: &str, advisory: &ChangedAdvisory| vec![word.to_owned(), advisory.id.clone(), advisory.summary.clone()];
    let rows: Vec<Vec<String>> =
        parts.iter().flat_map(|(word, advisories)| advisories.iter().map(|advisory| row(word, advisory))).collect();
    let counts = format!("{} added, {} removed, {} changed\n", added.len(), removed.len(), changed.len());
    if rows.is_empty() { counts } else { format!("{}\n{counts}", table(&["", "advisory", "summary"], &rows)) }
}
