use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use crate::workshop::Planned;

pub(crate) fn run(session: &Session) -> Result<ExitCode, CommandError> {
    let planned = Planned::read(session)?;
    let images = planned.plan.images.len();
    let plural = if images == 1 { "image" } else { "images" };
    session.printer.note(&format!("{} is right: {images} {plural}.", session.global.file.display()));
    Ok(ExitCode::Done)
}
