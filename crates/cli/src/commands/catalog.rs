use crate::arguments::{CatalogArguments, Output};
use crate::catalog;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use serde_json::json;
use std::collections::BTreeSet;

pub(crate) async fn run(arguments: &CatalogArguments, session: &Session) -> Result<ExitCode, CommandError> {
    let at = &arguments.at;
    let client = session.client_of(&BTreeSet::from([at.some_repository()])).await?;
    let repositories = catalog::list(&client, at).await?;
    match session.output {
        Output::Json => session.printer.json(&json!({ "repositories": repositories }))?,
        Output::Table => {
            let lines: String = repositories.iter().map(|repository| format!("{repository}\n")).collect();
            session.printer.data(&lines)?;
        }
    }
    Ok(ExitCode::Done)
}
