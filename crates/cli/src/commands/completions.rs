use crate::arguments::{Arguments, Completions};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use clap::CommandFactory;

pub(crate) fn run(arguments: &Completions, session: &Session) -> Result<ExitCode, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "consign", &mut script);
    session.printer.bytes(&script)?;
    Ok(ExitCode::Done)
}
