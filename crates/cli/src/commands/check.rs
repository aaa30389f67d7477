use crate::arguments::Output;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use crate::workshop::Planned;
use serde_json::json;

pub(crate) fn run(session: &Session) -> Result<ExitCode, CommandError> {
    let planned = Planned::read(session)?;
    if session.output == Output::Json {
        let names: Vec<&str> = planned.plan.images.iter().map(|image| image.name.as_str()).collect();
        session.printer.json(&json!({ "file": session.global.file.display().to_string(), "images": names }))?;
        return Ok(ExitCode::Done);
    }
    let images = planned.plan.images.len();
    let plural = if images == 1 { "image" } else { "images" };
    session.printer.note(&format!("{} is right: {images} {plural}.", session.global.file.display()));
    Ok(ExitCode::Done)
}
