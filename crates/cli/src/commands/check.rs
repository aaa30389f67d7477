use crate::arguments::{Check, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::lint;
use crate::session::Session;
use crate::workshop::Planned;
use serde_json::json;

pub(crate) fn run(arguments: &Check, session: &Session) -> Result<ExitCode, CommandError> {
    let planned = Planned::read(session)?;
    let warnings = lint::check(session, &planned, arguments.lints.deny)?;
    let mirrored = planned.configuration.mirrors.len();
    if session.output == Output::Json {
        let names: Vec<&str> = planned.plan.images.iter().map(|image| image.name.as_str()).collect();
        let file = session.global.file.display().to_string();
        session.printer.json(&json!({ "file": file, "images": names, "mirrored": mirrored, "warnings": warnings }))?;
        return Ok(ExitCode::Done);
    }
    let images = planned.plan.images.len();
    let plural = if images == 1 { "image" } else { "images" };
    let mirrored = if mirrored == 0 { String::new() } else { format!(", {mirrored} to mirror") };
    session.printer.note(&format!("{} is right: {images} {plural}{mirrored}.", session.global.file.display()));
    Ok(ExitCode::Done)
}
