use crate::arguments::{Schema, SchemaOf};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_build::Specification;
use consign_plan::configuration;

pub(crate) fn run(arguments: &Schema, session: &Session) -> Result<ExitCode, CommandError> {
    session.printer.json(&match arguments.of {
        SchemaOf::Config => configuration::schema(),
        SchemaOf::Image => Specification::schema(),
    })?;
    Ok(ExitCode::Done)
}
