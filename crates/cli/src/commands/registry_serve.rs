use crate::arguments::Serve;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, interrupted};
use consign_registry_server::{Options, Server};
use consign_release::access_log;

pub(crate) async fn run(arguments: &Serve, session: &Session) -> Result<ExitCode, CommandError> {
    let log = access_log(&arguments.root)?;
    let printer = session.printer.clone();
    let options = Options {
        read_only: arguments.read_only,
        access_log: Some(Box::new(move |record| {
            printer.note(&record.to_string());
            log(record);
        })),
        ..Options::new(&arguments.root)
    };
    let server = Server::bind(arguments.listen, options).await?;
    session.printer.note(&format!("Serving {} on http://{}; Ctrl-C ends.", arguments.root.display(), server.address()));
    server.run(interrupted()).await?;
    Ok(ExitCode::Done)
}
