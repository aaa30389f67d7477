use super::db_status::counts_text;
use crate::advisories::unusable;
use crate::arguments::{DbBuild, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, on_a_thread};
use consign_report::{age_text, size};
use consign_scan::Built;
use serde_json::json;

pub(crate) async fn run(arguments: &DbBuild, session: &Session) -> Result<ExitCode, CommandError> {
    let (sources, to, published) = (arguments.sources.clone(), arguments.to.clone(), arguments.published);
    let work = move || {
        let built = Built::of(&sources, published).map_err(unusable)?;
        built.write(&to).map_err(|error| CommandError::of(ExitCode::Failed, &error))?;
        let bytes = built.bytes().len() as u64;
        let passed_over = built.passed_over();
        Ok::<_, CommandError>((built.open(jiff::Timestamp::now()).map_err(unusable)?, bytes, passed_over))
    };
    let (database, bytes, passed_over) = on_a_thread(work).await?;
    match session.output {
        Output::Json => session.printer.json(&json!({
            "digest": database.digest(),
            "records": database.records(),
            "packages": database.packages(),
            "bytes": bytes,
            "passedOver": passed_over,
        }))?,
        Output::Table => session.printer.data(&format!(
            "{}: {}, {}, {}, {}{}\n",
            arguments.to.display(),
            counts_text(&database),
            age_text(&database.newest().to_string()),
            size(bytes),
            database.digest(),
            passed_over_text(passed_over)
        ))?,
    }
    Ok(ExitCode::Done)
}

/// Says how many files were no feeds: somebody may have thought that they are.
fn passed_over_text(count: u64) -> String {
    match count {
        0 => String::new(),
        1 => "; 1 file was passed over".to_owned(),
        count => format!("; {count} files were passed over"),
    }
}
