use crate::arguments::{Output, Reference};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;

pub(crate) async fn run(arguments: &Reference, session: &Session) -> Result<ExitCode, CommandError> {
    let (_, root) = session.open(&arguments.reference).await?;
    match session.output {
        Output::Json => session.printer.json(&root)?,
        Output::Table => session.printer.data(&root.digest.to_string())?,
    }
    Ok(ExitCode::Done)
}
