use crate::advisories::unusable;
use crate::arguments::{DbPublish, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, on_a_thread};
use consign_image::ImageReference;
use consign_release::publish_database;
use consign_scan::Database;
use serde_json::json;

pub(crate) async fn run(arguments: &DbPublish, session: &Session) -> Result<ExitCode, CommandError> {
    let DbPublish { database: path, reference } = arguments;
    if let ImageReference::Engine { .. } | ImageReference::DockerArchive { .. } = reference {
        let message = format!("{reference} is no place for a database, only for images");
        return Err(CommandError::new(ExitCode::Usage, message));
    }
    let opened = path.clone();
    let database = on_a_thread(move || Database::open(&opened, jiff::Timestamp::now()).map_err(unusable)).await?;
    let client = session.client(reference).await?;
    let sink = session.sink(reference, &client).await?;
    let manifest = publish_database(path, &database, &session.store().await?, &sink).await?;
    match session.output {
        Output::Json => session.printer.json(&json!({
            "reference": reference.to_string(),
            "manifest": manifest,
            "digest": database.digest(),
        }))?,
        Output::Table => session.printer.data(&format!("{reference}@{manifest}\n"))?,
    }
    Ok(ExitCode::Done)
}
